/* cmd_graph.c - `millrace dags graph` */
#include "cli/cmd_graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "cli/dag_files.h"
#include "cli/output.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "scheduler/core/dag_graph.h"

static int draw_json(const struct dag *dag, const struct dag_graph_task *run, struct buf *text,
                     struct err *err)
{
	auto_json json_t *graph = dag_graph_json(dag, run, err);

	if (!graph)
		return -1;
	json_append(text, graph);
	buf_char(text, '\n');
	return 0;
}

static const struct {
	const char *name;
	int (*draw)(const struct dag *dag, const struct dag_graph_task *run, struct buf *text,
	            struct err *err);
} formats[] = {{"text", dag_graph_text}, {"svg", dag_graph_svg}, {"json", draw_json}};

/* Index of the format that is wanted; -1 after saying that there is none such. */
static int find_format(const struct call *call)
{
	const char *wanted = call_option(call, "format");

	if (!wanted)
		wanted = call->format == FORMAT_TABLE ? "text" : "json";
	for (size_t i = 0; i < countof(formats); i++) {
		if (str_equal(formats[i].name, wanted))
			return (int)i;
	}
	(void)call_usage("'%s' is none of text, svg, json", wanted);
	return -1;
}

static int draw(int format, const struct dag *dag, const struct dag_graph_task *run)
{
	auto_buf struct buf text = {0};
	struct err err;

	if (formats[format].draw(dag, run, &text, &err) < 0)
		return call_fail(&err);
	(void)fputs(buf_string(&text), stdout);
	return EXIT_OK;
}

/* --- of a run --- */

static struct dag_graph_task *count_tasks(const struct dag *dag, const json_t *tasks)
{
	struct dag_graph_task *counts = mem_array(dag->task_count + 1, sizeof(*counts));
	size_t i;
	json_t *item = NULL;

	json_array_foreach(tasks, i, item)
	{
		const struct dag_task *task = dag_task(dag, json_get_text(item, "task", ""));
		int state = state_task_from_name(json_get_text(item, "state", ""));

		if (task && state >= 0)
			counts[task->index].count[state]++;
	}
	return counts;
}

/* The version that the run has, out of the server's memory. */
static struct dag *read_version(struct call *call, struct client *client, const char *dag,
                                const json_t *run, struct err *err)
{
	auto_buf struct buf rest = {0};
	auto_json json_t *version = NULL;
	struct yaml_errors errors;
	struct dag *read;
	const char *text;

	buf_text(&rest, "/versions/");
	client_segment(&rest, json_get_text(run, "dag_version", ""));
	version = client_get(client, client_dag_path(&call->arena, dag, buf_string(&rest)), err);
	if (!version)
		return NULL;
	text = json_get_text(version, "text", "");
	yaml_errors_init(&errors);
	read = dag_parse(arena_printf(&call->arena, "%s.yaml", dag), text, strlen(text), &errors);
	if (!read)
		err_set(err, ERR_DAMAGED, "the version of the run cannot be read");
	yaml_errors_release(&errors);
	return read;
}

static int draw_run(struct call *call, struct client *client)
{
	int format = find_format(call);
	const char *name = call_argument(call, 0), *run_id = call_option(call, "run");
	const char *slash = strchr(run_id, '/');
	struct dag_graph_task *counts;
	auto_json json_t *run = NULL;
	struct dag *dag;
	struct err err;
	int status;

	run = client_get(
		client,
		client_run_path(&call->arena, name, slash ? slash + 1 : run_id, "?tasks=true"),
		&err);
	dag = run ? read_version(call, client, name, run, &err) : NULL;
	if (!dag)
		return call_fail(&err);
	counts = count_tasks(dag, json_object_get(run, "tasks"));
	status = draw(format, dag, counts);
	free(counts);
	dag_release(dag);
	return status;
}

int cmd_graph(struct call *call)
{
	int format = find_format(call), status;
	struct dag *dag;

	if (format < 0)
		return EXIT_USAGE;
	if (call_has(call, "run"))
		return client_with(call, draw_run);
	dag = dag_files_read(call, call_argument(call, 0), NULL, &status);
	if (!dag)
		return status;
	status = draw(format, dag, NULL);
	dag_release(dag);
	return status;
}
