/* trigger.c - starting a run as a command's options say */
#include "cli/trigger.h"

#include "lib/str.h"
#include "scheduler/core/dag_params.h"

json_t *trigger_read_params(const struct call *call, const json_t *schemas)
{
	json_t *params = json_object();
	const char *text;
	size_t position = 0;
	struct err err;

	while ((text = call_next_option(call, "param", &position))) {
		if (dag_params_set(schemas, text, params, &err) == 0)
			continue;
		(void)call_fail(&err);
		json_decref(params);
		return NULL;
	}
	return params;
}

static json_t *request_body(const struct call *call, json_t *params)
{
	static const char *const members[][2] = {
		{"run-id", "run_id"}, {"logical-date", "logical_date"}, {"note", "note"}};
	json_t *body = json_object();

	json_object_set_new(body, "params", params);
	for (size_t i = 0; i < countof(members); i++) {
		const char *value = call_option(call, members[i][0]);

		if (value)
			json_object_set_new(body, members[i][1], json_string(value));
	}
	return body;
}

json_t *trigger_run(struct call *call, struct client *client, const char *dag,
                    const json_t *schemas, int *status)
{
	auto_json json_t *body = NULL;
	json_t *params = trigger_read_params(call, schemas), *run;
	struct err err;

	*status = EXIT_USAGE;
	if (!params)
		return NULL;
	body = request_body(call, params);
	run = client_call(client, "POST", client_dag_path(&call->arena, dag, "/runs"), body, &err);
	if (!run)
		*status = client_fail(client, &err);
	return run;
}
