/* event.h - what can happen to the engine
 *
 * Plain values; names and arrays are borrowed for the call. Runs and attempts are named by the ids of
 * their rows. Durations are microseconds. Late, doubled and unknown messages are answered, not
 * errors: see enum engine_answer.
 */
#ifndef SCHEDULER_CORE_EVENT_H
#define SCHEDULER_CORE_EVENT_H

#include <stdint.h>

#include "scheduler/core/run.h"

enum event_type {
	EVENT_RUN_CREATED, /* created */
	EVENT_STARTED,     /* attempt: its operator has begun */
	EVENT_FINISHED, /* finished; also when the rim could not start it or its runner crashed */
	EVENT_LOST,     /* lost: its runner is gone and nothing of it runs any more */
	EVENT_RETURNED, /* attempt: recalled in time, it never began */
	EVENT_TICK,     /* time has passed: fire what is due */
	EVENT_WAKE, /* instance: look again now (up_for_reschedule, awaiting_input, up_for_retry) */
	EVENT_CANCEL,   /* cancel: a run, or one instance of it */
	EVENT_CLEAR,    /* clear */
	EVENT_MARK,     /* mark: instances that are finished */
	EVENT_MARK_RUN, /* mark_run: a run that is finished; its tasks stay as they are */
	EVENT_POOL,     /* pool: so many slots; READY_NO_SLOTS when it is gone */
	EVENT_CAPACITY, /* pool, of a worker queue: attempts it may hold in all; 0 when no worker is there */
	EVENT_PAUSE, /* pause: of a DAG; its queued runs wait, running ones go on */
	EVENT_COUNT,
};

/* The words of the wire. */
enum finish_status {
	FINISH_OK,
	FINISH_SKIP,
	FINISH_AGAIN, /* call it again after again_after_us; not a try, number and log are kept */
	FINISH_AWAIT, /* call it again when woken; as AGAIN otherwise */
	FINISH_FAIL,  /* for good */
	FINISH_RETRY, /* failed, or crashed: tried again while `retries` last */
	FINISH_CANCELLED, /* obeyed a cancel effect; unasked it counts as FAIL */
};

enum {
	LOST_PLANNED = 1 << 0, /* our own stop: not counted against max_lost */
};

enum {
	CLEAR_DOWNSTREAM = 1 << 0,
	CLEAR_ONLY_FAILED = 1 << 1, /* failed, upstream_failed and cancelled ones */
	CLEAR_DRY_RUN = 1 << 2,     /* list them in the effects' `selected`, change nothing */
};

#define EVENT_ALL_TASKS UINT32_MAX
#define EVENT_ALL_ITEMS INT32_MIN

struct event_created {
	int64_t run;
	const char *name; /* its run_id; copied */
	struct dag *dag;  /* the engine takes a reference of its own */
	/* The instance of task i has the id first_instance + i. */
	int64_t first_instance;
	void *context; /* run->context */
};

struct event_attempt {
	int64_t id;
	int64_t fence;
};

struct event_finished {
	int64_t id;
	int64_t fence;
	enum finish_status status;
	int64_t again_after_us;
};

struct event_lost {
	int64_t id;
	int64_t fence;
	uint32_t flags;
};

struct event_instance {
	int64_t run;
	uint32_t task;     /* EVENT_ALL_TASKS: the whole run, where that makes sense */
	int32_t map_index; /* EVENT_ALL_ITEMS: every one */
};

struct event_clear {
	int64_t run;
	const uint32_t *tasks; /* none: all of them */
	uint32_t task_count;
	uint32_t flags;
};

struct event_mark {
	struct event_instance what;
	enum task_state state; /* success, failed or skipped */
};

struct event_mark_run {
	int64_t run;
	enum run_state state; /* success or failed */
};

struct event_slots {
	const char *name;
	int64_t slots;
};

struct event_pause {
	const char *dag;
	int paused;
};

struct event {
	enum event_type type;
	union {
		struct event_created created;
		struct event_attempt attempt;
		struct event_finished finished;
		struct event_lost lost;
		struct event_instance instance; /* WAKE, CANCEL */
		struct event_clear clear;
		struct event_mark mark;
		struct event_mark_run mark_run;
		struct event_slots pool; /* POOL, CAPACITY */
		struct event_pause pause;
	};
};

#endif
