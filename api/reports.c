/* reports.c - the reports of the catalog: handler of /v1/report/{report} */
#include "api/reports.h"

#include <string.h>

#include "api/request.h"
#include "api/respond.h"
#include "api/slow.h"
#include "lib/clock.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "storage/catalog/value_parse.h"
#include "storage/repo/report_repo.h"

struct report_work {
	const struct report *report;
	struct value *params;
};

struct faults {
	struct respond_fault *items;
	size_t count, capacity;
};

static const struct column *param_of(const struct report *report, const char *name)
{
	for (size_t i = 0; i < report->param_count; i++)
		if (str_equal(report->params[i].name, name))
			return &report->params[i];
	return NULL;
}

/* 0, or -1 after it has answered. */
static int check_names(struct request *request, const struct report *report)
{
	for (size_t i = 0; i < request->parameter_count; i++) {
		const char *name = request->parameters[i].name;

		if (param_of(report, name))
			continue;
		respond_problem(request, PROBLEM_UNKNOWN_PARAMETER, "unknown parameter '%s'", name);
		return -1;
	}
	return 0;
}

static int parse_param(struct request *request, const struct column *param, struct value *value,
                       struct flaw *flaw)
{
	const char *text = request_parameter(request, param->name);

	if (!text)
		return value_parse_missing(param, clock_now_us(), value, flaw);
	flaw->code = value_check_text(text, strlen(text));
	if (flaw->code != FLAW_NONE)
		return flaw_set(flaw, flaw->code, "is not text");
	return value_parse(param, text, strlen(text), &request->arena, value, flaw);
}

static int parse_params(struct request *request, struct report_work *work)
{
	const struct report *report = work->report;
	struct faults faults = {0};
	int failed;

	if (check_names(request, report) < 0)
		return -1;
	work->params = arena_array(&request->arena, report->param_count + 1, sizeof(*work->params));
	for (size_t i = 0; i < report->param_count; i++) {
		struct flaw flaw;
		struct respond_fault *fault;

		if (parse_param(request, &report->params[i], &work->params[i], &flaw) == 0)
			continue;
		fault = vec_push(&faults);
		fault->column = report->params[i].name;
		fault->code = flaw_name(flaw.code);
		fault->detail = arena_strdup(&request->arena, flaw.detail);
	}
	failed = faults.count > 0;
	if (failed)
		respond_faults(request, PROBLEM_VALIDATION, "the parameters are not valid",
		               faults.items, faults.count);
	vec_release(&faults);
	return failed ? -1 : 0;
}

/* `NAME_VALUE.csv`, for each parameter its value */
static void name_file(struct request *request, const struct report_work *work)
{
	auto_buf struct buf field = {0};

	buf_printf(&field, "attachment; filename=\"%s", work->report->name);
	for (size_t i = 0; i < work->report->param_count; i++) {
		auto_buf struct buf text = {0};

		value_append_text(&work->report->params[i], &work->params[i], &text);
		buf_char(&field, '_');
		for (const char *at = buf_string(&text); *at; at++)
			buf_char(&field,
			         *at > 0x20 && *at < 0x7f && !strchr("\"\\/;", *at) ? *at : '-');
	}
	buf_text(&field, ".csv\"");
	request_reply_field(request, "content-disposition",
	                    arena_strdup(&request->arena, buf_string(&field)));
}

struct csv {
	struct request *request;
	const struct report *report;
	struct buf buf;
};

enum { CSV_PIECE = 16 * 1024 };

static int csv_row(void *context, const struct value *values, struct err *err)
{
	struct csv *csv = context;

	for (size_t i = 0; i < csv->report->column_count; i++) {
		if (i)
			buf_char(&csv->buf, ',');
		value_append_csv(&csv->report->columns[i], &values[i], &csv->buf);
	}
	buf_text(&csv->buf, "\r\n");
	return csv->buf.size < CSV_PIECE ? 0 : slow_write(csv->request, &csv->buf, err);
}

static void csv_header(struct csv *csv)
{
	for (size_t i = 0; i < csv->report->column_count; i++) {
		const struct column *column = &csv->report->columns[i];
		struct value name = value_text(column->name, strlen(column->name));
		const struct column text = {.name = column->name, .type = COLUMN_TEXT};

		if (i)
			buf_char(&csv->buf, ',');
		value_append_csv(&text, &name, &csv->buf);
	}
	buf_text(&csv->buf, "\r\n");
}

static int report_work(struct request *request, struct db *db, struct err *err)
{
	const struct report_work *work = request->work_data;
	struct csv csv = {.request = request, .report = work->report};
	int failed;

	csv_header(&csv);
	failed = report_repo_run(db, work->report, work->params, csv_row, &csv, err) < 0 ||
	         slow_write(request, &csv.buf, err) < 0;
	buf_release(&csv.buf);
	return failed ? -1 : 0;
}

void reports_show(struct request *request)
{
	struct report_work *work = arena_alloc(&request->arena, sizeof(*work));

	work->report =
		catalog_report(request->session->shared->options->catalog, request->values[0]);
	request->work_data = work;
	if (!work->report) {
		respond_problem(request, PROBLEM_NOT_FOUND, "there is no report '%s'",
		                request->values[0]);
		return;
	}
	if (parse_params(request, work) < 0)
		return;
	name_file(request, work);
	slow_stream(request, REQUEST_DATA, report_work);
}
