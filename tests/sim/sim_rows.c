/* sim_rows.c - the rows that effects announce, and back again */
#include "tests/sim/sim_rows.h"

#include <stdlib.h>

#include "lib/mem.h"
#include "lib/vec.h"
#include "tests/sim/invariants.h"

void sim_rows_free(struct sim_run *run)
{
	dag_release(run->dag);
	vec_release(&run->rows);
	free(run);
}

static struct sim_run *find_run(struct sim *sim, int64_t id)
{
	vec_foreach(struct sim_run **, run, &sim->runs) {
		if ((*run)->id == id)
			return *run;
	}
	invariants_fail(sim, "run %lld was never announced", (long long)id);
}

static void write_row(struct sim_row *row, const struct instance *instance)
{
	row->due_us = instance->timer.due_us;
	row->row = (struct engine_restored_instance){
		.id = instance->id,
		.task = instance->node->task->index,
		.map_index = instance->map_index,
		.state = instance->state,
		.attempt = instance->attempt,
		.cause = instance->cause,
		.attempt_id = instance->attempt_id,
		.fence = instance->fence,
		.used_us = instance->used_us,
		.number = instance->number,
		.tries = instance->tries,
		.lost = instance->lost,
		.clears = instance->clears,
		.cancel = instance->cancel,
		.clear = (instance->flags & INSTANCE_CLEAR) != 0,
	};
}

static struct sim_run *insert_run(struct sim *sim, const struct run *run)
{
	struct sim_run *known = mem_alloc(sizeof(*known));
	uint32_t task = 0, item = 0;
	const struct instance *instance;

	known->id = run->id;
	known->dag = dag_reference(run->dag);
	while ((instance = run_next(run, &task, &item)))
		write_row(vec_push(&known->rows), instance);
	*vec_push(&sim->runs) = known;
	return known;
}

void sim_rows_write_run(struct sim *sim, const struct run *run)
{
	struct sim_run *known =
		run->flags & RUN_IS_KNOWN ? find_run(sim, run->id) : insert_run(sim, run);

	known->state = run->state;
	known->cancel = run->cancel;
	known->started_us = run->started_us;
}

struct sim_row *sim_rows_find(struct sim *sim, int64_t run, int64_t instance)
{
	vec_foreach(struct sim_row *, row, &find_run(sim, run)->rows) {
		if (row->row.id == instance)
			return row;
	}
	invariants_fail(sim, "row %lld was never announced", (long long)instance);
}

void sim_rows_write_instance(struct sim *sim, const struct instance *instance)
{
	struct sim_run *run = find_run(sim, instance->node->run->id);

	if (instance->flags & INSTANCE_NEW) {
		write_row(vec_push(&run->rows), instance);
		return;
	}
	write_row(sim_rows_find(sim, run->id, instance->id), instance);
}

static int by_task(const void *a, const void *b)
{
	const struct engine_restored_instance *left = &((const struct sim_row *)a)->row;
	const struct engine_restored_instance *right = &((const struct sim_row *)b)->row;

	if (left->task != right->task)
		return left->task < right->task ? -1 : 1;
	return left->map_index < right->map_index ? -1 : 1;
}

/* Behind the rows there are: those of tasks that have none. */
static size_t add_new(struct sim *sim, const struct sim_run *run,
                      struct engine_restored_instance *rows)
{
	size_t count = run->rows.count;

	for (uint32_t t = 0; t < run->dag->task_count; t++) {
		int is_known = 0;

		for (size_t i = 0; i < run->rows.count; i++)
			is_known |= rows[i].task == t;
		if (!is_known)
			rows[count++] =
				(struct engine_restored_instance){.id = sim->next_instance_id++,
			                                          .task = t,
			                                          .map_index = -1,
			                                          .is_new = 1};
	}
	return count;
}

void sim_rows_restore(struct sim *sim, const struct sim_run *run)
{
	struct engine_restored_instance *rows =
		mem_array(run->rows.count + run->dag->task_count, sizeof(*rows));
	struct engine_restored_run restored = {
		.id = run->id,
		.name = "run",
		.dag = run->dag,
		.state = run->state,
		.cancel = run->cancel,
		.elapsed_us = sim->now_us - run->started_us,
		.instances = rows,
	};

	qsort(run->rows.items, run->rows.count, sizeof(*run->rows.items), by_task);
	for (size_t i = 0; i < run->rows.count; i++) {
		rows[i] = run->rows.items[i].row;
		rows[i].wait_us = run->rows.items[i].due_us - sim->now_us;
	}
	restored.instance_count = (uint32_t)add_new(sim, run, rows);
	if (engine_restore_run(sim->engine, &restored, sim->now_us) != ENGINE_OK)
		invariants_fail(sim, "a run could not be restored");
	free(rows);
}

void sim_rows_change_version(struct sim *sim, int64_t id, struct dag *dag)
{
	struct sim_run *run = find_run(sim, id);
	size_t kept = 0;

	for (size_t i = 0; i < run->rows.count; i++) {
		const struct engine_restored_instance *row = &run->rows.items[i].row;

		if (row->task < dag->task_count &&
		    (row->map_index < 1 || (dag->tasks[row->task].flags & DAG_MAPPED)))
			run->rows.items[kept++] = run->rows.items[i];
	}
	run->rows.count = kept;
	dag_release(run->dag);
	run->dag = dag_reference(dag);
	sim_rows_restore(sim, run);
}
