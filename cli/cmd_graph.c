/* cmd_graph.c - `millrace dags graph` */
#include "cli/cmd_graph.h"

#include <stdio.h>

#include "cli/dag_files.h"
#include "cli/output.h"
#include "lib/str.h"
#include "scheduler/core/dag_graph.h"

static int draw_json(const struct dag *dag, struct buf *text, struct err *err)
{
	auto_json json_t *graph = dag_graph_json(dag, err);

	if (!graph)
		return -1;
	json_append(text, graph);
	buf_char(text, '\n');
	return 0;
}

static const struct {
	const char *name;
	int (*draw)(const struct dag *dag, struct buf *text, struct err *err);
} formats[] = {{"text", dag_graph_text}, {"svg", dag_graph_svg}, {"json", draw_json}};

int cmd_graph(struct call *call)
{
	const char *wanted = call_option(call, "format");
	auto_buf struct buf text = {0};
	struct dag *dag;
	size_t format = 0;
	int status;
	struct err err;

	if (!wanted)
		wanted = call->format == FORMAT_TABLE ? "text" : "json";
	while (format < countof(formats) && !str_equal(formats[format].name, wanted))
		format++;
	if (format == countof(formats))
		return call_usage("'%s' is none of text, svg, json", wanted);
	dag = dag_files_read(call, call_argument(call, 0), NULL, &status);
	if (!dag)
		return status;
	if (formats[format].draw(dag, &text, &err) < 0)
		status = call_fail(&err);
	else
		(void)fputs(buf_string(&text), stdout);
	dag_release(dag);
	return status;
}
