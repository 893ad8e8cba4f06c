/* task_alone_test.c - a DAG cut down to one of its tasks */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cli/task_alone.h"
#include "lib/compiler.h"
#include "tests/suite.h"

static const char dag[] =
	"{\"schedule\":\"@daily\",\"params\":{\"p\":{\"type\":\"string\"}},"
	"\"on_failure\":[{\"command\":[\"x\"]}],\"tasks\":{"
	"\"first\":{\"use\":\"a.b\",\"map\":[1],\"target\":\"t\"},"
	"\"second\":{\"use\":\"a.b\",\"needs\":[\"first\"],\"trigger_rule\":\"all_done\",\"when\":\"x\","
	"\"map\":[2],\"on_retry\":[],\"with\":{\"k\":\"${{ tasks.first.outputs.k }}\"}},"
	"\"third\":{\"use\":\"a.b\",\"needs\":[\"second\"]}}}";

static const struct {
	const char *task, *text;
} cuts[] = {
	{"second", "{\"params\":{\"p\":{\"type\":\"string\"}},\"tasks\":{"
                   "\"second\":{\"use\":\"a.b\",\"map\":[2],\"with\":{\"k\":\"${{ "
                   "tasks.first.outputs.k }}\"}},"
                   "\"first\":{\"use\":\"a.b\",\"when\":false}}}"},
	{"first", "{\"params\":{\"p\":{\"type\":\"string\"}},\"tasks\":{"
                  "\"first\":{\"use\":\"a.b\",\"map\":[1],\"target\":\"t\"}}}"},
};

START_TEST(only_what_the_task_names_stays)
{
	struct err err;
	json_t *source = json_parse(dag, strlen(dag), &err);
	json_t *cut = task_alone_make(source, cuts[_i].task);
	char *text = json_text(cut);

	ck_assert_str_eq(text, cuts[_i].text);
	free(text);
	/* what it was made of is as it was */
	text = json_text(source);
	ck_assert_str_eq(text, dag);
	free(text);
	json_decref(cut);
	json_decref(source);
}
END_TEST

START_TEST(a_task_that_is_not_there)
{
	struct err err;
	json_t *source = json_parse(dag, strlen(dag), &err);

	ck_assert_ptr_null(task_alone_make(source, "fourth"));
	json_decref(source);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("task alone");

	tcase_add_loop_test(cases, only_what_the_task_names_stays, 0, (int)countof(cuts));
	tcase_add_test(cases, a_task_that_is_not_there);
	return suite_run("task alone", cases);
}
