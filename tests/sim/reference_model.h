/* reference_model.h - what the reference remembers, and plain questions about it
 *
 * For reference*.c alone.
 */
#ifndef TESTS_SIM_REFERENCE_MODEL_H
#define TESTS_SIM_REFERENCE_MODEL_H

#include "tests/sim/reference.h"

#define REF_MOST_ITEMS 16

struct ref_item {
	struct ref_node *node;
	enum task_state state;
	enum attempt_state attempt;
	enum cause cause, cancel;
	int64_t attempt_id, fence, used_us, started_us, due_us;
	uint64_t due_order, age;
	uint32_t number, tries, lost, clears;
	int32_t map_index;
	int clear;
};

struct ref_node {
	struct ref_run *run;
	const struct dag_task *task;
	struct ref_item items[REF_MOST_ITEMS];
	uint32_t allocated, count;
	int collapse;
};

struct ref_run {
	int64_t id;
	struct dag *dag;
	enum run_state state;
	enum cause cancel;
	int64_t started_us, due_us;
	uint64_t due_order, place;
	struct ref_node *nodes;
};

struct ref_setting {
	char *name;
	int64_t value;
};

/* The last one of a name counts. */
struct ref_settings {
	struct ref_setting *items;
	size_t count, capacity;
};

struct reference {
	struct reference_rim rim;
	uint32_t max_lost;
	uint64_t random;
	int64_t now_us, next_attempt_id;
	uint64_t age, due_order, place;
	struct ref_settings pools, queues, paused;
	struct {
		struct ref_run **items;
		size_t count, capacity;
	} runs;
	struct {
		struct ref_node **items;
		size_t count, capacity;
	} settled;
	struct {
		struct ref_run **items;
		size_t count, capacity;
	} ended;
};

struct ref_due {
	int64_t due_us;
	uint64_t order;
	struct ref_item *item; /* or else: */
	struct ref_run *run;
};

struct ref_walk {
	size_t run;
	uint32_t task, item;
};

#define item_foreach(ref, item)                                                                    \
	for (struct ref_walk walk_##item = {0}; ((item) = reference_model_next(ref, &walk_##item));)

struct ref_item *reference_model_next(const struct reference *ref, struct ref_walk *walk);
struct ref_run *reference_model_run(const struct reference *ref, int64_t id);
int reference_model_finished(const struct ref_item *item);
int reference_model_live(const struct ref_item *item);
int reference_model_done(const struct ref_run *run);
int64_t reference_model_setting(const struct ref_settings *settings, const char *name,
                                int64_t otherwise);
void reference_model_set(struct ref_settings *settings, const char *name, int64_t value);

/* What is due first; due_us is TIMER_NEVER when nothing is. */
struct ref_due reference_model_next_due(const struct reference *ref);

/* The changes. */
void reference_model_state(struct reference *ref, struct ref_item *item, enum task_state to,
                           enum cause cause);
void reference_model_due(struct reference *ref, struct ref_item *item, int64_t due_us);

#endif
