/* fleet.c - all runners, and which attempt goes to which */
#include "scheduler/service/fleet.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/mask.h"
#include "lib/mem.h"
#include "lib/str.h"

enum {
	QUICK_US = 5 * 1000,      /* a turn below this doubles the window */
	WATCH_MS = 25,            /* how often while something may have to be recalled or killed */
	KILL_MARGIN_US = 2000000, /* the runner kills by itself after the grace; then we do */
	SPAWN_PAUSE_US = 1000000, /* after a runner could not be started */
};

struct fleet {
	struct fleet_options options;
	struct child *children;
	uint32_t child_count;
	struct job_queue waiting;
	struct arena arena; /* of one start frame */
	uv_timer_t timer;
	int64_t timer_ms; /* 0: stopped */
	int64_t capacity; /* as announced */
	int64_t no_spawn_before_us;
	int is_draining;
	int is_turning;
};

static void on_frame(struct child *child, const struct wire_frame *frame);
static void on_end(struct child *child);

static const struct child_events child_events = {.on_frame = on_frame, .on_end = on_end};

struct fleet *fleet_new(const struct fleet_options *options)
{
	struct fleet *fleet = mem_alloc(sizeof(*fleet));

	fleet->options = *options;
	job_queue_init(&fleet->waiting);
	arena_init(&fleet->arena);
	uv_timer_init(options->loop, &fleet->timer);
	fleet->timer.data = fleet;
	return fleet;
}

/* What runners could be busy with: their windows, and a first window for each not yet started. */
static void announce_capacity(struct fleet *fleet)
{
	int64_t capacity = 0;

	for (const struct child *child = fleet->children; child; child = child->next)
		capacity += child->is_fresh || child->is_retired ? 1 : child->window;
	if (fleet->child_count < fleet->options.max_children)
		capacity += (int64_t)(fleet->options.max_children - fleet->child_count) *
		            FLEET_FIRST_WINDOW;
	if (fleet->is_draining)
		capacity = 0;
	if (capacity == fleet->capacity)
		return;
	fleet->capacity = capacity;
	fleet->options.events->capacity(fleet->options.context, capacity);
}

/* --- sending --- */

static struct child *start_child(struct fleet *fleet, const struct job *job)
{
	struct wire_frame hello = {.type = WIRE_HELLO,
	                           .as.hello = {.config = fleet->options.config,
	                                        .grace_ms = fleet->options.grace_ms,
	                                        .alive_ms = child_alive_ms()}};
	struct child *child;
	struct err err;

	child = child_start(fleet->options.loop, fleet->options.program, fleet->options.folder,
	                    &child_events, &err);
	if (!child) {
		log_error("worker", "%s", err.text);
		fleet->no_spawn_before_us = clock_monotonic_us() + SPAWN_PAUSE_US;
		return NULL;
	}
	child->fleet = fleet;
	child->plugin = mem_strdup(job->plugin);
	child->is_fresh = !job->is_warm;
	child->window = child->is_fresh ? 1 : FLEET_FIRST_WINDOW;
	child->next = fleet->children;
	fleet->children = child;
	fleet->child_count++;
	if (child_send(child, &hello, &err) < 0)
		log_error("worker", "could not greet a runner: %s", err.text);
	fleet->options.events->child_started(fleet->options.context, &child->process.identity);
	return child;
}

/* Makes room for a runner of another kind. */
static void dismiss_one_idle(struct fleet *fleet)
{
	struct child *idle = NULL;

	for (struct child *child = fleet->children; child; child = child->next) {
		if (child->is_retired && child->jobs.count == 0)
			return; /* room is on its way */
		if (child->jobs.count == 0)
			idle = child;
	}
	if (idle)
		child_dismiss(idle);
}

static int may_start_child(const struct fleet *fleet)
{
	return fleet->child_count < fleet->options.max_children &&
	       clock_monotonic_us() >= fleet->no_spawn_before_us;
}

static int serves(const struct child *child, const struct job *job)
{
	return !child->is_retired && !child->is_fresh && str_equal(child->plugin, job->plugin);
}

/* The runner for a job: an idle one, else a new one, else one that works ahead; NULL: it waits. */
static struct child *pick_child(struct fleet *fleet, const struct job *job)
{
	struct child *least = NULL;
	uint32_t quick = 0;

	for (struct child *child = fleet->children; child && job->is_warm; child = child->next) {
		if (!serves(child, job))
			continue;
		if (child->jobs.count == 0)
			return child;
		quick += child->window > FLEET_FIRST_WINDOW;
		if (child->jobs.count < child->window &&
		    (!least || child->jobs.count < least->jobs.count))
			least = child;
	}
	/* where runners are quick, one more process costs more than it gives */
	if (least && quick >= 2)
		return least;
	if (may_start_child(fleet))
		return start_child(fleet, job);
	if (!least)
		dismiss_one_idle(fleet);
	return least;
}

static void fail_job(struct fleet *fleet, struct job *job, const char *reason)
{
	int64_t now_us = clock_now_us();
	struct wire_finished finished = {.attempt = job->attempt,
	                                 .fence = job->fence,
	                                 .status = WIRE_FAIL,
	                                 .reason = reason,
	                                 .started_us = now_us,
	                                 .ended_us = now_us};

	fleet->options.events->finished(fleet->options.context, job, &finished);
	job_free(job);
}

static void send_job(struct fleet *fleet, struct child *child, struct job *job)
{
	struct wire_frame frame = {.type = WIRE_START};
	struct wire_start *start = &frame.as.start;
	struct err err;
	int result;

	arena_reset(&fleet->arena);
	result = fleet->options.events->prepare(fleet->options.context, job, start, &fleet->arena,
	                                        &err);
	start->attempt = job->attempt;
	start->fence = job->fence;
	start->plugin = job->plugin;
	if (result == 0)
		result = child_send(child, &frame, &err);
	json_decref(start->params);
	if (result < 0) {
		fail_job(fleet, job, err.text);
		return;
	}
	job->sent_us = clock_monotonic_us();
	if (child->jobs.count == 0)
		child->front_since_us = child->heard_us = job->sent_us;
	job_queue_push(&child->jobs, job);
}

static void watch_more(struct fleet *fleet);

void fleet_turn(struct fleet *fleet)
{
	struct job_queue passed;
	struct job *job;

	if (fleet->is_turning)
		return;
	fleet->is_turning = 1;
	job_queue_init(&passed);
	while (!fleet->is_draining && (job = job_queue_pop(&fleet->waiting))) {
		struct child *child = pick_child(fleet, job);

		if (child)
			send_job(fleet, child, job);
		else
			job_queue_push(&passed, job);
	}
	job_queue_unshift(&fleet->waiting, &passed);
	for (struct child *child = fleet->children; child; child = child->next)
		child_flush(child);
	announce_capacity(fleet);
	watch_more(fleet);
	fleet->is_turning = 0;
}

void fleet_submit(struct fleet *fleet, struct job *job)
{
	job_queue_push(&fleet->waiting, job);
}

/* --- receiving --- */

/* A job has ended: the next one's turn begins, and the window follows its pace. */
static void next_turn(struct child *child)
{
	int64_t now_us = clock_monotonic_us();
	int64_t took_us = now_us - child->front_since_us;

	child->front_since_us = now_us;
	if (child->is_fresh)
		return;
	if (took_us > FLEET_SLOW_US)
		child->window = 1;
	else if (took_us > QUICK_US && child->window > FLEET_FIRST_WINDOW)
		child->window /= 2;
	else if (took_us <= QUICK_US && child->window < FLEET_WINDOW)
		child->window *= 2;
}

static void take_finished(struct fleet *fleet, struct child *child,
                          const struct wire_finished *finished)
{
	struct job *job = job_queue_find(&child->jobs, finished->attempt);

	if (!job || job->fence != finished->fence)
		return;
	job_queue_remove(&child->jobs, job);
	fleet->options.events->finished(fleet->options.context, job, finished);
	job_free(job);
	next_turn(child);
	if (finished->retire)
		child->is_retired = 1;
	if (child->jobs.count == 0 && (child->is_fresh || child->is_retired || fleet->is_draining))
		child_dismiss(child);
}

static void take_started(struct fleet *fleet, struct child *child,
                         const struct wire_started *started)
{
	struct job *job = job_queue_find(&child->jobs, started->attempt);

	if (!job || job->fence != started->fence)
		return;
	job->has_started = 1;
	fleet->options.events->started(fleet->options.context, job, &child->process.identity,
	                               started->at_us);
}

/* They never began: they wait in front of all others again, or end if they were cancelled. */
static void take_recalled(struct fleet *fleet, struct child *child,
                          const struct wire_recall *recalled)
{
	struct job_queue back;

	job_queue_init(&back);
	for (size_t i = 0; i < recalled->attempts.count; i++) {
		struct job *job = job_queue_find(&child->jobs, recalled->attempts.items[i]);

		if (!job)
			continue;
		job_queue_remove(&child->jobs, job);
		if (job->killed_at_us || fleet->is_draining) {
			fleet->options.events->returned(fleet->options.context, job);
			job_free(job);
		} else {
			job_queue_push(&back, job);
		}
	}
	job_queue_unshift(&fleet->waiting, &back);
}

void fleet_reply(struct fleet *fleet, int64_t attempt, const struct wire_reply *reply)
{
	struct wire_frame frame = {.type = WIRE_REPLY, .as.reply = *reply};
	struct child *child = fleet->children;
	struct err err;

	while (child && !job_queue_find(&child->jobs, attempt))
		child = child->next;
	if (!child)
		return;
	if (child_send(child, &frame, &err) < 0) {
		frame.as.reply = (struct wire_reply){.id = reply->id, .error = err.text};
		if (child_send(child, &frame, &err) < 0)
			log_warn("worker", "could not answer a request: %s", err.text);
	}
	child_flush(child);
}

static void on_frame(struct child *child, const struct wire_frame *frame)
{
	struct fleet *fleet = child->fleet;
	struct job *job;

	switch ((int)frame->type) {
	case WIRE_STARTED:
		take_started(fleet, child, &frame->as.started);
		break;
	case WIRE_PROGRESS:
		job = job_queue_find(&child->jobs, frame->as.progress.attempt);
		if (job)
			fleet->options.events->progress(fleet->options.context, job,
			                                &frame->as.progress);
		break;
	case WIRE_REQUEST:
		job = job_queue_find(&child->jobs, frame->as.request.attempt);
		if (job)
			fleet->options.events->request(fleet->options.context, job,
			                               &frame->as.request);
		break;
	case WIRE_RECALLED:
		take_recalled(fleet, child, &frame->as.recall);
		break;
	case WIRE_FINISHED:
		take_finished(fleet, child, &frame->as.finished);
		break;
	default: /* alive: that it came was noted already */
		break;
	}
}

/* The attempt that a dead runner was at. */
static void end_front(struct fleet *fleet, struct child *child, struct job *job)
{
	auto_buf struct buf reason = {0};
	struct wire_finished finished = {
		.attempt = job->attempt,
		.fence = job->fence,
		.status = job->killed_at_us ? WIRE_CANCELLED : WIRE_RETRY,
		.started_us = clock_now_us(),
		.ended_us = clock_now_us(),
	};
	int was_killed = WIFSIGNALED(child->wait_status) && WTERMSIG(child->wait_status) == SIGKILL;

	finished.log_bytes = child_drain_log(child, job->log, job->secrets);
	child_describe_end(child, &reason);
	finished.reason = buf_string(&reason);
	/* SIGKILL comes from outside: from us, an operator or a machine short of memory */
	if (was_killed && !job->killed_at_us)
		fleet->options.events->lost(fleet->options.context, job, finished.reason);
	else
		fleet->options.events->finished(fleet->options.context, job, &finished);
	job_free(job);
}

static void unlink_child(struct fleet *fleet, const struct child *child)
{
	struct child **at = &fleet->children;

	while (*at != child)
		at = &(*at)->next;
	*at = child->next;
	fleet->child_count--;
}

static void on_end(struct child *child)
{
	struct fleet *fleet = child->fleet;
	struct job *job = job_queue_pop(&child->jobs);

	unlink_child(fleet, child);
	if (job)
		end_front(fleet, child, job);
	while ((job = job_queue_pop(&child->jobs))) {
		fleet->options.events->returned(fleet->options.context, job);
		job_free(job);
	}
	child_free(child);
}

int fleet_reaped(struct fleet *fleet, pid_t pid, int wait_status)
{
	for (struct child *child = fleet->children; child; child = child->next) {
		if (child->process.identity.pid == pid) {
			child_reaped(child, wait_status);
			return 1;
		}
	}
	return 0;
}

int fleet_knows(const struct fleet *fleet, pid_t pid)
{
	const struct child *child = fleet->children;

	while (child && child->process.identity.pid != pid)
		child = child->next;
	return child != NULL;
}

/* --- watching --- */

static void recall_behind_slow(struct child *child, int64_t now_us)
{
	int64_t attempts[FLEET_WINDOW];
	struct wire_frame frame = {.type = WIRE_RECALL, .as.recall.attempts.items = attempts};
	struct err err;

	if (child->jobs.count < 2 || child->window == 1 ||
	    now_us - child->front_since_us < FLEET_SLOW_US)
		return;
	child->window = 1;
	for (const struct job *job = child->jobs.first->next; job; job = job->next)
		attempts[frame.as.recall.attempts.count++] = job->attempt;
	if (child_send(child, &frame, &err) < 0)
		log_warn("worker", "could not recall attempts: %s", err.text);
	child_flush(child);
}

static void kill_disobedient(struct child *child, int64_t now_us)
{
	for (const struct job *job = child->jobs.first; job; job = job->next) {
		if (job->killed_at_us && now_us >= job->killed_at_us)
			child_kill(child, "killed because it did not end in time after a cancel");
	}
	if (child->jobs.count && child_is_silent(child, now_us))
		child_kill(child, "killed because its runner gave no sign of life for 30 s");
}

/* One idle runner stays warm. */
static void dismiss_idle(struct fleet *fleet, int64_t now_us)
{
	uint32_t idle = 0;

	for (struct child *child = fleet->children; child; child = child->next) {
		if (child->jobs.count || child->is_retired)
			continue;
		if (idle++ && now_us - child->front_since_us > FLEET_IDLE_US)
			child_dismiss(child);
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct fleet *fleet = timer->data;
	int64_t now_us = clock_monotonic_us();

	for (struct child *child = fleet->children; child; child = child->next) {
		recall_behind_slow(child, now_us);
		kill_disobedient(child, now_us);
	}
	dismiss_idle(fleet, now_us);
	fleet_turn(fleet);
}

static int64_t wanted_interval(const struct fleet *fleet)
{
	int64_t interval = 0;
	uint32_t idle = 0;

	for (const struct child *child = fleet->children; child; child = child->next) {
		if (child->jobs.count > 1)
			return WATCH_MS;
		for (const struct job *job = child->jobs.first; job; job = job->next) {
			if (job->killed_at_us)
				return WATCH_MS;
		}
		idle += child->jobs.count == 0;
		if (child->jobs.count || idle > 1)
			interval = child_alive_ms();
	}
	if (fleet->waiting.count && clock_monotonic_us() < fleet->no_spawn_before_us)
		return SPAWN_PAUSE_US / 1000;
	return interval;
}

/* The timer runs only while there is something to watch, so that an idle server sleeps. */
static void watch_more(struct fleet *fleet)
{
	int64_t interval = wanted_interval(fleet);

	if (interval == fleet->timer_ms)
		return;
	fleet->timer_ms = interval;
	if (interval)
		uv_timer_start(&fleet->timer, on_timer, (uint64_t)interval, (uint64_t)interval);
	else
		uv_timer_stop(&fleet->timer);
}

/* --- cancelling and ending --- */

void fleet_cancel(struct fleet *fleet, int64_t attempt)
{
	struct wire_frame frame = {.type = WIRE_CANCEL, .as.cancel = {.attempt = attempt}};
	struct job *job = job_queue_find(&fleet->waiting, attempt);
	struct err err;

	if (job) {
		job_queue_remove(&fleet->waiting, job);
		fleet->options.events->returned(fleet->options.context, job);
		job_free(job);
		return;
	}
	for (struct child *child = fleet->children; child; child = child->next) {
		job = job_queue_find(&child->jobs, attempt);
		if (!job || job->killed_at_us)
			continue;
		job->killed_at_us =
			clock_monotonic_us() + fleet->options.grace_ms * 1000 + KILL_MARGIN_US;
		if (child_send(child, &frame, &err) < 0)
			log_warn("worker", "could not send a cancel: %s", err.text);
		child_flush(child);
	}
}

void fleet_drain(struct fleet *fleet)
{
	struct job *job;

	fleet->is_draining = 1;
	while ((job = job_queue_pop(&fleet->waiting))) {
		fleet->options.events->returned(fleet->options.context, job);
		job_free(job);
	}
	for (struct child *child = fleet->children; child; child = child->next) {
		if (child->jobs.count == 0)
			child_dismiss(child);
		else
			child->window = 2; /* what is behind the first is recalled at once */
		child->front_since_us = 0;
	}
	watch_more(fleet);
}

uint32_t fleet_busy(const struct fleet *fleet)
{
	uint32_t busy = fleet->waiting.count;

	for (const struct child *child = fleet->children; child; child = child->next)
		busy += child->jobs.count;
	return busy;
}

void fleet_kill(struct fleet *fleet)
{
	for (struct child *child = fleet->children; child; child = child->next)
		child_kill(child, "the server was stopped");
}

int fleet_is_empty(const struct fleet *fleet)
{
	return fleet->child_count == 0;
}

void fleet_renew(struct fleet *fleet)
{
	for (struct child *child = fleet->children; child; child = child->next) {
		if (child->jobs.count == 0)
			child_dismiss(child);
		else
			child->is_retired = 1;
	}
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void fleet_free(struct fleet *fleet)
{
	struct job *job;

	if (!fleet)
		return;
	while ((job = job_queue_pop(&fleet->waiting)))
		job_free(job);
	for (struct child *child = fleet->children, *next; child; child = next) {
		next = child->next;
		child_free(child);
	}
	arena_release(&fleet->arena);
	uv_close((uv_handle_t *)&fleet->timer, on_closed);
}
