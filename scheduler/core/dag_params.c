/* dag_params.c - the parameters of a run */
#include "scheduler/core/dag_params.h"

#include <stdint.h>
#include <string.h>

#include "lib/limits.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "scheduler/core/schema.h"

struct faults {
	json_t *list; /* may be NULL */
	size_t count;
	struct err *err; /* of the first */
};

static void tell(struct faults *faults, const char *name, const char *code, const char *detail)
{
	if (!faults->count++)
		err_set(faults->err, ERR_INVALID, "parameter '%s': %s", name, detail);
	if (faults->list)
		json_array_append_new(faults->list, json_pack("{s:o, s:s, s:s}", "pointer",
		                                              json_sprintf("/%s", name), "code",
		                                              code, "detail", detail));
}

static const struct dag_param *find(const struct dag *dag, const char *name)
{
	for (size_t i = 0; i < dag->param_count; i++) {
		if (str_equal(dag->params[i].name, name))
			return &dag->params[i];
	}
	return NULL;
}

static void tell_unknown(const struct dag *dag, const char *name, struct faults *faults)
{
	const char *names[LIMIT_DAG_PARAMS], *nearest;
	struct err text;

	for (size_t i = 0; i < dag->param_count; i++)
		names[i] = dag->params[i].name;
	nearest = str_nearest(name, names, dag->param_count);
	if (nearest)
		err_set(&text, ERR_INVALID, "DAG '%s' has no such parameter, did you mean '%s'?",
		        dag->name, nearest);
	else
		err_set(&text, ERR_INVALID, "DAG '%s' has no such parameter", dag->name);
	tell(faults, name, "unknown_parameter", text.text);
}

static void take_given(const struct dag *dag, const json_t *given, json_t *all,
                       struct faults *faults)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)given, name, value)
	{
		const struct dag_param *param = find(dag, name);
		struct err err;

		if (!param)
			tell_unknown(dag, name, faults);
		else if (schema_check(param->schema, value, &err) < 0)
			tell(faults, name, "validation", err.text);
		else
			json_object_set(all, name, value);
	}
}

static void take_defaults(const struct dag *dag, const json_t *given, json_t *all,
                          struct faults *faults)
{
	for (size_t i = 0; i < dag->param_count; i++) {
		const struct dag_param *param = &dag->params[i];

		if (given && json_object_get(given, param->name))
			continue;
		if (param->fallback)
			json_object_set(all, param->name, param->fallback);
		else
			tell(faults, param->name, "required", "must be given, it has no default");
	}
}

json_t *dag_params_complete(const struct dag *dag, const json_t *given, json_t *faults,
                            struct err *err)
{
	struct faults found = {.list = faults, .err = err};
	json_t *all;

	if (given && !json_is_object(given)) {
		err_set(err, ERR_INVALID, "the parameters must be an object");
		return NULL;
	}
	all = json_object();
	take_given(dag, given, all, &found);
	take_defaults(dag, given, all, &found);
	if (!found.count && json_dumpb(all, NULL, 0, JSON_COMPACT) <= LIMIT_START_FRAME_BYTES)
		return all;
	json_decref(all);
	if (!found.count)
		err_set(err, ERR_LIMIT, "the parameters are longer than %d bytes",
		        LIMIT_START_FRAME_BYTES);
	if (found.count > 1) {
		struct err first = *err;

		err_set(err, ERR_INVALID, "%.200s (and %zu more)", first.text, found.count - 1);
	}
	return NULL;
}

json_t *dag_params_json(const struct dag *dag)
{
	json_t *schemas = json_object();

	for (size_t i = 0; i < dag->param_count; i++)
		json_object_set(schemas, dag->params[i].name, dag->params[i].schema);
	return schemas;
}

static int refuse_unknown(const json_t *schemas, const char *name, struct err *err)
{
	const char *names[LIMIT_DAG_PARAMS], *key, *nearest;
	json_t *schema;
	size_t count = 0;

	json_object_foreach((json_t *)(uintptr_t)schemas, key, schema)
	{
		if (count < countof(names))
			names[count++] = key;
	}
	nearest = str_nearest(name, names, count);
	if (nearest)
		return err_set(err, ERR_USAGE, "unknown parameter '%s', did you mean '%s'?", name,
		               nearest);
	return err_set(err, ERR_USAGE, "unknown parameter '%s'", name);
}

int dag_params_set(const json_t *schemas, const char *text, json_t *given, struct err *err)
{
	const char *equals = strchr(text, '=');
	auto_free char *name = NULL;
	const json_t *schema;
	json_t *value;

	if (!equals || equals == text)
		return err_set(err, ERR_USAGE, "'%.64s' is not key=value", text);
	name = mem_strndup(text, (size_t)(equals - text));
	schema = json_object_get(schemas, name);
	if (!schema)
		return refuse_unknown(schemas, name, err);
	value = schema_value(schema, equals + 1, err);
	if (!value || schema_check(schema, value, err) < 0) {
		json_decref(value);
		err->code = ERR_USAGE;
		return err_prefix(err, "parameter '%s'", name);
	}
	json_object_set_new(given, name, value);
	return 0;
}
