/* host_params.c - the group "parameters" of the host table */
#include "scheduler/runner/host_params.h"

#include <stdlib.h>
#include <string.h>

#include "lib/limits.h"
#include "lib/str.h"
#include "scheduler/runner/host.h"

/* The value of a declared parameter, NULL when it was not given. `accepts`: types that the call
 * reads, 0: any. Anything else is misuse. */
static json_t *find(struct attempt *attempt, const char *call, const char *name, unsigned accepts)
{
	const struct plugin_op *op = attempt->op;

	host_need(attempt, name, call, "the name");
	for (size_t i = 0; i < op->declared.param_count; i++) {
		int32_t type = op->params[i].declared.type;

		if (!str_equal(op->params[i].declared.name, name))
			continue;
		if (accepts && !(accepts & 1U << type))
			host_misuse(attempt, "%s(): parameter '%s' is declared as %s", call, name,
			            plugin_file_type_name(type));
		return attempt->values[i];
	}
	host_misuse(attempt, "%s(): parameter '%s' is not declared by operator '%s'", call, name,
	            op->declared.name);
}

enum {
	TEXTS = 1 << MR_TEXT | 1 << MR_SECRET | 1 << MR_BYTES | 1 << MR_TIMESTAMP | 1 << MR_DATE |
	        1 << MR_DECIMAL | 1 << MR_UUID,
};

mr_status host_params_text(struct mr_task *task, const char *name, const char **value)
{
	struct attempt *attempt = host_enter(task, "param_text");
	const json_t *found = find(attempt, "param_text", name, TEXTS);

	host_need(attempt, value, "param_text", "the value");
	if (!found)
		return MR_END;
	*value = json_string_value(found);
	return MR_OK;
}

mr_status host_params_int(struct mr_task *task, const char *name, int64_t *value)
{
	struct attempt *attempt = host_enter(task, "param_int");
	const json_t *found = find(attempt, "param_int", name, 1 << MR_INT);

	host_need(attempt, value, "param_int", "the value");
	if (!found)
		return MR_END;
	*value = json_integer_value(found);
	return MR_OK;
}

mr_status host_params_float(struct mr_task *task, const char *name, double *value)
{
	struct attempt *attempt = host_enter(task, "param_float");
	const json_t *found = find(attempt, "param_float", name, 1 << MR_FLOAT | 1 << MR_INT);

	host_need(attempt, value, "param_float", "the value");
	if (!found)
		return MR_END;
	*value = json_number_value(found);
	return MR_OK;
}

mr_status host_params_bool(struct mr_task *task, const char *name, int32_t *value)
{
	struct attempt *attempt = host_enter(task, "param_bool");
	const json_t *found = find(attempt, "param_bool", name, 1 << MR_BOOL);

	host_need(attempt, value, "param_bool", "the value");
	if (!found)
		return MR_END;
	*value = json_is_true(found);
	return MR_OK;
}

mr_status host_params_json(struct mr_task *task, const char *name, const char **json)
{
	struct attempt *attempt = host_enter(task, "param_json");
	const json_t *found = find(attempt, "param_json", name, 0);
	char *text;

	host_need(attempt, json, "param_json", "the value");
	if (!found)
		return MR_END;
	text = json_text(found);
	*json = arena_strdup(&attempt->arena, text);
	free(text);
	return MR_OK;
}

static const struct mr_output *find_output(const struct plugin_op *op, const char *key)
{
	for (size_t i = 0; i < op->declared.output_count; i++)
		if (str_equal(op->outputs[i].name, key))
			return &op->outputs[i];
	return NULL;
}

/* Whether all outputs together are within their limit. */
static int outputs_fit(const json_t *outputs)
{
	auto_buf struct buf text = {0};

	json_append(&text, outputs);
	return text.size <= LIMIT_OUTPUT_BYTES;
}

mr_status host_params_output(struct mr_task *task, const char *key, const char *json)
{
	struct attempt *attempt = host_enter(task, "output");
	const struct mr_output *output;
	json_t *value;

	host_need(attempt, key, "output", "the key");
	host_need(attempt, json, "output", "the JSON");
	output = find_output(attempt->op, key);
	if (!output)
		host_misuse(attempt, "output(): '%s' is not declared by operator '%s'", key,
		            attempt->op->declared.name);
	value = json_parse(json, strlen(json), &attempt->err);
	if (!value)
		return MR_FAIL;
	if (!json_is_null(value) && !plugin_file_accepts(output->type, value)) {
		json_decref(value);
		return host_refuse(attempt, "output '%s' is not of type %s", key,
		                   plugin_file_type_name(output->type));
	}
	if (!attempt->outputs)
		attempt->outputs = json_object();
	json_object_set_new(attempt->outputs, key, value);
	if (outputs_fit(attempt->outputs))
		return MR_OK;
	json_object_del(attempt->outputs, key);
	return host_refuse(attempt, "output '%s': the outputs are over the limit of %d bytes", key,
	                   LIMIT_OUTPUT_BYTES);
}
