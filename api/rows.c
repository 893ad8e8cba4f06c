/* rows.c - the tables of the catalog: handlers of /v1/{table} */
#include "api/rows.h"

#include <inttypes.h>
#include <string.h>

#include "api/page.h"
#include "api/request.h"
#include "api/respond.h"
#include "api/row_json.h"
#include "lib/clock.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "storage/repo/table_repo.h"

/* What travels with a request through its work. */
struct row_work {
	json_t *body; /* the values point into it */
	struct value *values;
	int64_t id; /* of the row asked for, or stored */
	int64_t now_us;
	struct page page;
	struct table_reject reject;
};

static struct table_access access_to(struct request *request, struct db *db)
{
	struct row_work *work = request->work_data;

	return (struct table_access){
		.repo = session_tables(request->session->shared, db_dialect(db)),
		.table = request->table,
		.db = db,
		.arena = &request->arena,
		.now_us = work->now_us,
		.reject = &work->reject,
	};
}

static struct row_work *begin_work(struct request *request)
{
	struct row_work *work = arena_alloc(&request->arena, sizeof(*work));

	work->now_us = clock_now_us();
	request->work_data = work;
	return work;
}

static void write_row(struct request *request, const struct table_row *row)
{
	struct json_writer w;

	json_writer_init(&w, &request->reply);
	row_json_write(row, &w);
}

/* An error of the repository, with the column it is about where that is known. */
static void respond_row_error(struct request *request, const struct err *err)
{
	const struct row_work *work = request->work_data;
	const struct column *column = work->reject.column;
	struct respond_fault fault;

	if (!column || (err->code != ERR_DUPLICATE && err->code != ERR_FOREIGN_KEY)) {
		respond_error(request, err);
		return;
	}
	fault.pointer = arena_printf(&request->arena, "/%s", column->name);
	fault.column = column->name;
	fault.code = flaw_name(work->reject.flaw.code);
	fault.detail = work->reject.flaw.detail;
	respond_faults(request, problem_of_err(err->code), err->text, &fault, 1);
}

/* POST /v1/{table} */

static int create_work(struct request *request, struct db *db, struct err *err)
{
	struct row_work *work = request->work_data;
	struct table_access access = access_to(request, db);
	struct table_row row;

	work->reject = (struct table_reject){0};
	if (table_repo_create(&access, work->values, TABLE_REPO_EXPAND, &row, err) < 0)
		return -1;
	work->id = row.values[TABLE_ID].as.integer;
	write_row(request, &row);
	return 0;
}

static void create_respond(struct request *request, const struct err *err)
{
	const struct row_work *work = request->work_data;

	if (err) {
		respond_row_error(request, err);
		return;
	}
	request_reply_field(
		request, "location",
		arena_printf(&request->arena, "/v1/%s/%" PRId64, request->table->name, work->id));
	respond_reply(request, RESPOND_CREATED);
}

static void drop_body(struct request *request)
{
	struct row_work *work = request->work_data;

	json_decref(work->body);
}

void rows_create(struct request *request)
{
	struct row_json_faults faults = {0};
	json_t *body = request_body_object(request);
	struct row_work *work;

	if (!body)
		return;
	work = begin_work(request);
	work->body = body;
	request->cleanup = drop_body;
	work->values =
		arena_array(&request->arena, request->table->column_count, sizeof(*work->values));
	if (row_json_read(request->table, body, work->now_us, &request->arena, work->values,
	                  &faults) == 0)
		request_write(request, create_work, create_respond);
	else
		respond_faults(request, PROBLEM_VALIDATION, "the row is not valid", faults.items,
		               faults.count);
	vec_release(&faults);
}

/* GET /v1/{table}/{id} */

static int show_work(struct request *request, struct db *db, struct err *err)
{
	const struct row_work *work = request->work_data;
	struct table_access access = access_to(request, db);
	struct table_row row;

	buf_clear(&request->reply);
	if (table_repo_get(&access, work->id, TABLE_REPO_EXPAND, &row, err) < 0)
		return -1;
	write_row(request, &row);
	return 0;
}

static void show_respond(struct request *request, const struct err *err)
{
	if (err)
		respond_row_error(request, err);
	else
		respond_reply(request, RESPOND_OK);
}

void rows_show(struct request *request)
{
	struct row_work *work = begin_work(request);
	struct err err;

	if (str_to_int(request->values[1], &work->id, &err) < 0 || work->id < 1 ||
	    work->id > VALUE_ID_MAX)
		respond_problem(request, PROBLEM_NOT_FOUND, "'%s' has no row '%s'",
		                request->table->name, request->values[1]);
	else
		request_read(request, REQUEST_DATA, show_work, show_respond);
}

/* GET /v1/{table} */

struct listing {
	struct request *request;
	struct json_writer writer;
	int64_t count;
	int64_t last_id;
	int more; /* there is a row behind the page */
};

static int list_row(void *context, const struct table_row *row, struct err *err)
{
	struct listing *listing = context;
	const struct row_work *work = listing->request->work_data;

	(void)err;
	if (listing->count == work->page.limit) {
		listing->more = 1;
		return 0;
	}
	row_json_write(row, &listing->writer);
	listing->last_id = row->values[TABLE_ID].as.integer;
	listing->count++;
	return 0;
}

static int list_work(struct request *request, struct db *db, struct err *err)
{
	struct row_work *work = request->work_data;
	struct table_access access = access_to(request, db);
	struct listing listing = {.request = request};
	/* one more, to know whether there is a next page */
	const struct table_list list = {.limit = work->page.limit + 1,
	                                .offset = work->page.offset,
	                                .after_id = work->page.after};

	buf_clear(&request->reply);
	json_writer_init(&listing.writer, &request->reply);
	json_writer_array(&listing.writer);
	if (table_repo_list(&access, &list, list_row, &listing, err) < 0)
		return -1;
	json_writer_array_end(&listing.writer);
	work->page.count = listing.count;
	work->page.next = listing.more ? listing.last_id : 0;
	return 0;
}

static void list_respond(struct request *request, const struct err *err)
{
	const struct row_work *work = request->work_data;

	if (err) {
		respond_row_error(request, err);
		return;
	}
	page_reply_fields(request, &work->page);
	respond_reply(request, RESPOND_OK);
}

void rows_list(struct request *request)
{
	struct row_work *work = begin_work(request);

	if (page_parse(request, &work->page) == 0)
		request_read(request, REQUEST_DATA, list_work, list_respond);
}
