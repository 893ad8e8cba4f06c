/* cmd_report.c - commands of reports */
#include "cli/cmd_report.h"

#include <string.h>
#include <unistd.h>

#include "cli/ground.h"
#include "cli/output.h"
#include "lib/clock.h"
#include "lib/str.h"
#include "storage/load/dump.h"

static json_t *names_of(const struct column *columns, size_t count)
{
	json_t *names = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(names, json_string(columns[i].name));
	return names;
}

int cmd_report_list(struct call *call)
{
	static const struct output_column columns[] = {
		{"REPORT", "report"}, {"PARAMETERS", "params"}, {"DESCRIPTION", "description"}};
	auto_json json_t *list = json_array();
	struct ground ground;
	const struct catalog *catalog;

	ground_init(&ground, call);
	catalog = ground_catalog(&ground);
	for (size_t i = 0; catalog && i < catalog->report_count; i++) {
		const struct report *report = catalog->reports[i];

		json_array_append_new(
			list, json_pack("{s:s, s:o, s:o, s:s, s:s}", "report", report->name,
		                        "params", names_of(report->params, report->param_count),
		                        "columns", names_of(report->columns, report->column_count),
		                        "description", report->description, "file", report->file));
	}
	if (catalog)
		output_list(call, list, columns, countof(columns));
	ground_release(&ground);
	return ground.exit_status;
}

/* `-p key=value` as an object of texts; the report reads them by its columns' types. */
static json_t *read_params(const struct call *call, struct err *err)
{
	json_t *params = json_object();
	size_t position = 0;
	const char *text;

	while ((text = call_next_option(call, "param", &position))) {
		const char *equals = strchr(text, '=');
		char name[64];

		if (!equals || equals == text || (size_t)(equals - text) >= sizeof(name)) {
			err_set(err, ERR_USAGE, "'%.64s' is not key=value", text);
			json_decref(params);
			return NULL;
		}
		str_copy(name, (size_t)(equals - text) + 1, text);
		json_object_set_new(params, name, json_string(equals + 1));
	}
	return params;
}

static int write_object(struct ground *ground, const struct dump_request *request, const char *to,
                        struct dump_result *result, struct err *err)
{
	struct object_ref ref;
	struct object_writer *writer;
	struct dump_output output;

	if (object_registry_resolve(ground->objects, ground_uri(ground->call, to),
	                            &ground->call->arena, &ref, err) < 0 ||
	    object_store_create(&ref, &writer, err) < 0)
		return -1;
	output = dump_to_object(writer);
	if (dump_run(ground->db, ground->catalog, request, &output, result, err) < 0) {
		object_store_abort(writer);
		return -1;
	}
	return object_store_commit(writer, NULL, err);
}

static int write_report(struct ground *ground, const struct dump_request *request, struct err *err)
{
	const char *to = call_option(ground->call, "to");
	int out = STDOUT_FILENO;
	struct dump_output output = dump_to_fd(&out);
	struct dump_result result;

	if (!to || str_equal(to, "-"))
		return dump_run(ground->db, ground->catalog, request, &output, &result, err);
	if (write_object(ground, request, to, &result, err) < 0)
		return -1;
	call_say(ground->call, "%lld rows, %lld bytes in %s", (long long)result.rows,
	         (long long)result.bytes, to);
	return 0;
}

int cmd_report_run(struct call *call)
{
	struct dump_request request = {.report = call_argument(call, 0), .now_us = clock_now_us()};
	auto_json json_t *params = NULL;
	struct ground ground;
	struct err err;
	int status = EXIT_OK;

	ground_init(&ground, call);
	params = read_params(call, &err);
	request.params = params;
	if (!params)
		status = call_fail(&err);
	else if (!ground_db(&ground) || !ground_objects(&ground))
		status = ground.exit_status;
	else if (write_report(&ground, &request, &err) < 0)
		status = call_fail(&err);
	ground_release(&ground);
	return status;
}
