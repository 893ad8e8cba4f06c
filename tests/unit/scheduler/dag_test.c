/* dag_test.c - DAG files: what they mean, and every fault with its place */
#include <check.h>
#include <string.h>

#include "lib/str.h"
#include "scheduler/core/dag.h"
#include "scheduler/core/dag_operators.h"
#include "scheduler/core/dag_params.h"
#include "scheduler/core/template.h"
#include "tests/suite.h"

static struct yaml_errors errors;
static struct buf shown;

static void set_up(void)
{
	yaml_errors_init(&errors);
	shown = (struct buf){0};
}

static void tear_down(void)
{
	yaml_errors_release(&errors);
	buf_release(&shown);
}

static struct dag *parse(const char *text)
{
	return dag_parse("dags/x.yaml", text, strlen(text), &errors);
}

/* `line:column: text` of each fault. */
static const char *faults(void)
{
	buf_clear(&shown);
	for (size_t i = 0; i < errors.count; i++)
		buf_printf(&shown, "%u:%u: %s\n", errors.items[i].line, errors.items[i].column,
		           errors.items[i].text);
	return buf_string(&shown);
}

#define TASKS "tasks: {a: {use: flow.noop}}\n"

START_TEST(the_shipped_dag_is_read)
{
	struct dag *dag = dag_read(MILLRACE_SOURCE "/dags/bulk_insert.yaml", &errors);
	const struct dag_task *load, *report;

	ck_assert_msg(dag != NULL, "%s", faults());
	ck_assert_str_eq(dag->name, "bulk_insert");
	ck_assert_str_eq(dag->description, "Load a CSV object into a table");
	ck_assert_uint_eq(dag->tag_count, 1);
	ck_assert_str_eq(dag->tags[0], "load");
	ck_assert_str_eq(dag->timezone, "UTC");
	ck_assert_int_eq(dag->catchup, CATCHUP_LATEST);
	ck_assert_int_eq(dag->max_active_runs, 4);
	ck_assert_int_eq(dag->timeout_ms, 7200000);
	ck_assert_uint_eq(dag->param_count, 7);
	ck_assert_str_eq(dag->params[1].name, "table");
	ck_assert_str_eq(json_string_value(dag->params[1].fallback), "department");
	ck_assert(json_is_null(dag->params[3].fallback));
	ck_assert_uint_eq(dag->task_count, 2);
	load = dag_task(dag, "load");
	report = dag_task(dag, "report");
	ck_assert_str_eq(load->operator, "csv.load");
	ck_assert_int_eq(load->retries, 2);
	ck_assert_int_eq(load->retry_delay_ms, 5000);
	ck_assert_int_eq(load->timeout_ms, 1800000);
	ck_assert_uint_eq(load->downstream_count, 1);
	ck_assert_uint_eq(load->downstream[0], report->index);
	ck_assert_uint_eq(report->upstream_count, 1);
	ck_assert_int_eq(report->rule, RULE_ALL_DONE);
	ck_assert_ptr_null(report->when);
	ck_assert_uint_eq(strlen(dag->hash), 64);
	ck_assert_str_eq(json_get_text(dag->source, "dag", ""), "bulk_insert");
	dag_release(dag);
}
END_TEST

START_TEST(what_is_not_said_has_defaults)
{
	struct dag *dag = parse(TASKS);
	const struct dag_task *task;

	ck_assert_msg(dag != NULL, "%s", faults());
	task = &dag->tasks[0];
	ck_assert_str_eq(dag->name, "x");
	ck_assert_str_eq(dag->description, "");
	ck_assert_str_eq(dag->timezone, "UTC");
	ck_assert_int_eq(dag->max_active_runs, 16);
	ck_assert_int_eq(dag->timeout_ms, 0);
	ck_assert_int_eq(dag->schedule.kind, SCHEDULE_BY_HAND);
	ck_assert_int_eq(task->rule, RULE_ALL_SUCCESS);
	ck_assert_int_eq(task->retries, 0);
	ck_assert_int_eq(task->timeout_ms, 0);
	ck_assert_int_eq(task->pool_slots, 1);
	ck_assert_str_eq(task->pool, "");
	ck_assert_str_eq(task->worker_queue, "");
	ck_assert_ptr_null(task->with);
	dag_release(dag);
}
END_TEST

START_TEST(a_task_overrides_the_defaults)
{
	struct dag *dag =
		parse("defaults: {retries: 3, timeout: 1m, pool: db, fresh_process: true,\n"
	              "  retry_delay: 20m}\n"
	              "tasks:\n"
	              "  a: {use: flow.noop}\n"
	              "  b: {use: flow.noop, retries: 0, timeout: null, pool: null,\n"
	              "      fresh_process: false, priority: -5, needs: []}\n");
	const struct dag_task *a, *b;

	ck_assert_msg(dag != NULL, "%s", faults());
	a = &dag->tasks[0];
	b = &dag->tasks[1];
	ck_assert_int_eq(a->retries, 3);
	ck_assert_int_eq(a->timeout_ms, 60000);
	ck_assert_str_eq(a->pool, "db");
	ck_assert_uint_eq(a->flags, DAG_FRESH_PROCESS);
	ck_assert_int_eq(a->retry_max_delay_ms, 1200000);
	ck_assert_int_eq(b->retries, 0);
	ck_assert_int_eq(b->timeout_ms, 0);
	ck_assert_str_eq(b->pool, "");
	ck_assert_uint_eq(b->flags, 0);
	ck_assert_int_eq(b->priority, -5);
	dag_release(dag);
}
END_TEST

struct example {
	const char *text, *expected;
};

static const struct example bad[] = {
	{"", "1:1: a DAG file is a map with at least 'tasks', not null\n"},
	{"[a]", "1:1: a DAG file is a map with at least 'tasks', not a list\n"},
	{"dag: x", "1:1: the DAG has no tasks\n"},
	{"dag: x\ntasks:\n", "2:1: the DAG has no tasks\n"},
	{"tasks: {}", "1:8: the DAG has no tasks\n"},
	{"tasks: [a]", "1:8: expected a map, not a list\n"},
	{"dag: a b\n" TASKS, "1:6: a name is up to 128 letters, digits, '_', '-' and '.'\n"},
	{"dag: ../x\n" TASKS, "1:6: a name is up to 128 letters, digits, '_', '-' and '.'\n"},
	{"schedul: null\n" TASKS, "1:1: unknown key 'schedul', did you mean 'schedule'?\n"},
	{"timezone: Mars/Olympus\n" TASKS,
         "1:11: unknown time zone 'Mars/Olympus', it is a name such as Europe/Berlin\n"},
	{"timezone: ../../etc/passwd\n" TASKS,
         "1:11: unknown time zone '../../etc/passwd', it is a name such as Europe/Berlin\n"},
	{"timezone: +02:00\n" TASKS,
         "1:11: unknown time zone '+02:00', it is a name such as Europe/Berlin\n"},
	{"catchup: lates\n" TASKS, "1:10: 'lates' is not known, did you mean 'latest'?\n"},
	{"catchup: 3\n" TASKS, "1:10: expected one of none, latest, all\n"},
	{"max_active_runs: 0\n" TASKS, "1:18: must be from 1 to 10000\n"},
	{"max_active_runs: four\n" TASKS, "1:18: expected a whole number, not text\n"},
	{"timeout: 2 hours\n" TASKS,
         "1:10: '2 hours' is not a duration such as 90s, 15m, 2h or 1d\n"},
	{"timeout: [1]\n" TASKS,
         "1:10: expected a duration such as 90s, 15m, 2h or 1d, not a list\n"},
	{"timeout: 4000d\n" TASKS, "1:10: longer than 3650d\n"},
	{"tags: load\n" TASKS, "1:7: expected a list, not text\n"},
	{"on_failure: {webhook: x}\n" TASKS, "1:13: expected a list, not a map\n"},
	{"on_failure: [{webhook: x}]\n" TASKS,
         "1:24: a webhook is a URL that begins with http:// or https://\n"},
	{"on_success: [{webhook: 'http:///x'}, x, {}]\n" TASKS,
         "1:25: the URL names no host\n"
         "1:38: expected {webhook: URL} or {command: [program, …]}, not text\n"
         "1:41: expected either 'webhook' or 'command'\n"},
	{"on_retry: [{webhok: 'http://x/'}, {webhook: 'http://x/', command: [a]}]\n" TASKS,
         "1:13: unknown key 'webhok', did you mean 'webhook'?\n"
         "1:35: expected either 'webhook' or 'command'\n"},
	{"on_failure: [{command: []}, {command: [a, 1]}, {command: ['']}]\n" TASKS,
         "1:24: a command is a program and up to 255 arguments\n"
         "1:43: expected text, not a whole number\n"
         "1:60: which program?\n"},
	{"on_failure: [{webhook: 'http://x/', secret: a b}, {command: [a], secret: s}]\n" TASKS,
         "1:45: expected the name of a secret: up to 128 letters, digits, '_' and '-'\n"
         "1:74: 'secret' signs what a webhook gets; a command may take ${{ secrets.NAME }} as an "
         "argument\n"},
	{"on_failure: [{command: [\"${{ lower(secrets.a) }}\", \"${{ tasks.x.state }}\"]}]\n" TASKS,
         "1:36: a secret stands alone between '${{' and '}}' here, without functions and "
         "operators\n"
         "1:63: unknown task 'x'\n"},
	{"tasks:\n  a: {use: flow.noop, map: {b: 1}}\n",
         "2:28: expected a list, or one expression that gives a list\n"},
	{"tasks:\n  a: {use: flow.noop, map: \"x${{ run.id }}\"}\n",
         "2:29: expected a list, or one expression that gives a list\n"},
	{"tasks:\n  a: {use: flow.noop, map: [\"${{ item }}\", \"${{ secrets.x }}\"]}\n",
         "2:34: 'item' is there in tasks with 'map' only\n"
         "2:57: a secret has no place in what is stored\n"},
	{"tasks:\n  a: {use: flow.noop, map: [1], max_active: 0, when: itm == 1}\n",
         "2:45: must be from 1 to 1000000\n2:54: unknown name 'itm', did you mean 'item'?\n"},
	{"tasks:\n  a: {use: flow.noop, max_active: 1, when: index == 1}\n",
         "2:35: 'max_active' is of tasks with 'map', a 'pool' is for all tasks\n"
         "2:44: 'index' is there in tasks with 'map' only\n"},
	{"tasks:\n  a: {use: flow.noop, target: [x], worker_queue: y}\n",
         "2:31: expected text, not a list\n"
         "2:36: 'worker_queue' is not supported yet, leave it out\n"},
	{"tasks:\n  a: {use: noop}\n", "2:12: expected <plugin>.<operator>, such as csv.load\n"},
	{"tasks:\n  a: {use: a.b.c}\n", "2:12: expected <plugin>.<operator>, such as csv.load\n"},
	{"tasks:\n  a: {needs: []}\n", "2:6: task 'a' has no 'use': which operator?\n"},
	{"tasks:\n  a: csv.load\n", "2:6: task 'a' must be a map with at least 'use'\n"},
	{"tasks:\n  a b: {use: flow.noop}\n",
         "2:3: a task's name is up to 128 letters, digits, '_' and '-'\n"},
	{"tasks:\n  load: {use: csv.load}\n  b: {use: flow.noop, needs: [laod, load, load, 3]}\n",
         "3:31: unknown task 'laod', did you mean 'load'?\n"
         "3:43: 'load' stands here twice\n3:49: unknown task '3'\n"},
	{"tasks:\n  a: {use: flow.noop, needs: b}\n", "2:30: expected a list, not text\n"},
	{"tasks:\n  a: {use: flow.noop, trigger_rule: all_dne}\n",
         "2:37: 'all_dne' is not known, did you mean 'all_done'?\n"},
	{"tasks:\n  a: {use: flow.noop, retries: -1, pool_slots: 0, priority: 1.5}\n",
         "2:32: must be from 0 to 1000\n2:48: must be from 1 to 10000\n"
         "2:61: expected a whole number, not a number\n"},
	{"tasks:\n  a: {use: flow.noop, with: [1]}\n", "2:29: expected a map, not a list\n"},
	{"tasks:\n  a: {use: flow.noop, retris: 1}\n",
         "2:23: unknown key 'retris', did you mean 'retries'?\n"},
	{"defaults: {use: flow.noop}\n" TASKS, "1:12: unknown key 'use'\n"},
	{"tasks:\n  a: {use: flow.noop, needs: [a]}\n",
         "2:31: tasks wait for each other in a circle: 'a' needs 'a'\n"},
	{"tasks:\n  a: {use: flow.noop, needs: [c]}\n  b: {use: flow.noop, needs: [a]}\n"
         "  c: {use: flow.noop, needs: [b]}\n  d: {use: flow.noop, needs: [c]}\n",
         "2:31: tasks wait for each other in a circle: 'a' needs 'c', 'c' needs 'b', 'b' needs "
         "'a'\n"},
	{"params: {x: {type: string}}\ntasks:\n  a:\n    use: flow.noop\n"
         "    when: params.y == 1\n    with:\n      t: a ${{ tasks.z.state }}\n"
         "      u: ${{ 1 + 1 }}\n      v: [\"${{ secrets }}\"]\n",
         "5:18: unknown parameter 'y'\n7:22: unknown task 'z'\n"
         "8:16: expected an operator or the end\n9:16: which secret? write secrets.NAME\n"},
	{"params: {x: 1}\n" TASKS,
         "1:13: expected JSON-Schema words, such as {type: string, default: x}\n"},
	{"params: {x y: {type: string}}\n" TASKS,
         "1:10: a parameter's name is up to 128 letters, digits, '_' and '-'\n"},
	{"params: {x: {typ: string}}\n" TASKS, "1:14: unknown key 'typ', did you mean 'type'?\n"},
	{"params: {x: {type: str}}\n" TASKS,
         "1:20: expected one of null, boolean, integer, number, string, array, object\n"},
	{"params: {x: {type: [string, null]}}\n" TASKS,
         "1:29: in quotes, please: \"null\" is the type, null is nothing\n"},
	{"params: {x: {type: integer, default: one}}\n" TASKS,
         "1:38: the default must be of type integer\n"},
	{"params: {x: {type: array, items: {type: integer}, default: [1, a]}}\n" TASKS,
         "1:60: the default item 2: must be of type integer\n"},
	{"params: {x: {pattern: \"a(\"}}\n" TASKS,
         "1:24: not a regular expression (POSIX extended): Unmatched ( or \\(\n"},
	{"params: {x: {minimum: a, minLength: -1}}\n" TASKS,
         "1:23: expected a number, not text\n1:37: must be from 0 to 2147483647\n"},
	{"a: 1\na: 2\n", "2:1: key 'a' stands in line 1 already\n"},
};

START_TEST(bad_files_say_where_and_why)
{
	ck_assert_ptr_null(parse(bad[_i].text));
	ck_assert_str_eq(faults(), bad[_i].expected);
}
END_TEST

START_TEST(a_schedule_that_is_null_may_have_catchup)
{
	struct dag *dag = parse("schedule: null\ncatchup: all\n" TASKS);

	ck_assert_msg(dag != NULL, "%s", faults());
	ck_assert_int_eq(dag->catchup, CATCHUP_ALL);
	dag_release(dag);
}
END_TEST

START_TEST(a_dag_lives_until_its_last_holder_lets_go)
{
	struct dag *dag = parse(TASKS);

	ck_assert_ptr_eq(dag_reference(dag), dag);
	dag_release(dag);
	ck_assert_str_eq(dag->name, "x");
	dag_release(dag);
	dag_release(NULL);
}
END_TEST

START_TEST(many_tasks_are_read_in_linear_time)
{
	enum { COUNT = 20000 };
	struct buf text = {0};
	struct dag *dag;

	buf_text(&text, "tasks:\n  t0: {use: flow.noop}\n");
	for (int i = 1; i < COUNT; i++)
		buf_printf(&text, "  t%d: {use: flow.noop, needs: [t%d]}\n", i, i - 1);
	dag = parse(buf_string(&text));
	ck_assert_msg(dag != NULL, "%s", faults());
	ck_assert_uint_eq(dag->task_count, COUNT);
	ck_assert_uint_eq(dag->tasks[COUNT - 1].upstream[0], COUNT - 2);
	dag_release(dag);
	buf_release(&text);
}
END_TEST

/* Operators */

static const char descriptors[] =
	"[{\"plugin\": \"csv\", \"operators\": [{\"name\": \"load\", \"params\": ["
	"{\"name\": \"from\", \"type\": \"text\", \"required\": true},"
	"{\"name\": \"table\", \"type\": \"text\", \"required\": true},"
	"{\"name\": \"header\", \"type\": \"bool\", \"required\": false},"
	"{\"name\": \"columns\", \"type\": \"json\", \"required\": false},"
	"{\"name\": \"max_rejects\", \"type\": \"int\", \"required\": false}]}]},"
	"{\"plugin\": \"old\", \"operators\": [], \"error\": \"it was built for ABI 0\"}]";

static const struct example uses[] = {
	{"{use: csv.load, with: {from: x, table: y, header: false, columns: [a]}}", ""},
	{"{use: csv.load, with: {from: '${{ run.id }}', table: y, header: '${{ run.id }}'}}", ""},
	{"{use: csv.lod}", "2:12: unknown operator 'csv.lod', did you mean 'csv.load'?\n"},
	{"{use: zzzzzz.yyyyy}", "2:12: unknown operator 'zzzzzz.yyyyy'\n"},
	{"{use: old.thing}",
         "2:12: operator 'old.thing': its plugin cannot be used: it was built for ABI 0\n"},
	{"{use: csv.load}", "2:6: operator 'csv.load' needs parameter 'from'\n"
                            "2:6: operator 'csv.load' needs parameter 'table'\n"},
	{"{use: csv.load, with: {from: x, table: null}}",
         "2:45: operator 'csv.load' needs parameter 'table'\n"},
	{"{use: csv.load, with: {from: x, table: y, tabel: z, header: 'yes', max_rejects: 1.5}}",
         "2:48: operator 'csv.load' has no parameter 'tabel', did you mean 'table'?\n"
         "2:67: parameter 'header' must be true or false, not text\n"
         "2:86: parameter 'max_rejects' must be a whole number, not a number\n"},
	{"{use: csv.load, with: {from: 5, table: y}}",
         "2:35: parameter 'from' must be text, not a whole number\n"},
};

START_TEST(tasks_are_held_against_their_operators)
{
	json_t *plugins = json_loads(descriptors, 0, NULL);
	struct dag *dag;

	buf_printf(&shown, "tasks:\n  a: %s\n", uses[_i].text);
	dag = parse(buf_string(&shown));
	ck_assert_msg(dag != NULL, "%s", faults());
	dag_operators_check(dag->yaml, plugins, &errors);
	ck_assert_str_eq(faults(), uses[_i].expected);
	json_decref(plugins);
	dag_release(dag);
}
END_TEST

START_TEST(a_file_with_faults_of_both_kinds_shows_all)
{
	json_t *plugins = json_loads(descriptors, 0, NULL);
	struct buf text = {0};

	buf_text(&text, "schedul: null\ntasks:\n  a: {use: csv.lod}\n  b: 3\n");
	ck_assert_ptr_null(dag_operators_parse("dags/x.yaml", &text, plugins, &errors));
	ck_assert_str_eq(faults(), "1:1: unknown key 'schedul', did you mean 'schedule'?\n"
	                           "3:12: unknown operator 'csv.lod', did you mean 'csv.load'?\n"
	                           "4:6: task 'b' must be a map with at least 'use'\n");
	buf_release(&text);
	json_decref(plugins);
}
END_TEST

/* Parameters */

static const char with_params[] =
	"params:\n"
	"  name: {type: string, minLength: 2, maxLength: 4}\n"
	"  mode: {type: string, enum: [fast, slow], default: fast}\n"
	"  rows: {type: [integer, string, 'null'], default: null, minimum: 1, pattern: '^auto$'}\n"
	"  list: {type: array, items: {type: integer, maximum: 9}, maxItems: 2, default: []}\n"
	"  any: {default: 1}\n"
	"  shape: {type: object, properties: {k: {type: boolean}}, required: [k],\n"
	"    additionalProperties: false, default: {k: true}}\n" TASKS;

static const struct {
	const char *given, *expected;
} runs[] = {
	{"{\"name\": \"ann\"}", "{\"name\":\"ann\",\"mode\":\"fast\",\"rows\":null,\"list\":[],"
                                "\"any\":1,\"shape\":{\"k\":true}}"},
	{"{}", "parameter 'name': must be given, it has no default"},
	{"[]", "the parameters must be an object"},
	{"{\"name\": \"a\"}", "parameter 'name': must have at least 2 characters"},
	{"{\"name\": \"annae\"}", "parameter 'name': must have at most 4 characters"},
	{"{\"name\": 3}", "parameter 'name': must be of type string"},
	{"{\"name\": \"ann\", \"mode\": \"fst\"}", "parameter 'mode': must be one of fast, slow"},
	{"{\"name\": \"ann\", \"rows\": 0}", "parameter 'rows': must be at least 1"},
	{"{\"name\": \"ann\", \"rows\": \"x\"}",
         "parameter 'rows': must match the pattern '^auto$'"},
	{"{\"name\": \"ann\", \"rows\": 1.5}",
         "parameter 'rows': must be of type integer or string or null"},
	{"{\"name\": \"ann\", \"list\": [1, 10]}", "parameter 'list': item 2: must be at most 9"},
	{"{\"name\": \"ann\", \"list\": [1, 2, 3]}", "parameter 'list': must have at most 2 items"},
	{"{\"name\": \"ann\", \"shape\": {}}", "parameter 'shape': 'k' is missing"},
	{"{\"name\": \"ann\", \"shape\": {\"k\": 1}}",
         "parameter 'shape': 'k': must be of type boolean"},
	{"{\"name\": \"ann\", \"shape\": {\"k\": true, \"l\": 1}}",
         "parameter 'shape': unknown member 'l'"},
	{"{\"nam\": \"ann\"}", "parameter 'nam': DAG 'x' has no such parameter, did you mean "
                               "'name'? (and 1 more)"},
};

START_TEST(parameters_of_a_run_are_checked_and_completed)
{
	struct dag *dag = parse(with_params);
	json_t *given = json_loads(runs[_i].given, 0, NULL), *list = json_array(), *all;
	struct err err;

	ck_assert_msg(dag != NULL, "%s", faults());
	all = dag_params_complete(dag, given, list, &err);
	if (all) {
		/* in the order of the file */
		json_t *ordered = json_object();

		for (size_t i = 0; i < dag->param_count; i++)
			json_object_set(ordered, dag->params[i].name,
			                json_object_get(all, dag->params[i].name));
		json_append(&shown, ordered);
		json_decref(ordered);
	}
	ck_assert_str_eq(all ? buf_string(&shown) : err.text, runs[_i].expected);
	ck_assert(all || !json_is_object(given) || json_array_size(list) > 0);
	json_decref(all);
	json_decref(list);
	json_decref(given);
	dag_release(dag);
}
END_TEST

static const struct example typed[] = {
	{"name=123", "{\"name\":\"123\"}"},
	{"name=a=b", "{\"name\":\"a=b\"}"},
	{"rows=12", "{\"rows\":12}"},
	{"rows=auto", "{\"rows\":\"auto\"}"},
	{"rows=null", "{\"rows\":null}"},
	{"rows=true", "parameter 'rows': must match the pattern '^auto$'"},
	{"list=[1,2]", "{\"list\":[1,2]}"},
	{"list=1", "parameter 'list': must be of type array"},
	{"list=[",
         "parameter 'list': '[' is not JSON: line 1, column 1: ']' expected near end of file"},
	{"any=[true]", "{\"any\":[true]}"},
	{"any=text", "{\"any\":\"text\"}"},
	{"mode=slo", "parameter 'mode': must be one of fast, slow"},
	{"mod=fast", "unknown parameter 'mod', did you mean 'mode'?"},
	{"qqqqqqq=1", "unknown parameter 'qqqqqqq'"},
	{"mode", "'mode' is not key=value"},
	{"=x", "'=x' is not key=value"},
};

START_TEST(typed_parameters_follow_their_type)
{
	struct dag *dag = parse(with_params);
	json_t *schemas, *given = json_object();
	struct err err;

	ck_assert_msg(dag != NULL, "%s", faults());
	schemas = dag_params_json(dag);
	if (dag_params_set(schemas, typed[_i].text, given, &err) == 0)
		json_append(&shown, given);
	else
		buf_text(&shown, err.text);
	ck_assert_str_eq(buf_string(&shown), typed[_i].expected);
	json_decref(schemas);
	json_decref(given);
	dag_release(dag);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("dag");

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, the_shipped_dag_is_read);
	tcase_add_test(cases, what_is_not_said_has_defaults);
	tcase_add_test(cases, a_task_overrides_the_defaults);
	tcase_add_loop_test(cases, bad_files_say_where_and_why, 0, (int)countof(bad));
	tcase_add_test(cases, a_schedule_that_is_null_may_have_catchup);
	tcase_add_test(cases, a_dag_lives_until_its_last_holder_lets_go);
	tcase_add_test(cases, many_tasks_are_read_in_linear_time);
	tcase_add_loop_test(cases, tasks_are_held_against_their_operators, 0, (int)countof(uses));
	tcase_add_test(cases, a_file_with_faults_of_both_kinds_shows_all);
	tcase_add_loop_test(cases, parameters_of_a_run_are_checked_and_completed, 0,
	                    (int)countof(runs));
	tcase_add_loop_test(cases, typed_parameters_follow_their_type, 0, (int)countof(typed));
	tcase_set_timeout(cases, 60);
	return suite_run("dag", cases);
}
