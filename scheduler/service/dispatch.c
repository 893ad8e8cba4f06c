/* dispatch.c - from a claimed attempt to its start frame */
#include "scheduler/service/dispatch.h"

#include <stdlib.h>

#include "lib/limits.h"
#include "lib/mask.h"
#include "lib/mem.h"
#include "scheduler/core/template.h"
#include "scheduler/service/log_place.h"
#include "scheduler/service/run_info.h"

/* The caller's side of a scope, for secrets. */
struct asking {
	const struct config *config;
	json_t *secrets; /* array, NULL: secrets have no place here */
};

static json_t *look_up_secret(void *context, const char *name, struct err *err)
{
	const struct run_info_scope *scope = context;
	const struct asking *asking = scope->context;
	auto_buf struct buf value = {0};

	if (config_secret(asking->config, name, &value, err) < 0)
		return NULL;
	mask_add(asking->secrets, buf_string(&value));
	return json_string(buf_string(&value));
}

static char *log_path(const struct config *config, const struct job *job)
{
	auto_buf struct buf name = {0};
	struct buf path = {0};

	log_place_name(job->instance, job->number, &name);
	log_place_path(config, buf_string(&name), &path);
	return buf_take(&path);
}

/* The same for every attempt of one task, so that a retry finds what was loaded; a clear loads anew. */
static char *load_id(struct arena *arena, const struct instance *instance)
{
	const struct run *run = instance->node->run;
	const char *base = arena_printf(arena, "%s/%s/%s/%d", run->dag->name, run->name,
	                                instance->node->task->name, (int)instance->map_index);

	return instance->clears ? arena_printf(arena, "%s~%u", base, (unsigned)instance->clears)
	                        : arena_strdup(arena, base);
}

static void fill_names(struct wire_start *start, const struct job *job)
{
	const struct instance *instance = job->instance;
	const struct run *run = instance->node->run;
	const struct run_info *info = run_info_of(run);

	start->dag = run->dag->name;
	start->run_id = run->name;
	start->task = instance->node->task->name;
	start->operator= instance->node->task->operator;
	start->map_index = instance->map_index;
	start->number = job->number;
	start->timeout_ms = instance->node->task->timeout_ms;
	start->logical_us = info->logical_us;
	start->interval_start_us = info->interval_start_us;
	start->interval_end_us = info->interval_end_us;
	start->resume = run_info_instance(instance)->resume;
}

/* null: none, as if the key were not there. */
static int render_target(const struct template *target, const struct expr_scope *scope,
                         struct wire_start *start, struct arena *arena, struct err *err)
{
	auto_json json_t *value = template_render(target, scope, err);

	if (!value)
		return err_prefix(err, "target");
	if (json_is_string(value) && json_string_length(value) <= LIMIT_URI_BYTES)
		start->target = arena_strdup(arena, json_string_value(value));
	else if (json_is_string(value))
		return err_set(err, ERR_LIMIT, "target: a URI is at most %d bytes long",
		               LIMIT_URI_BYTES);
	else if (!json_is_null(value))
		return err_set(err, ERR_INVALID, "target: must be a URI, not %s",
		               expr_eval_type_name(value));
	return 0;
}

int dispatch_prepare(const struct config *config, struct job *job, struct wire_start *start,
                     struct arena *arena, struct err *err)
{
	struct asking asking = {config, json_array()};
	const struct dag_task *task = job->instance->node->task;
	struct run_info_scope scope;

	run_info_scope(&scope, job->instance, config_json(config, CONFIG_VARS));
	scope.scope.secret = look_up_secret;
	scope.context = &asking;
	json_decref(job->secrets);
	job->secrets = asking.secrets;
	if (task->target && render_target(task->target, &scope.scope, start, arena, err) < 0)
		return -1;
	start->params = task->with ? template_render(task->with, &scope.scope, err) : json_object();
	if (!start->params)
		return -1;
	if (!job->log)
		job->log = log_path(config, job);
	fill_names(start, job);
	start->secrets = job->secrets;
	start->log = job->log;
	start->log_cap = config_int(config, CONFIG_LOGS_MAX_SIZE);
	start->load_id = load_id(arena, job->instance);
	return 0;
}

int dispatch_when(const struct config *config, const struct instance *instance, struct err *err)
{
	struct run_info_scope scope;
	json_t *value;
	int truth;

	run_info_scope(&scope, instance, config_json(config, CONFIG_VARS));
	value = expr_eval(instance->node->task->when, &scope.scope, err);
	if (!value)
		return -1;
	truth = expr_eval_truth(value);
	json_decref(value);
	return truth;
}

json_t *dispatch_items(const struct config *config, const struct instance *instance,
                       struct err *err)
{
	struct run_info_scope scope;
	json_t *items;

	run_info_scope(&scope, instance, config_json(config, CONFIG_VARS));
	items = template_render(instance->node->task->map, &scope.scope, err);
	if (json_is_array(items) && json_array_size(items) <= LIMIT_MAP_ITEMS)
		return items;
	if (json_is_array(items))
		err_set(err, ERR_LIMIT, "the list has %zu items, a task is mapped over %d at most",
		        json_array_size(items), LIMIT_MAP_ITEMS);
	else if (items)
		err_set(err, ERR_INVALID, "needs a list, not %s", expr_eval_type_name(items));
	json_decref(items);
	return NULL;
}
