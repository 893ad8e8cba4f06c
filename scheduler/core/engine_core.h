/* engine_core.h - what the parts of the engine share
 *
 * For engine*.c alone.
 */
#ifndef SCHEDULER_CORE_ENGINE_CORE_H
#define SCHEDULER_CORE_ENGINE_CORE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/map.h"
#include "scheduler/core/effects.h"
#include "scheduler/core/engine.h"
#include "scheduler/core/idmap.h"
#include "scheduler/core/ready.h"
#include "scheduler/core/timer.h"

/* The runs of one DAG, by its name. A finished run is in neither list. */
struct line {
	char *dag;
	struct run *queued, *last_queued; /* in the order they will start */
	struct run *running;
	uint32_t running_count;
	int paused;
};

struct engine {
	struct engine_settings settings;
	int64_t now_us;
	int64_t next_attempt_id;
	uint64_t random;
	struct idmap runs;     /* struct run by id */
	struct idmap attempts; /* struct instance by the id of its live attempt */
	struct map lines;
	struct ready ready;
	struct timers timers;
	/* Lines of runs restored since the last tick: some may have a place free. */
	struct {
		struct line **items;
		size_t count, capacity;
	} restored;
	/* During a step: where its effects go, and what it has yet to follow up. */
	struct effects *effects;
	struct {
		struct instance **items;
		size_t count, capacity;
	} settled; /* just finished */
	size_t settled_done;
	struct {
		struct run **items;
		size_t count, capacity;
	} ended; /* nothing unfinished */
	size_t ended_done;
};

/* The line of a DAG, made when it is new. */
struct line *engine_core_line(struct engine *engine, const char *dag);
/* Makes a new or restored run, whose state is set, known to the engine. */
void engine_core_adopt(struct engine *engine, struct run *run);
/* Into the list of its line that its state says, and out of it. */
void engine_core_list(struct run *run);
void engine_core_unlist(struct run *run);

#endif
