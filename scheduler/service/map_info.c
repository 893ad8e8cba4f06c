/* map_info.c - what the service knows of a mapped task beside the engine */
#include "scheduler/service/map_info.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

struct map_info {
	json_t *items;              /* array; NULL: there is none */
	char *fault;                /* why there is none; heap */
	json_t *result;             /* of map_info_result(), once all items are finished */
	struct instance_info *more; /* items 1…; item 0 is the task's own */
	uint32_t more_count;
};

static struct map_info *map_of(struct run_info *info, uint32_t task)
{
	struct task_info *owner = &info->tasks[task];

	if (!owner->map)
		owner->map = mem_alloc(sizeof(*owner->map));
	return owner->map;
}

void map_info_set(struct run_info *info, uint32_t task, json_t *items, const char *fault)
{
	struct map_info *map = map_of(info, task);

	json_decref(map->items);
	map->items = items;
	run_info_set_text(&map->fault, fault);
}

const char *map_info_fault(const struct run_info *info, uint32_t task)
{
	const struct map_info *map = info->tasks[task].map;

	return map ? map->fault : NULL;
}

json_t *map_info_value(const struct run_info *info, uint32_t task, int32_t map_index)
{
	const struct map_info *map = info->tasks[task].map;

	return map && map_index >= 0 ? json_array_get(map->items, (size_t)map_index) : NULL;
}

/* As many as there are in the list at once; behind its end come items of a longer one before. */
struct instance_info *map_info_item(struct run_info *info, uint32_t task, int32_t map_index)
{
	struct map_info *map = map_of(info, task);
	uint32_t at = (uint32_t)map_index - 1;
	uint32_t count = (uint32_t)json_array_size(map->items);

	if (at < map->more_count)
		return &map->more[at];
	if (count < at + 1)
		count = at + 1 + at / 2;
	map->more = mem_resize(map->more, count, sizeof(*map->more));
	memset(map->more + map->more_count, 0, (count - map->more_count) * sizeof(*map->more));
	map->more_count = count;
	return &map->more[at];
}

/* --- what expressions see --- */

static enum task_state state_of(const uint32_t counts[TASK_STATE_COUNT], uint32_t unfinished)
{
	static const enum task_state ends[] = {TASK_FAILED, TASK_UPSTREAM_FAILED, TASK_CANCELLED,
	                                       TASK_SUCCESS};

	if (unfinished)
		return counts[TASK_NONE] == unfinished ? TASK_NONE : TASK_RUNNING;
	for (size_t i = 0; i < countof(ends); i++) {
		if (counts[ends[i]])
			return ends[i];
	}
	return TASK_SKIPPED;
}

/* A list for each key that any item has; null where an item has it not. */
static void add_outputs(json_t *lists, json_t *outputs, uint32_t item)
{
	const char *key;
	json_t *value;

	json_object_foreach(outputs, key, value)
	{
		json_t *list = json_object_get(lists, key);

		if (!list) {
			list = json_array();
			json_object_set_new(lists, key, list);
		}
		while (json_array_size(list) < item)
			json_array_append_new(list, json_null());
		json_array_append(list, value);
	}
}

static void fill_up(json_t *lists, uint32_t count)
{
	const char *key;
	json_t *list;

	json_object_foreach(lists, key, list)
	{
		while (json_array_size(list) < count)
			json_array_append_new(list, json_null());
	}
}

static json_t *collect(const struct node *node, int *is_final)
{
	uint32_t counts[TASK_STATE_COUNT] = {0}, unfinished = 0;
	json_t *lists = json_object();

	for (uint32_t i = 0; i < node->count; i++) {
		const struct instance *instance = run_item(node, i);

		counts[instance->state]++;
		unfinished += !state_task_is_finished(instance->state);
		if (instance->state == TASK_SUCCESS && instance->map_index >= 0)
			add_outputs(lists, run_info_instance(instance)->outputs, i);
	}
	fill_up(lists, node->count);
	*is_final = unfinished == 0;
	return json_pack("{s:s, s:o}", "state", state_task_name(state_of(counts, unfinished)),
	                 "outputs", lists);
}

json_t *map_info_result(const struct node *node)
{
	struct map_info *map = map_of(run_info_of(node->run), node->task->index);
	json_t *result;
	int is_final;

	if (map->result)
		return json_incref(map->result);
	result = collect(node, &is_final);
	if (is_final)
		map->result = json_incref(result);
	return result;
}

void map_info_forget_results(struct run_info *info)
{
	for (uint32_t i = 0; i < info->count; i++) {
		struct map_info *map = info->tasks[i].map;

		if (!map)
			continue;
		json_decref(map->result);
		map->result = NULL;
	}
}

void map_info_free(struct map_info *map)
{
	if (!map)
		return;
	for (uint32_t i = 0; i < map->more_count; i++)
		run_info_release_instance(&map->more[i]);
	free(map->more);
	free(map->fault);
	json_decref(map->items);
	json_decref(map->result);
	free(map);
}
