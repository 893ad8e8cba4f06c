/* run_info.c - what the service knows of a run beside the engine */
#include "scheduler/service/run_info.h"

#include <stdlib.h>

#include "lib/mem.h"
#include "lib/timestamp.h"
#include "scheduler/service/map_info.h"

struct run_info *run_info_new(const struct dag *dag, const char *run_id, json_t *params)
{
	struct run_info *info = mem_alloc(sizeof(*info));

	info->run_id = mem_strdup(run_id);
	info->type = mem_strdup("manual");
	info->note = mem_strdup("");
	info->by = mem_strdup("");
	info->params = json_incref(params);
	info->logical_us = info->interval_start_us = info->interval_end_us = RUN_INFO_NO_DATE;
	info->count = dag->task_count;
	info->tasks = mem_array(info->count, sizeof(*info->tasks));
	return info;
}

void run_info_release_instance(struct instance_info *instance)
{
	json_decref(instance->outputs);
	free(instance->reason);
	free(instance->resume);
}

void run_info_free(struct run_info *info)
{
	if (!info)
		return;
	if (info->link) {
		*info->link = info->next;
		if (info->next)
			info->next->link = info->link;
	}
	for (uint32_t i = 0; i < info->count; i++) {
		run_info_release_instance(&info->tasks[i].first);
		map_info_free(info->tasks[i].map);
	}
	free(info->tasks);
	free(info->run_id);
	free(info->type);
	free(info->note);
	free(info->by);
	free(info->object);
	free(info->key);
	json_decref(info->params);
	json_decref(info->scope);
	free(info);
}

void run_info_link(struct run_info **list, struct run_info *info)
{
	info->next = *list;
	info->link = list;
	if (info->next)
		info->next->link = &info->next;
	*list = info;
}

struct run_info *run_info_of(const struct run *run)
{
	return run->context;
}

struct instance_info *run_info_instance(const struct instance *instance)
{
	return run_info_item(run_info_of(instance->node->run), instance->node->task->index,
	                     instance->map_index);
}

struct instance_info *run_info_item(struct run_info *info, uint32_t task, int32_t map_index)
{
	return map_index < 1 ? &info->tasks[task].first : map_info_item(info, task, map_index);
}

static void set_word(char **text, const char *value)
{
	free(*text);
	*text = mem_strdup(value ? value : "");
}

void run_info_set_type(struct run_info *info, const char *type)
{
	set_word(&info->type, type);
}

void run_info_set_note(struct run_info *info, const char *note)
{
	set_word(&info->note, note);
}

void run_info_set_by(struct run_info *info, const char *by)
{
	set_word(&info->by, by);
}

void run_info_set_text(char **text, const char *value)
{
	free(*text);
	*text = value && *value ? mem_strdup(value) : NULL;
}

static json_t *date(int64_t moment_us)
{
	char text[TIMESTAMP_SIZE];

	if (moment_us == RUN_INFO_NO_DATE)
		return json_null();
	timestamp_format_short(moment_us, text);
	return json_string(text);
}

static json_t *make_scope(const struct run *run)
{
	const struct run_info *info = run_info_of(run);

	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:s, s:s?}", "id", info->run_id, "dag",
	                 run->dag->name, "logical_date", date(info->logical_us), "interval_start",
	                 date(info->interval_start_us), "interval_end", date(info->interval_end_us),
	                 "type", info->type, "object", info->object);
}

/* `{"state", "outputs"}` of a task of the same run. */
static json_t *look_up_task(void *context, const char *name, struct err *err)
{
	const struct run_info_scope *scope = context;
	const struct dag_task *task = dag_task(scope->run->dag, name);
	const struct node *node;
	json_t *outputs = NULL;

	if (!task) {
		err_set(err, ERR_INVALID, "there is no task '%s'", name);
		return NULL;
	}
	node = &scope->run->nodes[task->index];
	if (task->flags & DAG_MAPPED)
		return map_info_result(node);
	if (node->first->state == TASK_SUCCESS)
		outputs = run_info_instance(node->first)->outputs;
	return json_pack("{s:s, s:o}", "state", state_task_name(node->first->state), "outputs",
	                 outputs ? json_incref(outputs) : json_object());
}

void run_info_scope(struct run_info_scope *scope, const struct instance *instance, json_t *vars)
{
	const struct run *run = instance->node->run;
	struct run_info *info = run_info_of(run);

	if (!info->scope)
		info->scope = make_scope(run);
	*scope = (struct run_info_scope){
		.scope = {.params = info->params,
	                  .run = info->scope,
	                  .vars = vars,
	                  .item = map_info_value(info, instance->node->task->index,
	                                         instance->map_index),
	                  .index = instance->map_index,
	                  .task = look_up_task,
	                  .context = scope},
		.run = run,
	};
}
