/* cmd_dag_acts.c - `millrace dags pause|unpause|explain` */
#include "cli/cmd_dag_acts.h"

#include <stdio.h>

#include "cli/client.h"
#include "cli/output.h"

static const struct output_column dag_columns[] = {
	{"dag", "dag"},
	{"paused", "is_paused"},
	{"next fire", "next_fire"},
};

static const struct output_column explain_columns[] = {
	{"dag", "dag"},
	{"paused", "is_paused"},
	{"reason", "reason"},
};

static const struct output_column run_columns[] = {
	{"RUN", "run_id"},
	{"STATE", "state"},
	{"REASON", "reason"},
};

static json_t *ask(struct call *call, const char *method, const char *rest, const json_t *body,
                   int *status)
{
	struct client *client = client_new(call);
	auto_buf struct buf path = {0};
	json_t *reply;
	struct err err;

	*status = EXIT_BAD;
	if (!client)
		return NULL;
	buf_text(&path, "/v1/dags/");
	client_segment(&path, call_argument(call, 0));
	buf_text(&path, rest);
	reply = client_call(client, method, buf_string(&path), body, &err);
	*status = reply ? EXIT_OK : call_fail(&err);
	client_free(client);
	return reply;
}

static int set_paused(struct call *call, int is_paused)
{
	auto_json json_t *body = json_pack("{s:b}", "is_paused", is_paused);
	int status;
	auto_json json_t *dag = ask(call, "PATCH", "", body, &status);

	if (dag)
		output_object(call, dag, dag_columns, countof(dag_columns));
	return status;
}

int cmd_dag_acts_pause(struct call *call)
{
	return set_paused(call, 1);
}

int cmd_dag_acts_unpause(struct call *call)
{
	return set_paused(call, 0);
}

/* The first reason stands with the DAG, what else there is below. */
static void print(const struct call *call, const json_t *dag)
{
	const json_t *runs = json_object_get(dag, "runs");
	size_t i;
	json_t *reason = NULL;

	output_object(call, dag, explain_columns, countof(explain_columns));
	if (call->format != FORMAT_TABLE)
		return;
	json_array_foreach(json_object_get(dag, "reasons"), i, reason)
	{
		if (i > 0)
			(void)printf("and\t%s\n", json_string_value(reason));
	}
	if (!json_array_size(runs))
		return;
	(void)putchar('\n');
	output_list(call, runs, run_columns, countof(run_columns));
}

int cmd_dag_acts_explain(struct call *call)
{
	int status;
	auto_json json_t *dag = ask(call, "GET", "/explain", NULL, &status);

	if (dag)
		print(call, dag);
	return status;
}
