/* explanation.h - why what waits of a run does, one line each
 *
 * The lines of engine_explain() for all that is unfinished, taken at one moment, so that other threads
 * can read them after the engine has gone on. Owns its texts. Pure.
 */
#ifndef SCHEDULER_CORE_EXPLANATION_H
#define SCHEDULER_CORE_EXPLANATION_H

#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "scheduler/core/run.h"

struct explanation_line {
	int64_t instance; /* its id */
	enum task_state state;
	const char *text;
};

struct explanation {
	struct arena arena;
	const char *run; /* why the run waits, NULL: it does not */
	/* by instance */
	struct {
		struct explanation_line *items;
		size_t count, capacity;
	} lines;
};

/* `trouble`: what keeps anything from starting or ending at the moment, NULL: nothing does. */
struct explanation *explanation_new(const struct run *run, int64_t now_us, const char *trouble);
/* NULL is fine. */
void explanation_free(struct explanation *explanation);

/* NULL when nothing is to be said of it, or it has left this state since. */
const char *explanation_find(const struct explanation *explanation, int64_t instance,
                             enum task_state state);

#endif
