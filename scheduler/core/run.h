/* run.h - one run in the engine's memory: its nodes and task instances
 *
 * A node is one task of the run; its instances are the task itself or, when it is mapped, one per
 * item. All of it is owned by the engine and dies with engine_forget(). Others may read every field
 * between two calls of engine_step() and write none; only `context` is the caller's. An instance
 * never moves. Times are microseconds of the engine's clock (engine.h). One thread.
 */
#ifndef SCHEDULER_CORE_RUN_H
#define SCHEDULER_CORE_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "scheduler/core/dag.h"
#include "scheduler/core/ready.h"
#include "scheduler/core/rule.h"
#include "scheduler/core/state.h"
#include "scheduler/core/timer.h"

/* Why an instance, or a run, is as it is; texts: engine_explain(). */
enum cause {
	CAUSE_NONE,
	CAUSE_TASK, /* as the attempt said when it finished */
	CAUSE_RULE, /* its trigger rule and the states of its upstreams */
	CAUSE_WHEN, /* `when` was false */
	CAUSE_NO_ITEMS,
	CAUSE_TIMEOUT,     /* of the attempt */
	CAUSE_RUN_TIMEOUT, /* of the run */
	CAUSE_PERSON,      /* somebody cancelled it */
	CAUSE_MARK,        /* somebody set its state */
	CAUSE_LOST,        /* lost more than max_lost times */
	CAUSE_BUG,         /* an illegal transition was asked for */
};

enum {
	RUN_IS_CHANGED = 1 << 0, /* is in the effects, not yet cleared from there */
	RUN_IS_KNOWN = 1 << 1,   /* its rows were announced once */
};

enum {
	INSTANCE_CHANGED = 1 << 0,   /* is in the effects, not yet cleared from there */
	INSTANCE_NEW = 1 << 1,       /* an item that joined a known run: insert its row */
	INSTANCE_CLEAR = 1 << 2,     /* back to `none` once its attempt has ended */
	INSTANCE_IS_ACTIVE = 1 << 3, /* counted in node->active */
};

struct instance {
	struct node *node;
	int64_t id;
	int64_t attempt_id; /* of the latest attempt, 0 before the first */
	int64_t fence;      /* grows with every claim and clear */
	struct timer timer; /* retry, reschedule or timeout of the attempt */
	struct ready_link ready;
	int64_t started_us; /* of the current call */
	int64_t used_us; /* by the calls of this attempt that ended in MR_AGAIN; 0: it had none */
	struct instance *next_holder, *previous_holder; /* of slots in the same pool */
	int32_t map_index;                              /* -1 when not mapped */
	uint32_t number; /* of the latest attempt, 0 before the first */
	uint32_t tries;  /* failed ones since the last clear */
	uint32_t lost;   /* since the last clear */
	uint32_t clears;
	uint32_t started_effect; /* index of ATTEMPT_STARTED in the effects, if it is there */
	uint8_t state;           /* enum task_state */
	uint8_t attempt;         /* enum attempt_state of the latest attempt */
	uint8_t cause;           /* enum cause of `state` */
	uint8_t cancel;          /* enum cause: why its attempt is being cancelled, or CAUSE_NONE */
	uint8_t flags;
};

struct node {
	struct run *run;
	const struct dag_task *task;
	struct lane *lane;      /* where its instances wait for pool and worker */
	struct instance *first; /* the task itself; of a mapped one item 0, or −1 */
	struct instance **more; /* items 1…; NULL when never mapped */
	uint32_t more_count;    /* allocated */
	uint32_t count;         /* instances that count now; 1 when not mapped */
	uint32_t active;    /* items of a mapped task that have left `none` and are not finished */
	uint32_t next_item; /* all before it have left `none` */
	struct rule_counters upstream; /* all instances of all upstreams, by state */
	uint8_t collapse; /* was cleared whole: forgets its items once none of them is active */
};

struct run {
	int64_t id;
	const char *name; /* the run_id people see */
	struct dag *dag;
	struct line *line;                 /* the runs of its DAG */
	struct run *next, *previous;       /* in line->queued, or in line->running */
	struct node *nodes;                /* by task index */
	struct timer timer;                /* timeout of the run */
	int64_t started_us;                /* 0 before */
	uint32_t unfinished;               /* instances */
	uint32_t leaves[TASK_STATE_COUNT]; /* instances of tasks without downstream, by state */
	uint8_t state;                     /* enum run_state */
	uint8_t cancel; /* PERSON or RUN_TIMEOUT: it is being cancelled, or ended so; MARK: its state
	                 * is what somebody said */
	uint8_t flags;
	void *context; /* the caller's */
	struct arena arena;
};

/* Instance `item` of a node, counting from 0. */
struct instance *run_item(const struct node *node, uint32_t item);

/* The instance of this task and map index, or NULL; removed items are not found. */
struct instance *run_instance(const struct run *run, uint32_t task, int32_t map_index);

/* All instances of a run, mapped items included: start with *task = *item = 0; NULL at the end. */
struct instance *run_next(const struct run *run, uint32_t *task, uint32_t *item);

/* For the engine alone. The run takes a reference of `dag`. */
struct run *run_new(int64_t id, const char *name, struct dag *dag, int64_t first_id);
void run_free(struct run *run);
/* Makes `node->more` hold at least `count` - 1 items; new ones are `none` and INSTANCE_NEW. */
void run_grow(struct node *node, uint32_t count, int64_t first_new_id);

/* Whether a text can name a run: 1 to LIMIT_NAME_BYTES letters, digits and `_.~:+-`. */
int run_is_id(const char *text);

#endif
