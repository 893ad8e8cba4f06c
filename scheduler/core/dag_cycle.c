/* dag_cycle.c - tasks that wait for each other in a circle */
#include "scheduler/core/dag_cycle.h"

#include <stdlib.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "lib/str.h"

enum {
	SHOWN = 20, /* tasks of a circle that are named */
	NEVER = 0,
};

/* Takes away every task whose upstreams are all taken away; counts what is left. `missing` holds,
 * for each task that is left, how many of its upstreams are too. */
static uint32_t peel(const struct dag *dag, uint32_t *missing)
{
	uint32_t *ready = mem_array((size_t)dag->task_count + 1, sizeof(*ready));
	uint32_t taken = 0, found = 0;

	for (uint32_t i = 0; i < dag->task_count; i++) {
		missing[i] = dag->tasks[i].upstream_count;
		if (!missing[i])
			ready[found++] = i;
	}
	while (taken < found) {
		const struct dag_task *task = &dag->tasks[ready[taken++]];

		for (uint32_t j = 0; j < task->downstream_count; j++) {
			if (--missing[task->downstream[j]] == 0)
				ready[found++] = task->downstream[j];
		}
	}
	free(ready);
	return dag->task_count - found;
}

/* An upstream that is left too: every task that is left has one. */
static uint32_t step_up(const struct dag *dag, const uint32_t *missing, uint32_t at)
{
	const struct dag_task *task = &dag->tasks[at];

	for (uint32_t j = 0; j < task->upstream_count; j++) {
		if (missing[task->upstream[j]])
			return task->upstream[j];
	}
	return at;
}

/* Where the name of `needed` stands in the task's `needs`. */
static const struct yaml_node *place_of(const struct dag_task *task, const char *needed)
{
	const struct yaml_node *needs = yaml_get(task->node, "needs");

	for (size_t i = 0; i < needs->as.list.count; i++) {
		const struct yaml_node *item = needs->as.list.items[i];

		if (item->text && str_equal(item->text, needed))
			return item;
	}
	return needs;
}

static void tell(struct dag_file *file, const uint32_t *missing, uint32_t start)
{
	const struct dag *dag = file->dag;
	auto_buf struct buf text = {0};
	uint32_t at = start, count = 0;

	do {
		uint32_t next = step_up(dag, missing, at);

		if (count++ < SHOWN)
			buf_printf(&text, "%s'%s' needs '%s'", count > 1 ? ", " : "",
			           dag->tasks[at].name, dag->tasks[next].name);
		at = next;
	} while (at != start);
	if (count > SHOWN)
		buf_printf(&text, " and so on through %u tasks", count);
	yaml_error(dag->yaml,
	           place_of(&dag->tasks[start], dag->tasks[step_up(dag, missing, start)].name),
	           file->errors, "tasks wait for each other in a circle: %s", buf_string(&text));
}

/* The task of the circle through `at` that comes first in the file. */
static uint32_t first_of(const struct dag *dag, const uint32_t *missing, uint32_t at)
{
	uint32_t first = at;

	for (uint32_t next = step_up(dag, missing, at); next != at;
	     next = step_up(dag, missing, next))
		first = next < first ? next : first;
	return first;
}

void dag_cycle_check(struct dag_file *file)
{
	const struct dag *dag = file->dag;
	uint32_t *missing = mem_array((size_t)dag->task_count + 1, sizeof(*missing));
	uint32_t left = peel(dag, missing), at = 0;

	while (left && missing[at] == NEVER)
		at++;
	/* after as many steps as there are tasks left one stands inside a circle */
	for (uint32_t i = 0; i < left; i++)
		at = step_up(dag, missing, at);
	if (left)
		tell(file, missing, first_of(dag, missing, at));
	free(missing);
}
