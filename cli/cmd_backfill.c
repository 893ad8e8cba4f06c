/* cmd_backfill.c - commands of backfills */
#include "cli/cmd_backfill.h"

#include <stdio.h>
#include <time.h>

#include "cli/client.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "lib/str.h"

enum { PAUSE_MS = 100 };

static const struct output_column list_columns[] = {
	{"BACKFILL", "backfill_id"},
	{"DAG", "dag"},
	{"STATE", "state"},
	{"FROM", "from"},
	{"TO", "to"},
	{"TOTAL", "counts.total"},
	{"LEFT", "counts.remaining"},
	{"FAILED", "counts.failed"},
	{"REASON", "reason"},
};

static const struct output_column show_columns[] = {
	{"backfill", "backfill_id"},
	{"dag", "dag"},
	{"state", "state"},
	{"reason", "reason"},
	{"from", "from"},
	{"to", "to"},
	{"order", "order"},
	{"max active", "max_active"},
	{"existing", "existing"},
	{"counts", "counts"},
};

static const struct output_column plan_columns[] = {
	{"LOGICAL DATE", "logical_date"},
	{"ACTION", "action"},
	{"RUN", "run_id"},
	{"STATE", "state"},
};

static const struct output_column run_columns[] = {
	{"LOGICAL DATE", "logical_date"},
	{"RUN", "run_id"},
	{"STATE", "state"},
};

static const char *path_of(struct call *call, const char *backfill_id)
{
	auto_buf struct buf path = {0};

	buf_text(&path, "/v1/backfills/");
	client_segment(&path, backfill_id);
	return arena_strdup(&call->arena, buf_string(&path));
}

static void print_backfill(const struct call *call, const json_t *backfill)
{
	const json_t *runs = json_object_get(backfill, "runs");

	output_object(call, backfill, show_columns, countof(show_columns));
	if (call->format != FORMAT_TABLE || !json_array_size(runs))
		return;
	(void)putchar('\n');
	if (str_equal(json_get_text(backfill, "state", ""), "planned"))
		output_list(call, runs, plan_columns, countof(plan_columns));
	else
		output_list(call, runs, run_columns, countof(run_columns));
}

/* --- following --- */

/* `3 success, 1 running, 8 remaining of 12` when it is another text than before. */
static void say_counts(const struct call *call, const json_t *backfill, struct buf *before)
{
	const json_t *counts = json_object_get(backfill, "counts");
	auto_buf struct buf text = {0};
	const char *name;
	json_t *count;

	json_object_foreach((json_t *)(uintptr_t)counts, name, count)
	{
		if (!str_equal(name, "total") && json_integer_value(count))
			buf_printf(&text, "%s%lld %s", text.size ? ", " : "",
			           (long long)json_integer_value(count), name);
	}
	buf_printf(&text, " of %lld", (long long)json_get_int(counts, "total", 0));
	if (before->size && str_equal(buf_string(before), buf_string(&text)))
		return;
	buf_clear(before);
	buf_text(before, buf_string(&text));
	call_say(call, "%s", buf_string(&text));
}

static int is_over(const json_t *backfill)
{
	const char *state = json_get_text(backfill, "state", "");

	return !str_equal(state, "running") && !str_equal(state, "paused");
}

/* Until it has ended or is paused, a new reference. Ctrl-C ends the watching, not the backfill. */
static json_t *follow(struct call *call, struct client *client, const char *backfill_id,
                      struct err *err)
{
	const char *path = path_of(call, backfill_id);
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
	auto_buf struct buf said = {0};
	json_t *backfill;

	interrupt_watch();
	while ((backfill = client_get(client, path, err))) {
		say_counts(call, backfill, &said);
		if (is_over(backfill) || str_equal(json_get_text(backfill, "state", ""), "paused"))
			return backfill;
		json_decref(backfill);
		if (interrupt_seen()) {
			err_set(err, ERR_CANCELLED, "interrupted; the backfill goes on");
			return NULL;
		}
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static int follow_and_print(struct call *call, struct client *client, const char *backfill_id)
{
	struct err err;
	auto_json json_t *backfill = follow(call, client, backfill_id, &err);

	if (!backfill)
		return call_fail(&err);
	print_backfill(call, backfill);
	return str_equal(json_get_text(backfill, "state", ""), "success") ? EXIT_OK : EXIT_BAD;
}

/* --- create --- */

static int is_plan(const struct call *call)
{
	return call_has(call, "plan") || call_has(call, "dry-run");
}

static json_t *request_body(const struct call *call, struct err *err)
{
	static const char *const members[] = {"from", "to", "order", "existing"};
	const char *max_active = call_option(call, "max-active");
	json_t *body = json_pack("{s:b}", "plan", is_plan(call));
	int64_t number;

	for (size_t i = 0; i < countof(members); i++) {
		const char *value = call_option(call, members[i]);

		if (value)
			json_object_set_new(body, members[i], json_string(value));
	}
	if (!max_active)
		return body;
	if (str_to_int(max_active, &number, err) == 0) {
		json_object_set_new(body, "max_active", json_integer(number));
		return body;
	}
	json_decref(body);
	return NULL;
}

static int create(struct call *call, struct client *client)
{
	const char *path = client_dag_path(&call->arena, call_argument(call, 0), "/backfills");
	auto_json json_t *body = NULL, *backfill = NULL;
	struct err err;

	body = request_body(call, &err);
	if (!body)
		return call_usage("--max-active: %s", err.text);
	backfill = client_call(client, "POST", path, body, &err);
	if (!backfill)
		return client_fail(client, &err);
	if (call_has(call, "follow") && !is_plan(call)) {
		call_say(call, "backfill %s", json_get_text(backfill, "backfill_id", ""));
		return follow_and_print(call, client, json_get_text(backfill, "backfill_id", ""));
	}
	print_backfill(call, backfill);
	return EXIT_OK;
}

int cmd_backfill_create(struct call *call)
{
	if (!call_option(call, "from") || !call_option(call, "to"))
		return call_usage("a backfill needs --from and --to");
	return client_with(call, create);
}

/* --- list, show --- */

static int list(struct call *call, struct client *client)
{
	const char *dag = call_argument(call, 0), *limit = call_option(call, "limit");
	auto_buf struct buf path = {0};
	auto_json json_t *backfills = NULL;
	struct err err;

	buf_text(&path, "/v1/");
	if (dag) {
		buf_text(&path, "dags/");
		client_segment(&path, dag);
		buf_char(&path, '/');
	}
	buf_text(&path, "backfills?limit=");
	client_segment(&path, limit ? limit : "50");
	backfills = client_get(client, buf_string(&path), &err);
	if (!backfills)
		return call_fail(&err);
	output_list(call, backfills, list_columns, countof(list_columns));
	return EXIT_OK;
}

int cmd_backfill_list(struct call *call)
{
	return client_with(call, list);
}

static int show(struct call *call, struct client *client)
{
	auto_json json_t *backfill = NULL;
	struct err err;

	if (call_has(call, "follow"))
		return follow_and_print(call, client, call_argument(call, 0));
	backfill = client_get(client, path_of(call, call_argument(call, 0)), &err);
	if (!backfill)
		return call_fail(&err);
	print_backfill(call, backfill);
	return EXIT_OK;
}

int cmd_backfill_show(struct call *call)
{
	return client_with(call, show);
}

/* --- pause, resume, cancel --- */

static int set_state(struct call *call, struct client *client, const char *state)
{
	auto_json json_t *body = json_pack("{s:s}", "state", state), *backfill = NULL;
	struct err err;

	backfill = client_call(client, "PATCH", path_of(call, call_argument(call, 0)), body, &err);
	if (!backfill)
		return call_fail(&err);
	print_backfill(call, backfill);
	return EXIT_OK;
}

static int pause_it(struct call *call, struct client *client)
{
	return set_state(call, client, "paused");
}

static int resume(struct call *call, struct client *client)
{
	return set_state(call, client, "running");
}

static int cancel(struct call *call, struct client *client)
{
	return set_state(call, client, "cancelled");
}

int cmd_backfill_pause(struct call *call)
{
	return client_with(call, pause_it);
}

int cmd_backfill_resume(struct call *call)
{
	return client_with(call, resume);
}

int cmd_backfill_cancel(struct call *call)
{
	return client_with(call, cancel);
}
