/* graph_test.c - DAGs as drawings */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/limits.h"
#include "lib/str.h"
#include "scheduler/core/dag_graph.h"
#include "tests/suite.h"

/* `a; b: a; c: a b` */
static struct dag *dag_of(const char *text)
{
	struct yaml_errors errors;
	struct buf yaml = {0};
	struct dag *dag;

	yaml_errors_init(&errors);
	buf_text(&yaml, "tasks:\n");
	while (*text) {
		size_t size = strcspn(text, ";"), name = strcspn(text, ":;");

		buf_printf(&yaml, "  %.*s: {use: flow.noop, needs: [", (int)name, text);
		for (size_t at = name + 2; at < size; at += strcspn(text + at, " ;") + 1)
			buf_printf(&yaml, "%.*s, ", (int)strcspn(text + at, " ;"), text + at);
		buf_text(&yaml, "]}\n");
		text += size + (text[size] == ';');
		text += strspn(text, " ");
	}
	dag = dag_parse("x.yaml", buf_string(&yaml), yaml.size, &errors);
	ck_assert_msg(dag != NULL, "%s", errors.count ? errors.items[0].text : "");
	buf_release(&yaml);
	yaml_errors_release(&errors);
	return dag;
}

static const struct {
	const char *dag, *text;
} drawings[] = {
	{"a", "┌───┐\n│ a │\n└───┘\n"},
	{"a; b: a", "┌───┐    ┌───┐\n│ a ├───▶│ b │\n└───┘    └───┘\n"},
	{"a; b: a; c: a",
         "┌───┐    ┌───┐\n│ a ├─┬─▶│ b │\n└───┘ │  └───┘\n      │  ┌───┐\n      └─▶│ c │\n"
         "         └───┘\n"},
	{"a; b: a; c: a b",
         "┌───┐    ┌───┐     ┌───┐\n│ a ├─┬─▶│ b ├──┬─▶│ c │\n└───┘ │  └───┘  │  └───┘\n"
         "      │         │\n      └─────────┘\n"},
};

START_TEST(a_dag_is_drawn_from_left_to_right)
{
	struct dag *dag = dag_of(drawings[_i].dag);
	struct buf text = {0};
	struct err err;

	ck_assert_int_eq(dag_graph_text(dag, NULL, &text, &err), 0);
	ck_assert_str_eq(buf_string(&text), drawings[_i].text);
	buf_release(&text);
	dag_release(dag);
}
END_TEST

START_TEST(json_has_layers_and_edges)
{
	struct dag *dag = dag_of("a; b: a; c: a b");
	struct err err;
	json_t *graph = dag_graph_json(dag, NULL, &err);
	char *text = json_text(graph);

	ck_assert_str_eq(text,
	                 "{\"dag\":\"x\",\"nodes\":["
	                 "{\"task\":\"a\",\"operator\":\"flow.noop\",\"layer\":0,\"row\":0},"
	                 "{\"task\":\"b\",\"operator\":\"flow.noop\",\"layer\":1,\"row\":0},"
	                 "{\"task\":\"c\",\"operator\":\"flow.noop\",\"layer\":2,\"row\":0}],"
	                 "\"edges\":[{\"from\":\"a\",\"to\":\"b\"},{\"from\":\"a\",\"to\":\"c\"},"
	                 "{\"from\":\"b\",\"to\":\"c\"}]}");
	free(text);
	json_decref(graph);
	dag_release(dag);
}
END_TEST

START_TEST(svg_has_a_box_for_each_task)
{
	struct dag *dag = dag_of("a; b: a; c: a b");
	struct buf svg = {0};
	struct err err;
	int boxes = 0;

	ck_assert_int_eq(dag_graph_svg(dag, NULL, &svg, &err), 0);
	for (const char *at = svg.data; (at = strstr(at, "<rect ")); at++)
		boxes++;
	ck_assert_int_eq(boxes, 3);
	ck_assert(str_ends_with(buf_string(&svg), "</svg>\n"));
	buf_release(&svg);
	dag_release(dag);
}
END_TEST

START_TEST(the_tasks_of_a_run_have_states)
{
	static const struct dag_graph_task run[] = {
		{.count = {[TASK_SUCCESS] = 1}},
		{.count = {[TASK_SUCCESS] = 2, [TASK_FAILED] = 1, [TASK_REMOVED] = 4}},
		{.count = {[TASK_RUNNING] = 1, [TASK_FAILED] = 1}},
		{.count = {[TASK_REMOVED] = 1}},
	};
	struct dag *dag = dag_of("a; b; c; d");
	struct buf text = {0};
	struct err err;
	json_t *graph = dag_graph_json(dag, run, &err);
	const json_t *node = json_array_get(json_object_get(graph, "nodes"), 1);

	ck_assert_str_eq(json_get_text(node, "state", ""), "failed");
	ck_assert_int_eq(json_get_int(json_object_get(node, "counts"), "success", 0), 2);
	json_decref(graph);
	ck_assert_int_eq(dag_graph_text(dag, run, &text, &err), 0);
	ck_assert_ptr_nonnull(strstr(buf_string(&text), "│ a: success "));
	ck_assert_ptr_nonnull(strstr(buf_string(&text), "│ b: failed 1/3 "));
	ck_assert_ptr_nonnull(strstr(buf_string(&text), "│ c: running 1/2 "));
	ck_assert_ptr_nonnull(strstr(buf_string(&text), "│ d: removed "));
	buf_clear(&text);
	ck_assert_int_eq(dag_graph_svg(dag, run, &text, &err), 0);
	ck_assert_ptr_nonnull(strstr(buf_string(&text), "<title>running</title>"));
	buf_release(&text);
	dag_release(dag);
}
END_TEST

START_TEST(what_is_too_large_is_refused)
{
	struct buf text = {0};
	struct dag *dag;
	struct err err;

	for (int i = 0; i <= LIMIT_GRAPH_PLACES; i++)
		buf_printf(&text, "t%d; ", i);
	dag = dag_of(buf_string(&text));
	buf_clear(&text);
	ck_assert_int_eq(dag_graph_text(dag, NULL, &text, &err), -1);
	ck_assert_str_eq(err.text, "the DAG is too large to be drawn");
	ck_assert_ptr_null(dag_graph_json(dag, NULL, &err));
	buf_release(&text);
	dag_release(dag);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("graph");

	tcase_add_loop_test(cases, a_dag_is_drawn_from_left_to_right, 0, (int)countof(drawings));
	tcase_add_test(cases, json_has_layers_and_edges);
	tcase_add_test(cases, svg_has_a_box_for_each_task);
	tcase_add_test(cases, the_tasks_of_a_run_have_states);
	tcase_add_test(cases, what_is_too_large_is_refused);
	return suite_run("graph", cases);
}
