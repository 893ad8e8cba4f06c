/* cmd_dags.c - commands of DAGs */
#include "cli/cmd_dags.h"

#include <stdint.h>
#include <stdio.h>

#include "cli/client.h"
#include "cli/dag_files.h"
#include "cli/follow.h"
#include "cli/output.h"
#include "cli/trigger.h"

static const struct output_column list_columns[] = {
	{"DAG", "dag"},
	{"SCHEDULE", "schedule"},
	{"PAUSED", "is_paused"},
	{"NEXT FIRE", "next_fire"},
	{"LAST RUN", "last_run.state"},
	{"ENDED", "last_run.ended_at"},
	{"DESCRIPTION", "description"},
};

static const struct output_column show_columns[] = {
	{"dag", "dag"},
	{"description", "description"},
	{"tags", "tags"},
	{"file", "file"},
	{"version", "dag_version"},
	{"schedule", "schedule"},
	{"timezone", "timezone"},
	{"paused", "is_paused"},
	{"next fire", "next_fire"},
	{"last run", "last_run.run_id"},
	{"last state", "last_run.state"},
};

static const struct output_column task_columns[] = {
	{"TASK", "task"},
	{"OPERATOR", "operator"},
	{"NEEDS", "needs"},
	{"TRIGGER RULE", "trigger_rule"},
};

static const struct output_column param_columns[] = {
	{"PARAMETER", "name"},
	{"TYPE", "type"},
	{"DEFAULT", "default"},
	{"DESCRIPTION", "description"},
};

static const struct output_column run_columns[] = {
	{"run", "run_id"},
	{"dag", "dag"},
	{"state", "state"},
	{"queued", "queued_at"},
};

static void say_faults(const json_t *dag)
{
	size_t i;
	json_t *fault = NULL;

	json_array_foreach(json_object_get(dag, "errors"), i, fault)(void)
		fprintf(stderr, "%s:%d:%d: %s\n", json_get_text(fault, "file", ""),
	                (int)json_get_int(fault, "line", 0), (int)json_get_int(fault, "column", 0),
	                json_get_text(fault, "text", ""));
}

static int list(struct call *call, struct client *client)
{
	struct err err;
	auto_json json_t *dags = client_get(client, "/v1/dags", &err);
	size_t i;
	json_t *dag = NULL;

	if (!dags)
		return call_fail(&err);
	output_list(call, dags, list_columns, countof(list_columns));
	json_array_foreach(dags, i, dag) say_faults(dag);
	return EXIT_OK;
}

int cmd_dags_list(struct call *call)
{
	return client_with(call, list);
}

static json_t *get_dag(struct call *call, struct client *client, struct err *err)
{
	return client_get(client, client_dag_path(&call->arena, call_argument(call, 0), ""), err);
}

/* Parameters as rows: the name beside the words of its schema. */
static json_t *param_rows(const json_t *params)
{
	json_t *rows = json_array();
	const char *name;
	json_t *schema;

	json_object_foreach((json_t *)(uintptr_t)params, name, schema)
	{
		json_t *row = json_copy(schema);

		json_object_set_new(row, "name", json_string(name));
		json_array_append_new(rows, row);
	}
	return rows;
}

static void print_dag(const struct call *call, const json_t *dag)
{
	auto_json json_t *params = param_rows(json_object_get(dag, "params"));

	output_object(call, dag, show_columns, countof(show_columns));
	if (call->format != FORMAT_TABLE)
		return;
	if (json_array_size(params)) {
		(void)putchar('\n');
		output_list(call, params, param_columns, countof(param_columns));
	}
	(void)putchar('\n');
	output_list(call, json_object_get(dag, "tasks"), task_columns, countof(task_columns));
	say_faults(dag);
}

static int show(struct call *call, struct client *client)
{
	struct err err;
	auto_json json_t *dag = get_dag(call, client, &err);

	if (!dag)
		return call_fail(&err);
	print_dag(call, dag);
	return EXIT_OK;
}

int cmd_dags_show(struct call *call)
{
	return client_with(call, show);
}

int cmd_dags_validate(struct call *call)
{
	struct yaml_errors errors;
	auto_json json_t *list = NULL;
	size_t files;
	int status;

	yaml_errors_init(&errors);
	status = dag_files_validate(call, &errors, &files);
	if (status == EXIT_OK && call->format == FORMAT_TABLE) {
		output_errors(stdout, &errors);
		call_say(call, "%zu file%s, %zu error%s", files, files == 1 ? "" : "s",
		         errors.count, errors.count == 1 ? "" : "s");
	} else if (status == EXIT_OK) {
		list = yaml_errors_json(&errors);
		output_list(call, list, output_fault_columns, OUTPUT_FAULT_COLUMNS);
	}
	if (status == EXIT_OK && errors.count)
		status = EXIT_BAD;
	yaml_errors_release(&errors);
	return status;
}

/* trigger */

/* Follows or waits for the run that was made, as asked. */
static int after_trigger(struct call *call, struct client *client, const json_t *run)
{
	const char *path = client_run_path(&call->arena, json_get_text(run, "dag", ""),
	                                   json_get_text(run, "run_id", ""), "");
	auto_json json_t *ended = NULL;
	int status;

	if (!call_has(call, "follow") && !call_has(call, "wait")) {
		output_object(call, run, run_columns, countof(run_columns));
		return EXIT_OK;
	}
	if (call_has(call, "follow"))
		call_say(call, "run %s/%s", json_get_text(run, "dag", ""),
		         json_get_text(run, "run_id", ""));
	ended = follow_as_asked(call, client, path, &status);
	return ended ? follow_print(call, ended) : status;
}

static int trigger(struct call *call, struct client *client)
{
	struct err err;
	auto_json json_t *dag = get_dag(call, client, &err);
	auto_json json_t *run = NULL;
	int status;

	if (!dag)
		return call_fail(&err);
	run = trigger_run(call, client, call_argument(call, 0), json_object_get(dag, "params"),
	                  &status);
	return run ? after_trigger(call, client, run) : status;
}

int cmd_dags_trigger(struct call *call)
{
	int64_t timeout_ms;

	/* before anything is started */
	if (follow_timeout(call, &timeout_ms) < 0)
		return EXIT_USAGE;
	return client_with(call, trigger);
}
