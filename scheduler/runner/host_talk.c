/* host_talk.c - the group "talk" of the host table */
#include "scheduler/runner/host_talk.h"

#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/str.h"
#include "scheduler/runner/host.h"

enum {
	PROGRESS_EVERY_US = 100000,
	NOTE_BYTES = 200,
};

static const double again_most_s = 366.0 * 24 * 3600;

void host_talk_log(struct mr_task *task, int32_t level, const char *text)
{
	struct attempt *attempt = host_enter_any(task, "log");

	host_need(attempt, text, "log", "the text");
	attempt_log_line(attempt->log, level, text, clock_now_us());
}

/* Frames must be UTF-8; the arena is the main thread's, so this cuts into memory of the caller. */
static const char *clean(const char *text, char copy[NOTE_BYTES])
{
	size_t size, at = 0;

	if (!text)
		return NULL;
	snprintf(copy, NOTE_BYTES, "%s", text);
	size = strlen(copy);
	while ((at += str_utf8_valid(copy + at, size - at)) < size)
		copy[at] = '?';
	return copy;
}

void host_talk_progress(struct mr_task *task, int64_t done, int64_t total, const char *unit,
                        const char *note)
{
	struct attempt *attempt = host_enter_any(task, "progress");
	struct wire_frame frame = {.type = WIRE_PROGRESS};
	char unit_copy[NOTE_BYTES], note_copy[NOTE_BYTES];
	int64_t now_us = clock_monotonic_us();
	long long due_us = atomic_load(&attempt->progress_due_us);

	if (now_us < due_us || !atomic_compare_exchange_strong(&attempt->progress_due_us, &due_us,
	                                                       now_us + PROGRESS_EVERY_US))
		return;
	frame.as.progress = (struct wire_progress){
		.attempt = attempt->start->attempt,
		.done = done,
		.total = total,
		.unit = clean(unit, unit_copy),
		.note = clean(note, note_copy),
	};
	channel_send(attempt->channel, &frame);
}

int32_t host_talk_is_cancelled(struct mr_task *task)
{
	return atomic_load(&host_enter_any(task, "is_cancelled")->channel->cancelled);
}

int host_talk_cancel_fd(struct mr_task *task)
{
	return host_enter_any(task, "cancel_fd")->channel->cancel_fd;
}

const char *host_talk_error(struct mr_task *task)
{
	return host_enter_any(task, "error")->err.text;
}

void host_talk_set_reason(struct mr_task *task, const char *text)
{
	struct attempt *attempt = host_enter_any(task, "set_reason");

	host_need(attempt, text, "set_reason", "the text");
	attempt->reason = attempt_text(attempt, text);
}

void host_talk_again_after(struct mr_task *task, double seconds)
{
	struct attempt *attempt = host_enter(task, "again_after");

	if (!(seconds > 0))
		seconds = 0;
	if (seconds > again_most_s)
		seconds = again_most_s;
	attempt->again_after_ms = (int64_t)(seconds * 1000);
}

const char *host_talk_resume_text(struct mr_task *task)
{
	return host_enter(task, "resume_text")->start->resume;
}

mr_status host_talk_set_resume(struct mr_task *task, const char *json)
{
	struct attempt *attempt = host_enter(task, "set_resume");
	json_t *value;

	host_need(attempt, json, "set_resume", "the JSON");
	if (strlen(json) > WIRE_RESUME_BYTES)
		return host_refuse(attempt, "what is kept for the next call is over %d bytes",
		                   WIRE_RESUME_BYTES);
	value = json_parse(json, strlen(json), &attempt->err);
	if (!value)
		return MR_FAIL;
	json_decref(value);
	attempt->resume = arena_strdup(&attempt->arena, json);
	return MR_OK;
}
