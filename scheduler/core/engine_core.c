/* engine_core.c - what the parts of the engine share */
#include "scheduler/core/engine_core.h"

#include "lib/mem.h"

struct line *engine_core_line(struct engine *engine, const char *dag)
{
	struct line *line = map_get(&engine->lines, dag);

	if (!line) {
		line = mem_alloc(sizeof(*line));
		line->dag = mem_strdup(dag);
		map_set(&engine->lines, line->dag, line);
	}
	return line;
}

static struct lane *lane_of(struct engine *engine, struct run *run, uint32_t task)
{
	const struct dag_task *this = &run->dag->tasks[task];

	/* most tasks wait where the one before them does */
	if (task > 0 && this[-1].pool == this->pool && this[-1].worker_queue == this->worker_queue)
		return run->nodes[task - 1].lane;
	return ready_lane(&engine->ready, this->pool, this->worker_queue);
}

void engine_core_adopt(struct engine *engine, struct run *run)
{
	idmap_set(&engine->runs, run->id, run);
	run->line = engine_core_line(engine, run->dag->name);
	for (uint32_t i = 0; i < run->dag->task_count; i++)
		run->nodes[i].lane = lane_of(engine, run, i);
	engine_core_list(run);
}

void engine_core_list(struct run *run)
{
	struct line *line = run->line;

	run->next = run->previous = NULL;
	if (run->state == RUN_QUEUED) {
		run->previous = line->last_queued;
		*(line->last_queued ? &line->last_queued->next : &line->queued) = run;
		line->last_queued = run;
	} else if (run->state == RUN_RUNNING) {
		run->next = line->running;
		if (run->next)
			run->next->previous = run;
		line->running = run;
		line->running_count++;
	}
}

void engine_core_unlist(struct run *run)
{
	struct line *line = run->line;

	if (state_run_is_finished(run->state))
		return;
	if (run->previous)
		run->previous->next = run->next;
	else if (run->state == RUN_QUEUED)
		line->queued = run->next;
	else
		line->running = run->next;
	if (run->next)
		run->next->previous = run->previous;
	else if (run->state == RUN_QUEUED)
		line->last_queued = run->previous;
	line->running_count -= run->state == RUN_RUNNING;
}
