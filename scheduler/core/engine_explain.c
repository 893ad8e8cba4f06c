/* engine_explain.c - one true line for everything that is not running */
#include "lib/compiler.h"
#include "scheduler/core/engine_core.h"

#define MOST_NAMES 3 /* in one line, before `and N more` */

#define BIT(state)  (1U << (state))
#define GOOD_STATES BIT(TASK_SUCCESS)
#define BAD_STATES  (BIT(TASK_FAILED) | BIT(TASK_UPSTREAM_FAILED) | BIT(TASK_CANCELLED))
#define SKIP_STATES (BIT(TASK_SKIPPED) | BIT(TASK_REMOVED))

static void append_span(struct buf *text, int64_t us)
{
	int64_t seconds = us > 0 ? (us + 999999) / 1000000 : 0;

	if (us > 0 && us < 1000000)
		buf_printf(text, "%lld ms", (long long)(us + 999) / 1000);
	else if (seconds < 120)
		buf_printf(text, "%lld s", (long long)seconds);
	else if (seconds < 7200)
		buf_printf(text, "%lld min", (long long)(seconds + 59) / 60);
	else
		buf_printf(text, "%lld h", (long long)(seconds + 3599) / 3600);
}

static void append_name(struct buf *text, const struct instance *instance)
{
	buf_text(text, instance->node->task->name);
	if (instance->map_index >= 0)
		buf_printf(text, "[%d]", (int)instance->map_index);
}

static int has_unfinished(const struct node *node)
{
	for (uint32_t i = 0; i < node->count; i++) {
		if (!state_task_is_finished(run_item(node, i)->state))
			return 1;
	}
	return 0;
}

static void append_awaited(struct buf *text, const struct node *node)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < node->task->upstream_count; i++) {
		const struct node *upstream = &node->run->nodes[node->task->upstream[i]];

		if (!has_unfinished(upstream))
			continue;
		if (found < MOST_NAMES)
			buf_printf(text, "%s%s", found ? ", " : "waiting for ",
			           upstream->task->name);
		found++;
	}
	if (found > MOST_NAMES)
		buf_printf(text, " and %u more", found - MOST_NAMES);
}

static void explain_none(const struct instance *instance, struct buf *text)
{
	const struct node *node = instance->node;

	if (node->run->state == RUN_QUEUED)
		engine_explain_run(node->run, text);
	else if (node->collapse)
		buf_text(text, "cleared, waiting for its attempts to end");
	else if (rule_decide(node->task->rule, &node->upstream) == RULE_RUN)
		buf_printf(text, "max_active %u/%d", node->active, (int)node->task->max_active);
	else
		append_awaited(text, node);
}

static void append_holders(struct buf *text, const struct ready_pool *pool)
{
	const struct instance *holder = pool->holders;

	for (uint32_t i = 0; holder && i < MOST_NAMES; i++) {
		buf_printf(text, "%s%s.", i ? ", " : " held by ", holder->node->run->dag->name);
		append_name(text, holder);
		holder = holder->next_holder;
	}
	if (holder)
		buf_printf(text, " and %u more", pool->holder_count - MOST_NAMES);
}

static void explain_worker(const struct ready_queue *queue, struct buf *text)
{
	if (queue->limit > 0)
		buf_printf(text, "waiting for a worker, %lld/%lld places taken",
		           (long long)queue->used, (long long)queue->limit);
	else if (*queue->name)
		buf_printf(text, "no worker for queue %s", queue->name);
	else
		buf_text(text, "no worker");
}

static void explain_pool(const struct instance *first, struct buf *text)
{
	const struct ready_pool *pool = first->node->lane->pool;

	if (pool->slots == READY_NO_SLOTS) {
		buf_printf(text, "pool %s does not exist", pool->name);
		return;
	}
	if (first->node->task->pool_slots > pool->slots) {
		append_name(text, first);
		buf_printf(text, " needs %d slots, pool %s has %lld",
		           (int)first->node->task->pool_slots, pool->name, (long long)pool->slots);
		return;
	}
	buf_printf(text, "pool %s %lld/%lld", pool->name, (long long)pool->used,
	           (long long)pool->slots);
	append_holders(text, pool);
}

static void explain_scheduled(const struct instance *instance, struct buf *text)
{
	const struct lane *lane = instance->node->lane;
	/* nobody overtakes within a lane, so its first one says what all wait for */
	const struct instance *first =
		container_of(heap_first(&lane->heap)->link, struct instance, ready.link);

	if (lane->queue->limit <= 0)
		explain_worker(lane->queue, text);
	else if (lane->pool->slots - lane->pool->used < first->node->task->pool_slots)
		explain_pool(first, text);
	else
		explain_worker(lane->queue, text);
}

static void explain_waiting(const struct instance *instance, int64_t now_us, struct buf *text)
{
	if (instance->state == TASK_AWAITING_INPUT) {
		buf_text(text, "waiting for input");
		return;
	}
	buf_text(text, instance->state == TASK_UP_FOR_RETRY ? "retry in " : "looks again in ");
	append_span(text, instance->timer.due_us - now_us);
	if (instance->state == TASK_UP_FOR_RETRY)
		buf_printf(text, ", %u of %d tries failed", instance->tries,
		           (int)instance->node->task->retries + 1);
}

static void explain_live(const struct instance *instance, struct buf *text)
{
	if (instance->cancel == CAUSE_TIMEOUT)
		buf_text(text, "timed out, being cancelled");
	else if (instance->cancel)
		buf_text(text, "being cancelled");
	else if (instance->state == TASK_QUEUED)
		buf_text(text, "handed to a worker");
}

/* The upstream states for which a rule skips, and the words when there is none. */
struct skip_reason {
	unsigned int states;
	const char *otherwise;
};

static const struct skip_reason skip_reasons[RULE_COUNT] = {
	[RULE_ALL_SUCCESS] = {SKIP_STATES, ""},
	[RULE_ALL_FAILED] = {GOOD_STATES | SKIP_STATES, ""},
	[RULE_ALL_DONE] = {0, ""},
	[RULE_ALL_DONE_MIN_ONE_SUCCESS] = {SKIP_STATES, ""},
	[RULE_ALL_SKIPPED] = {GOOD_STATES | BAD_STATES, ""},
	[RULE_ONE_SUCCESS] = {SKIP_STATES, ""},
	[RULE_ONE_FAILED] = {0, ": no upstream failed"},
	[RULE_ONE_DONE] = {0, ": no upstream succeeded or failed"},
	[RULE_NONE_FAILED] = {0, ""},
	[RULE_NONE_FAILED_MIN_ONE_SUCCESS] = {SKIP_STATES, ""},
	[RULE_NONE_SKIPPED] = {SKIP_STATES, ""},
	[RULE_ALWAYS] = {0, ""},
};

static const struct instance *upstream_in(const struct node *node, unsigned int states)
{
	for (uint32_t i = 0; i < node->task->upstream_count; i++) {
		const struct node *upstream = &node->run->nodes[node->task->upstream[i]];

		for (uint32_t item = 0; item < upstream->count; item++) {
			if (BIT(run_item(upstream, item)->state) & states)
				return run_item(upstream, item);
		}
	}
	return NULL;
}

static void explain_rule(const struct instance *instance, struct buf *text)
{
	const struct node *node = instance->node;
	const struct skip_reason *skip = &skip_reasons[node->task->rule];
	int is_skipped = instance->state == TASK_SKIPPED;
	const struct instance *upstream = upstream_in(node, is_skipped ? skip->states : BAD_STATES);

	buf_printf(text, "trigger rule %s", dag_rule_name(node->task->rule));
	if (!upstream) {
		buf_text(text, is_skipped ? skip->otherwise : "");
		return;
	}
	buf_text(text, ": ");
	append_name(text, upstream);
	buf_printf(text, " is %s", state_task_name(upstream->state));
}

static void explain_finished(const struct instance *instance, struct buf *text)
{
	switch ((enum cause)instance->cause) {
	case CAUSE_NONE:
		if (instance->state == TASK_REMOVED)
			buf_text(text, "no longer an item of `map`");
		break;
	case CAUSE_TASK:
		break;
	case CAUSE_RULE:
		explain_rule(instance, text);
		break;
	case CAUSE_WHEN:
		buf_text(text, "`when` was false");
		break;
	case CAUSE_NO_ITEMS:
		buf_text(text, "`map` was empty");
		break;
	case CAUSE_TIMEOUT:
		buf_text(text, "timed out after ");
		append_span(text, instance->node->task->timeout_ms * 1000);
		break;
	case CAUSE_RUN_TIMEOUT:
		buf_text(text, "cancelled, the run timed out");
		break;
	case CAUSE_PERSON:
		buf_text(text, "cancelled");
		break;
	case CAUSE_MARK:
		buf_printf(text, "marked as %s", state_task_name(instance->state));
		break;
	case CAUSE_LOST:
		buf_printf(text, "lost its runner %u times", instance->lost);
		break;
	case CAUSE_BUG:
		buf_text(text, "stopped by a fault of the scheduler");
		break;
	}
}

void engine_explain(const struct instance *instance, int64_t now_us, struct buf *text)
{
	switch ((enum task_state)instance->state) {
	case TASK_NONE:
		explain_none(instance, text);
		break;
	case TASK_SCHEDULED:
		explain_scheduled(instance, text);
		break;
	case TASK_QUEUED:
	case TASK_RUNNING:
		explain_live(instance, text);
		break;
	case TASK_UP_FOR_RETRY:
	case TASK_UP_FOR_RESCHEDULE:
	case TASK_AWAITING_INPUT:
		explain_waiting(instance, now_us, text);
		break;
	case TASK_SUCCESS:
	case TASK_FAILED:
	case TASK_SKIPPED:
	case TASK_UPSTREAM_FAILED:
	case TASK_REMOVED:
	case TASK_CANCELLED:
	case TASK_STATE_COUNT:
		explain_finished(instance, text);
		break;
	}
}

static void explain_queued(const struct run *run, struct buf *text)
{
	const struct line *line = run->line;

	if (line->paused)
		buf_text(text, "paused");
	else if (line->running)
		buf_printf(text, "max_active_runs %u/%d, %s is running", line->running_count,
		           (int)run->dag->max_active_runs, line->running->name);
	else
		buf_text(text, "about to start");
}

static const struct instance *first_in(const struct run *run, enum task_state state)
{
	const struct instance *instance;
	uint32_t task = 0, item = 0;

	while ((instance = run_next(run, &task, &item))) {
		if (instance->state == state)
			return instance;
	}
	return NULL;
}

static void explain_failed(const struct run *run, struct buf *text)
{
	const struct instance *failed = first_in(run, TASK_FAILED);
	const struct instance *first = failed ? failed : first_in(run, TASK_CANCELLED);

	if (!first)
		return;
	append_name(text, first);
	buf_text(text, failed ? " failed" : " was cancelled");
}

void engine_explain_run(const struct run *run, struct buf *text)
{
	if (run->state == RUN_QUEUED) {
		explain_queued(run, text);
	} else if (run->cancel == CAUSE_RUN_TIMEOUT) {
		buf_text(text, "timed out after ");
		append_span(text, run->dag->timeout_ms * 1000);
	} else if (run->cancel == CAUSE_PERSON) {
		buf_text(text, state_run_is_finished(run->state) ? "cancelled" : "being cancelled");
	} else if (run->cancel == CAUSE_MARK) {
		buf_printf(text, "marked as %s", state_run_name(run->state));
	} else if (run->state == RUN_FAILED) {
		explain_failed(run, text);
	}
}
