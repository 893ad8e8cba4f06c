/* run.c - one run in the engine's memory: its nodes and task instances */
#include "scheduler/core/run.h"

#include <stdlib.h>
#include <string.h>

#include "lib/limits.h"
#include "lib/mem.h"

static void instance_init(struct instance *instance, struct node *node, int64_t id,
                          int32_t map_index)
{
	instance->node = node;
	instance->id = id;
	instance->map_index = map_index;
	instance->timer.kind = TIMER_INSTANCE;
}

struct run *run_new(int64_t id, const char *name, struct dag *dag, int64_t first_id)
{
	struct run *run = mem_alloc(sizeof(*run));
	struct instance *instances;

	arena_init(&run->arena);
	run->id = id;
	run->name = arena_strdup(&run->arena, name);
	run->dag = dag_reference(dag);
	run->timer.kind = TIMER_RUN;
	run->unfinished = dag->task_count;
	run->nodes = arena_array(&run->arena, dag->task_count, sizeof(*run->nodes));
	instances = arena_array(&run->arena, dag->task_count, sizeof(*instances));
	for (uint32_t i = 0; i < dag->task_count; i++) {
		struct node *node = &run->nodes[i];

		node->run = run;
		node->task = &dag->tasks[i];
		node->first = &instances[i];
		node->count = 1;
		node->upstream.total = dag->tasks[i].upstream_count;
		instance_init(&instances[i], node, first_id + i, -1);
	}
	return run;
}

void run_free(struct run *run)
{
	if (!run)
		return;
	dag_release(run->dag);
	arena_release(&run->arena);
	free(run);
}

struct instance *run_item(const struct node *node, uint32_t item)
{
	return item == 0 ? node->first : node->more[item - 1];
}

struct instance *run_instance(const struct run *run, uint32_t task, int32_t map_index)
{
	const struct node *node;

	if (task >= run->dag->task_count)
		return NULL;
	node = &run->nodes[task];
	if (map_index == node->first->map_index)
		return node->first;
	if (map_index < 1 || (uint32_t)map_index >= node->count)
		return NULL;
	return node->more[map_index - 1];
}

struct instance *run_next(const struct run *run, uint32_t *task, uint32_t *item)
{
	if (*task<run->dag->task_count && * item> run->nodes[*task].more_count) {
		++*task;
		*item = 0;
	}
	return *task < run->dag->task_count ? run_item(&run->nodes[*task], (*item)++) : NULL;
}

void run_grow(struct node *node, uint32_t count, int64_t first_new_id)
{
	struct arena *arena = &node->run->arena;
	struct instance **more = arena_array(arena, count - 1, sizeof(struct instance *));
	uint32_t fresh_count = count - 1 - node->more_count;
	struct instance *fresh = arena_array(arena, fresh_count, sizeof(*fresh));

	if (node->more_count)
		memcpy(more, node->more, node->more_count * sizeof(struct instance *));
	for (uint32_t i = 0; i < fresh_count; i++) {
		uint32_t at = node->more_count + i;

		instance_init(&fresh[i], node, first_new_id + i, (int32_t)at + 1);
		fresh[i].flags = node->run->flags & RUN_IS_KNOWN ? INSTANCE_NEW : 0;
		more[at] = &fresh[i];
	}
	node->run->unfinished += fresh_count;
	node->more = more;
	node->more_count = count - 1;
}

int run_is_id(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_.~:+-";
	size_t size = strspn(text, letters);

	return size > 0 && size <= LIMIT_NAME_BYTES && !text[size];
}
