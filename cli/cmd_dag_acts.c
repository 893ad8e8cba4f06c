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

static int set_paused(struct call *call, struct client *client, int is_paused)
{
	const char *path = client_dag_path(&call->arena, call_argument(call, 0), "");
	auto_json json_t *body = json_pack("{s:b}", "is_paused", is_paused);
	struct err err;
	auto_json json_t *dag = client_call(client, "PATCH", path, body, &err);

	if (!dag)
		return call_fail(&err);
	output_object(call, dag, dag_columns, countof(dag_columns));
	return EXIT_OK;
}

static int pause_it(struct call *call, struct client *client)
{
	return set_paused(call, client, 1);
}

static int unpause(struct call *call, struct client *client)
{
	return set_paused(call, client, 0);
}

int cmd_dag_acts_pause(struct call *call)
{
	return client_with(call, pause_it);
}

int cmd_dag_acts_unpause(struct call *call)
{
	return client_with(call, unpause);
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

static int explain(struct call *call, struct client *client)
{
	const char *path = client_dag_path(&call->arena, call_argument(call, 0), "/explain");
	struct err err;
	auto_json json_t *dag = client_get(client, path, &err);

	if (!dag)
		return call_fail(&err);
	print(call, dag);
	return EXIT_OK;
}

int cmd_dag_acts_explain(struct call *call)
{
	return client_with(call, explain);
}
