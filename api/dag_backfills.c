/* dag_backfills.c - handlers of backfills */
#include "api/dag_backfills.h"

#include <string.h>

#include "api/body.h"
#include "api/dags.h"
#include "api/respond.h"
#include "lib/json_writer.h"
#include "lib/limits.h"
#include "lib/str.h"
#include "lib/timestamp.h"
#include "storage/repo/backfill_repo.h"
#include "storage/repo/run_json.h"

/* --- showing --- */

static int write_counts(struct request *request, struct db *db, const struct backfill_repo_row *row,
                        struct json_writer *w, struct err *err)
{
	const char *states = backfill_repo_counts(db, row->id, &request->arena, err);
	const char *counts;

	if (!states)
		return -1;
	counts = arena_printf(
		&request->arena, "{\"total\":%lld,\"remaining\":%lld,\"skipped\":%lld%s}",
		(long long)row->total, (long long)(row->total - row->made - row->skipped),
		(long long)row->skipped, states);
	json_writer_key(w, "counts");
	json_writer_raw(w, counts, strlen(counts));
	return 0;
}

/* The object stays open. */
static int write_backfill(struct request *request, struct db *db,
                          const struct backfill_repo_row *row, struct json_writer *w,
                          struct err *err)
{
	const struct {
		const char *key, *value;
	} texts[] = {{"backfill_id", row->backfill_id},
	             {"dag", row->dag},
	             {"state", row->state},
	             {"reason", row->reason},
	             {"order", row->order},
	             {"existing", row->existing},
	             {"by", row->by}};
	char moment[TIMESTAMP_SIZE];

	json_writer_object(w);
	for (size_t i = 0; i < countof(texts); i++) {
		json_writer_key(w, texts[i].key);
		json_writer_text(w, texts[i].value);
	}
	/* the epoch is a date like any other here */
	timestamp_format_short(row->from_us, moment);
	json_writer_key(w, "from");
	json_writer_text(w, moment);
	timestamp_format_short(row->to_us, moment);
	json_writer_key(w, "to");
	json_writer_text(w, moment);
	json_writer_key(w, "max_active");
	json_writer_int(w, row->max_active);
	run_json_time(w, "created_at", row->created_at_us);
	run_json_time(w, "ended_at", row->ended_at_us);
	return write_counts(request, db, row, w, err);
}

static int write_runs(struct request *request, struct db *db, int64_t backfill,
                      struct json_writer *w, struct err *err)
{
	struct backfill_repo_runs runs = {0};

	if (backfill_repo_runs(db, backfill, &request->arena, &runs, err) < 0)
		return -1;
	json_writer_key(w, "runs");
	json_writer_array(w);
	for (size_t i = 0; i < runs.count; i++) {
		char moment[TIMESTAMP_SIZE];

		timestamp_format_short(runs.items[i].logical_us, moment);
		json_writer_object(w);
		json_writer_key(w, "logical_date");
		json_writer_text(w, moment);
		json_writer_key(w, "run_id");
		json_writer_text(w, runs.items[i].run_id);
		json_writer_key(w, "state");
		json_writer_text(w, runs.items[i].state);
		json_writer_object_end(w);
	}
	json_writer_array_end(w);
	return 0;
}

/* The one that request->work_data names, of one moment. */
static int show_snapshot(struct request *request, struct db *db, struct err *err)
{
	const char *backfill_id = request->work_data;
	struct backfill_repo_row row;
	struct json_writer w;
	int found = backfill_repo_get(db, backfill_id, &request->arena, &row, err);

	if (found == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no backfill '%.128s'", backfill_id);
	json_writer_init(&w, &request->reply);
	if (found < 0 || write_backfill(request, db, &row, &w, err) < 0 ||
	    write_runs(request, db, row.id, &w, err) < 0)
		return -1;
	json_writer_object_end(&w);
	return 0;
}

static int show_work(struct request *request, struct db *db, struct err *err)
{
	int result;

	buf_clear(&request->reply);
	if (db_begin(db, DB_READ, err) < 0)
		return -1;
	result = show_snapshot(request, db, err);
	db_rollback(db);
	return result;
}

/* GET /v1/backfills/{backfill} */
void dag_backfills_show(struct request *request)
{
	request->work_data = arena_strdup(&request->arena, request->values[0]);
	request_read(request, REQUEST_METADATA, show_work, respond_done);
}

/* GET /v1/backfills, GET /v1/dags/{dag}/backfills */

struct list {
	const char *dag; /* NULL: of all */
	int64_t limit;
};

static int list_work(struct request *request, struct db *db, struct err *err)
{
	const struct list *list = request->work_data;
	struct backfill_repo_rows rows = {0};
	struct json_writer w;

	buf_clear(&request->reply);
	json_writer_init(&w, &request->reply);
	if (dags_check(request, db, err) < 0 ||
	    backfill_repo_list(db, list->dag, (size_t)list->limit, &request->arena, &rows, err) < 0)
		return -1;
	json_writer_array(&w);
	for (size_t i = 0; i < rows.count; i++) {
		if (write_backfill(request, db, &rows.items[i], &w, err) < 0)
			return -1;
		json_writer_object_end(&w);
	}
	json_writer_array_end(&w);
	return 0;
}

void dag_backfills_list(struct request *request)
{
	static const int64_t range[] = {1, LIMIT_PAGE_ROWS};
	struct list *list = arena_alloc(&request->arena, sizeof(*list));

	list->dag = request->values[0] ? request->values[0] : request_parameter(request, "dag");
	list->limit = 100;
	request->work_data = list;
	if (request_integer(request, "limit", range, &list->limit) == 0)
		request_read(request, REQUEST_METADATA, list_work, respond_done);
}

/* --- POST /v1/dags/{dag}/backfills --- */

struct wanted {
	struct command_backfill backfill;
	int has_from, has_to;
};

static void take_moment(const json_t *value, const char *pointer, int64_t *moment_us,
                        struct body_faults *faults)
{
	if (!json_is_string(value) ||
	    timestamp_parse(json_string_value(value), json_string_length(value), moment_us) < 0)
		body_fault(faults, pointer, "must be a date and time of ISO 8601");
}

static void take_from(struct request *request, const json_t *value, void *target,
                      struct body_faults *faults)
{
	struct wanted *wanted = target;

	(void)request;
	wanted->has_from = 1;
	take_moment(value, "/from", &wanted->backfill.from_us, faults);
}

static void take_to(struct request *request, const json_t *value, void *target,
                    struct body_faults *faults)
{
	struct wanted *wanted = target;

	(void)request;
	wanted->has_to = 1;
	take_moment(value, "/to", &wanted->backfill.to_us, faults);
}

static void take_order(struct request *request, const json_t *value, void *target,
                       struct body_faults *faults)
{
	static const char *const names[] = {"asc", "desc", NULL};
	struct wanted *wanted = target;

	(void)request;
	wanted->backfill.order = body_choice(value, names, "/order", "must be asc or desc", faults);
}

static void take_existing(struct request *request, const json_t *value, void *target,
                          struct body_faults *faults)
{
	static const char *const names[] = {"skip", "failed", "all", NULL};
	struct wanted *wanted = target;

	(void)request;
	wanted->backfill.existing =
		body_choice(value, names, "/existing", "must be skip, failed or all", faults);
}

static void take_max_active(struct request *request, const json_t *value, void *target,
                            struct body_faults *faults)
{
	struct wanted *wanted = target;

	if (json_is_integer(value) && json_integer_value(value) >= 1 &&
	    json_integer_value(value) <= LIMIT_BACKFILL_ACTIVE)
		wanted->backfill.max_active = (int32_t)json_integer_value(value);
	else
		body_fault(faults, "/max_active",
		           arena_printf(&request->arena, "must be a whole number from 1 to %d",
		                        LIMIT_BACKFILL_ACTIVE));
}

static void take_plan(struct request *request, const json_t *value, void *target,
                      struct body_faults *faults)
{
	struct wanted *wanted = target;

	(void)request;
	wanted->backfill.is_plan = json_is_true(value);
	if (!json_is_boolean(value))
		body_fault(faults, "/plan", "must be true or false");
}

static void on_created(struct request *request, struct command *command)
{
	if (command->err.code != ERR_NONE) {
		respond_error(request, &command->err);
	} else if (command->answer) {
		json_append(&request->reply, command->answer);
		respond_reply(request, RESPOND_OK);
	} else {
		request->work_data = arena_strdup(&request->arena, command->made_run_id);
		request_reply_field(
			request, "location",
			arena_printf(&request->arena, "/v1/backfills/%s", command->made_run_id));
		request_read(request, REQUEST_METADATA, show_work, respond_created);
	}
}

void dag_backfills_create(struct request *request)
{
	static const struct body_member members[] = {
		{"from", take_from},         {"to", take_to},
		{"order", take_order},       {"max_active", take_max_active},
		{"existing", take_existing}, {"plan", take_plan},
	};
	struct wanted *wanted = arena_alloc(&request->arena, sizeof(*wanted));
	struct command command = {.kind = COMMAND_BACKFILL, .by = "api", .dag = request->values[0]};

	wanted->backfill.order = "asc";
	wanted->backfill.existing = "skip";
	wanted->backfill.max_active = 1;
	command.backfill = &wanted->backfill;
	if (body_take(request, members, countof(members), wanted) < 0)
		return;
	if (wanted->has_from && wanted->has_to)
		request_command(request, &command, on_created);
	else
		respond_problem(request, PROBLEM_VALIDATION, "a backfill needs 'from' and 'to'");
}

/* --- PATCH /v1/backfills/{backfill} --- */

static void take_state(struct request *request, const json_t *value, void *target,
                       struct body_faults *faults)
{
	static const char *const names[] = {"running", "paused", "cancelled", NULL};
	struct command_backfill *backfill = target;

	(void)request;
	backfill->state =
		body_choice(value, names, "/state", "must be running, paused or cancelled", faults);
}

static void on_updated(struct request *request, struct command *command)
{
	if (command->err.code == ERR_NONE)
		dag_backfills_show(request);
	else
		respond_error(request, &command->err);
}

void dag_backfills_update(struct request *request)
{
	static const struct body_member members[] = {{"state", take_state}};
	struct command_backfill *backfill = arena_alloc(&request->arena, sizeof(*backfill));
	struct command command = {.kind = COMMAND_BACKFILL_SET, .by = "api", .backfill = backfill};

	backfill->backfill_id = request->values[0];
	if (body_take(request, members, countof(members), backfill) < 0)
		return;
	if (backfill->state)
		request_command(request, &command, on_updated);
	else
		respond_problem(request, PROBLEM_VALIDATION, "there is no state to set");
}
