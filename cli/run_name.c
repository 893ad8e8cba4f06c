/* run_name.c - which run DAG/RUN, or RUN alone, means */
#include "cli/run_name.h"

#include <stdio.h>
#include <string.h>

/* A run by its id alone: fits when only one DAG, be its file there or not, has it. */
static int find_by_id(struct call *call, struct client *client, const char *run,
                      struct run_name *name)
{
	auto_buf struct buf path = {0};
	auto_json json_t *found = NULL;
	struct err err;
	size_t i;
	json_t *each = NULL;

	buf_text(&path, "/v1/runs?run_id=");
	client_segment(&path, run);
	found = client_get(client, buf_string(&path), &err);
	if (!found)
		return call_fail(&err);
	if (!json_array_size(found)) {
		(void)fprintf(stderr, "millrace: there is no run '%s'\n", run);
		return EXIT_NOT_FOUND;
	}
	if (json_array_size(found) == 1) {
		name->dag = arena_strdup(&call->arena,
		                         json_get_text(json_array_get(found, 0), "dag", ""));
		name->run = run;
		return EXIT_OK;
	}
	(void)fprintf(stderr, "millrace: '%s' is a run of several DAGs, which one?\n", run);
	json_array_foreach(found, i, each)(void)
		fprintf(stderr, "  %s/%s\n", json_get_text(each, "dag", ""), run);
	return EXIT_USAGE;
}

static int find(struct call *call, struct client *client, struct run_name *name)
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
	status = find(call, client, &name);
	if (status == EXIT_OK)
		status = work(call, client, &name);
	client_free(client);
	return status;
}
