/* cmd_render.c - `millrace tasks render`: the parameters of a task, without running it */
#include "cli/cmd_render.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/dag_files.h"
#include "cli/output.h"
#include "cli/trigger.h"
#include "lib/str.h"
#include "lib/timestamp.h"
#include "scheduler/core/dag_params.h"
#include "scheduler/core/template.h"

/* What the expressions may name. */
struct scope {
	struct expr_scope expr;
	const struct call *call;
};

/* No task has run. */
static json_t *look_up_task(void *context, const char *name, struct err *err)
{
	(void)context;
	(void)name;
	(void)err;
	return json_pack("{s:s, s:{}}", "state", "none", "outputs");
}

/* It must be there, and is not shown. */
static json_t *look_up_secret(void *context, const char *name, struct err *err)
{
	const struct scope *scope = context;
	auto_buf struct buf value = {0};

	if (config_secret(scope->call->config, name, &value, err) < 0)
		return NULL;
	return json_string("***");
}

/* NULL after saying what is wrong. */
static json_t *read_params(const struct call *call, const struct dag *dag)
{
	auto_json json_t *schemas = dag_params_json(dag);
	auto_json json_t *given = trigger_read_params(call, schemas);
	json_t *params;
	struct err err;

	if (!given)
		return NULL;
	params = dag_params_complete(dag, given, NULL, &err);
	if (!params)
		(void)call_fail(&err);
	return params;
}

static json_t *make_run(const struct call *call, const struct dag *dag)
{
	const char *logical = call_option(call, "logical-date");
	char text[TIMESTAMP_SIZE];
	int64_t moment_us = 0;

	if (logical && timestamp_parse(logical, strlen(logical), &moment_us) < 0) {
		(void)call_usage("'%s' is not a date and time of ISO 8601", logical);
		return NULL;
	}
	if (logical)
		timestamp_format_short(moment_us, text);
	return json_pack("{s:s, s:s, s:s?, s:n, s:n, s:s, s:n}", "id", "render", "dag", dag->name,
	                 "logical_date", logical ? text : NULL, "interval_start", "interval_end",
	                 "type", "manual", "object");
}

/* The item of a mapped task that is asked for, by default the first. The list is the caller's. */
static int pick_item(struct scope *scope, const struct dag_task *task, json_t **items,
                     struct err *err)
{
	const char *text = call_option(scope->call, "map-index");
	int64_t index = 0;

	if (!task->map)
		return text ? err_set(err, ERR_USAGE, "the task '%s' has no map", task->name) : 0;
	if (text && str_to_int(text, &index, err) < 0)
		return -1;
	*items = template_render(task->map, &scope->expr, err);
	if (!*items)
		return err_prefix(err, "map");
	scope->expr.item = json_array_get(*items, (size_t)index);
	scope->expr.index = (int)index;
	if (!scope->expr.item)
		return err_set(err, ERR_NOT_FOUND, "the list of task '%s' has %zu items",
		               task->name, json_array_size(*items));
	return 0;
}

static void print(const struct call *call, const json_t *with)
{
	static const struct output_column columns[] = {{"PARAMETER", "name"}, {"VALUE", "value"}};
	auto_json json_t *rows = NULL;
	const char *name;
	json_t *value;

	if (call->format == FORMAT_JSON || call->format == FORMAT_JSONL) {
		output_object(call, with, NULL, 0);
		return;
	}
	rows = json_array();
	json_object_foreach((json_t *)(uintptr_t)with, name, value)
		json_array_append_new(rows, json_pack("{s:s, s:O}", "name", name, "value", value));
	output_list(call, rows, columns, countof(columns));
}

static int render(struct scope *scope, const struct dag_task *task)
{
	auto_json json_t *items = NULL;
	auto_json json_t *with = NULL;
	struct err err;

	if (pick_item(scope, task, &items, &err) < 0)
		return call_fail(&err);
	with = task->with ? template_render(task->with, &scope->expr, &err) : json_object();
	if (!with)
		return call_fail(&err);
	print(scope->call, with);
	return EXIT_OK;
}

static int render_task(const struct call *call, const struct dag *dag)
{
	const struct dag_task *task = dag_task(dag, call_argument(call, 1));
	auto_json json_t *params = NULL;
	auto_json json_t *run = NULL;
	struct scope scope = {.call = call};

	if (!task) {
		(void)fprintf(stderr, "millrace: the DAG '%s' has no task '%s'\n", dag->name,
		              call_argument(call, 1));
		return EXIT_NOT_FOUND;
	}
	params = read_params(call, dag);
	run = params ? make_run(call, dag) : NULL;
	if (!run)
		return EXIT_USAGE;
	scope.expr = (struct expr_scope){.params = params,
	                                 .run = run,
	                                 .vars = config_json(call->config, CONFIG_VARS),
	                                 .index = -1,
	                                 .task = look_up_task,
	                                 .secret = look_up_secret,
	                                 .context = &scope};
	return render(&scope, task);
}

int cmd_render(struct call *call)
{
	struct dag *dag;
	int status;

	dag = dag_files_read(call, call_argument(call, 0), NULL, &status);
	if (!dag)
		return status;
	status = render_task(call, dag);
	dag_release(dag);
	return status;
}
