/* dag_fuzz.c - DAG files and expressions that were bent at random */
#include <stdlib.h>
#include <string.h>

#include "lib/compiler.h"
#include "scheduler/core/dag.h"
#include "scheduler/core/dag_graph.h"
#include "scheduler/core/dag_params.h"
#include "scheduler/core/expr.h"
#include "scheduler/core/expr_eval.h"
#include "scheduler/core/template.h"
#include "tests/count.h"
#include "tests/fuzz/mutate.h"

static const char file_text[] =
	"dag: x\n"
	"schedule: {after: \"y and (z or w)\"}\n"
	"end_date: 2030-01-01T00:00:00+02:00\n"
	"params:\n"
	"  n: {type: [integer, \"null\"], default: 3, minimum: 1}\n"
	"  list: {type: array, items: {type: string, pattern: \"^a\"}, default: [ab]}\n"
	"defaults: {retries: 2, timeout: 5m}\n"
	"tasks:\n"
	"  a: {use: csv.load, with: {from: \"x/${{ params.n }}/${{ run.id }}\"}}\n"
	"  b:\n"
	"    use: flow.noop\n"
	"    needs: [a]\n"
	"    when: tasks.a.outputs.rows > 1 and 'x' in params.list\n"
	"    with: {text: |\n"
	"      ${{ to_json(tasks.a.outputs) }}}\n";

static const char *const expressions[] = {
	"replace(params.text, '.', \"--\") == 'a' or not (1.5e3 <= -2 and true)",
	"default(tasks['a'].outputs.rows[0], [1, null, 'x'])",
	"date(run.logical_date, '%Y-%m-%d') in split(join(params.list, ','), ',')",
	"from_json(to_json({})) != secrets.x and length(item) not in [index]",
};

static json_t *nothing(void *context, const char *name, struct err *err)
{
	(void)context;
	(void)err;
	return json_pack("{s:s, s:{}}", "state", name, "outputs");
}

/* Renders what the file's tasks ask for, with its own defaults as parameters. */
static void use_dag(const struct dag *dag)
{
	struct err err;
	json_t *params = dag_params_complete(dag, NULL, NULL, &err);
	const struct expr_scope scope = {.params = params, .index = -1, .task = nothing};
	struct buf text = {0};

	for (uint32_t i = 0; i < dag->task_count; i++) {
		if (dag->tasks[i].with)
			json_decref(template_render(dag->tasks[i].with, &scope, &err));
		if (dag->tasks[i].when)
			json_decref(expr_eval(dag->tasks[i].when, &scope, &err));
	}
	if (dag_graph_text(dag, NULL, &text, &err) < 0)
		buf_clear(&text);
	buf_release(&text);
	json_decref(params);
}

static int read_file(const uint8_t *bytes, size_t size)
{
	struct yaml_errors errors;
	struct buf text = {0};
	struct dag *dag;

	yaml_errors_init(&errors);
	dag = dag_parse("x.yaml", (const char *)bytes, size, &errors);
	if (dag)
		use_dag(dag);
	dag_release(dag);
	yaml_errors_format(&errors, &text);
	buf_release(&text);
	yaml_errors_release(&errors);
	return 0;
}

static int read_expression(const uint8_t *bytes, size_t size)
{
	json_t *params = json_pack("{s:s, s:[s,s], s:i}", "text", "a.b", "list", "a", "b", "n", 3);
	const struct expr_scope scope = {.params = params, .index = -1, .task = nothing};
	struct arena arena;
	size_t fault_at;
	struct err err;
	const struct expr *expr;

	arena_init(&arena);
	expr = expr_parse(&arena, (const char *)bytes, size, &fault_at, &err);
	if (expr)
		json_decref(expr_eval(expr, &scope, &err));
	arena_release(&arena);
	json_decref(params);
	return 0;
}

int main(void)
{
	const struct mutate_entry files[] = {{file_text, sizeof(file_text) - 1}};
	struct mutate_entry corpus[countof(expressions)];

	for (size_t i = 0; i < countof(expressions); i++)
		corpus[i] = (struct mutate_entry){expressions[i], strlen(expressions[i])};
	mutate_run(read_expression, corpus, countof(corpus), count_of(100000, 20000000));
	mutate_run(read_file, files, countof(files), count_of(5000, 1000000));
	return EXIT_SUCCESS;
}
