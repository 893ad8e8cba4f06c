/* run_name.c - which run DAG/RUN, or RUN alone, means */
#include "cli/run_name.h"

#include <stdio.h>
#include <string.h>

/* Adds the DAG when it has such a run; -1 when the server cannot be asked. */
static int look_in(struct call *call, struct client *client, const char *dag, const char *run,
                   json_t *found)
{
	struct err err;
	json_t *reply = client_get(client, client_run_path(&call->arena, dag, run, ""), &err);

	if (reply)
		json_array_append_new(found, json_string(dag));
	json_decref(reply);
	if (reply || err.code == ERR_NOT_FOUND)
		return 0;
	return -1;
}

/* A run by its id alone: fits when only one DAG has it. */
static int find_by_id(struct call *call, struct client *client, const char *run,
                      struct run_name *name)
{
	struct err err;
	auto_json json_t *dags = client_get(client, "/v1/dags", &err);
	auto_json json_t *found = json_array();
	size_t i;
	json_t *dag = NULL;

	if (!dags)
		return call_fail(&err);
	json_array_foreach(dags, i, dag)
	{
		if (look_in(call, client, json_get_text(dag, "dag", ""), run, found) < 0)
			return EXIT_UNAVAILABLE;
	}
	if (!json_array_size(found)) {
		(void)fprintf(stderr, "millrace: there is no run '%s'\n", run);
		return EXIT_NOT_FOUND;
	}
	if (json_array_size(found) == 1) {
		name->dag = arena_strdup(&call->arena, json_string_value(json_array_get(found, 0)));
		name->run = run;
		return EXIT_OK;
	}
	(void)fprintf(stderr, "millrace: '%s' is a run of several DAGs, which one?\n", run);
	json_array_foreach(found, i, dag)(void)
		fprintf(stderr, "  %s/%s\n", json_string_value(dag), run);
	return EXIT_USAGE;
}

int run_name_find(struct call *call, struct client *client, struct run_name *name)
{
	const char *text = call_argument(call, 0);
	const char *slash = strchr(text, '/');

	if (!slash)
		return find_by_id(call, client, text, name);
	name->dag = arena_strndup(&call->arena, text, (size_t)(slash - text));
	name->run = slash + 1;
	return EXIT_OK;
}

int run_name_with(struct call *call, int (*work)(struct call *call, struct client *client,
                                                 const struct run_name *name))
{
	struct client *client = client_new(call);
	struct run_name name = {0};
	int status;

	if (!client)
		return EXIT_BAD;
	status = run_name_find(call, client, &name);
	if (status == EXIT_OK)
		status = work(call, client, &name);
	client_free(client);
	return status;
}
