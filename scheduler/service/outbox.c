/* outbox.c - sends what the metadata database keeps for others */
#include "scheduler/service/outbox.h"

#include <stdlib.h>

#include "lib/clock.h"
#include "lib/crypto.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "scheduler/service/delivery.h"

enum {
	FIRST_PAUSE_US = 500 * 1000,
	LOOK_MS = 60 * 1000,  /* at least so often while something waits: the clock may be set */
	RETRY_LOOK_MS = 1000, /* after the database could not be read */
};

static const int64_t longest_pause_us = INT64_C(3600) * 1000000;

struct outbox {
	struct outbox_options options;
	struct delivery_options delivery;
	struct delivery *deliveries; /* under way, or ended and not stored yet */
	uint32_t count;
	uv_timer_t timer;
	int is_draining;
};

int64_t outbox_pause_us(int64_t tries, uint32_t random)
{
	int64_t pause_us = FIRST_PAUSE_US;

	for (int64_t i = 1; i < tries && pause_us < longest_pause_us; i++)
		pause_us *= 2;
	if (pause_us > longest_pause_us)
		pause_us = longest_pause_us;
	return pause_us / 2 + (pause_us / 2 * (int64_t)random >> 32);
}

/* --- what became of one --- */

static void say(const struct delivery *delivery, const struct outbox_repo_row *row)
{
	const char *of = delivery_of(delivery);
	const char *event = json_get_text(delivery->target, "event", "");

	if (str_equal(row->state, "sent"))
		log_info("outbox", "sent kind=%s event=%s of=%s to=%s tries=%lld", row->kind, event,
		         of, row->place, (long long)row->tries);
	else if (str_equal(row->state, "failed"))
		log_error("outbox",
		          "failed for good kind=%s event=%s of=%s to=%s tries=%lld error=%s",
		          row->kind, event, of, row->place, (long long)row->tries, row->reason);
	else
		log_warn("outbox",
		         "failed, trying again kind=%s event=%s of=%s to=%s tries=%lld error=%s",
		         row->kind, event, of, row->place, (long long)row->tries, row->reason);
}

static int is_hopeless(const struct delivery *delivery, const struct outbox_repo_row *row,
                       int64_t now_us)
{
	return delivery->is_final || row->tries >= OUTBOX_MAX_TRIES ||
	       now_us - row->created_at_us > OUTBOX_MAX_AGE_US;
}

static void on_end(struct delivery *delivery)
{
	struct outbox *outbox = delivery->options->context;
	struct outbox_repo_row row = delivery->row;
	int64_t now_us = clock_now_us();
	uint32_t random;

	row.tries++;
	crypto_random(&random, sizeof(random));
	if (delivery->err.code == ERR_NONE) {
		row.state = "sent";
		row.ended_at_us = now_us;
	} else if (is_hopeless(delivery, &row, now_us)) {
		row.state = "failed";
		row.ended_at_us = now_us;
	} else {
		row.state = "pending";
		row.due_at_us = now_us + outbox_pause_us(row.tries, random);
	}
	row.reason = delivery->err.code == ERR_NONE ? NULL : delivery->err.text;
	say(delivery, &row);
	outbox->options.store(outbox->options.context, &row);
}

/* --- sending --- */

static int is_under_way(const struct outbox *outbox, int64_t id)
{
	for (const struct delivery *delivery = outbox->deliveries; delivery;
	     delivery = delivery->next) {
		if (delivery->row.id == id)
			return 1;
	}
	return 0;
}

static uint32_t count_to(const struct outbox *outbox, const char *place)
{
	uint32_t count = 0;

	for (const struct delivery *delivery = outbox->deliveries; delivery;
	     delivery = delivery->next)
		count += (uint32_t)str_equal(delivery->row.place, place);
	return count;
}

/* The places that have all they may have: at most OUTBOX_REPO_BUSY of them can. */
static void list_busy(const struct outbox *outbox, const char *busy[OUTBOX_REPO_BUSY])
{
	size_t count = 0;

	for (const struct delivery *delivery = outbox->deliveries;
	     delivery && count < OUTBOX_REPO_BUSY; delivery = delivery->next) {
		size_t known = 0;

		while (known < count && !str_equal(busy[known], delivery->row.place))
			known++;
		if (known == count &&
		    count_to(outbox, delivery->row.place) >= OUTBOX_UNDER_WAY_PLACE)
			busy[count++] = delivery->row.place;
	}
}

/* 1: it left. */
static int deliver(struct outbox *outbox, const struct outbox_repo_row *row)
{
	struct delivery *delivery;

	if (outbox->count == OUTBOX_UNDER_WAY || is_under_way(outbox, row->id) ||
	    count_to(outbox, row->place) >= OUTBOX_UNDER_WAY_PLACE)
		return 0;
	delivery = delivery_start(&outbox->delivery, row);
	delivery->next = outbox->deliveries;
	outbox->deliveries = delivery;
	outbox->count++;
	return 1;
}

/* What is due and may leave now; how many did, -1. */
static int send_due(struct outbox *outbox, int64_t now_us, struct err *err)
{
	/* those under way are among what is found */
	struct outbox_repo_wanted wanted = {.now_us = now_us,
	                                    .limit = (size_t)2 * OUTBOX_UNDER_WAY};
	struct outbox_repo_rows rows = {0};
	struct arena arena;
	int sent = -1;

	arena_init(&arena);
	list_busy(outbox, wanted.busy);
	if (outbox_repo_due(outbox->options.reader, &wanted, &arena, &rows, err) == 0)
		sent = 0;
	for (size_t i = 0; sent >= 0 && i < rows.count; i++)
		sent += deliver(outbox, &rows.items[i]);
	arena_release(&arena);
	return sent;
}

static void on_timer(uv_timer_t *timer)
{
	outbox_look(timer->data);
}

static void set_timer(struct outbox *outbox, int64_t now_us)
{
	int64_t due_us = 0, wait_ms;
	struct err err;

	if (outbox_repo_next_due(outbox->options.reader, now_us, &due_us, &err) < 0)
		due_us = now_us + RETRY_LOOK_MS * 1000;
	if (!due_us) {
		uv_timer_stop(&outbox->timer);
		return;
	}
	wait_ms = (due_us - now_us) / 1000 + 1;
	uv_update_time(outbox->options.loop);
	uv_timer_start(&outbox->timer, on_timer, (uint64_t)(wait_ms < LOOK_MS ? wait_ms : LOOK_MS),
	               0);
}

void outbox_look(struct outbox *outbox)
{
	int64_t now_us = clock_now_us();
	struct err err;
	int sent = 1;

	if (outbox->is_draining)
		return;
	/* a place that became busy makes room for others behind it */
	while (sent > 0 && outbox->count < OUTBOX_UNDER_WAY)
		sent = send_due(outbox, now_us, &err);
	if (sent < 0)
		log_warn("outbox", "could not look for what is to be sent: %s", err.text);
	set_timer(outbox, now_us);
}

void outbox_stored(struct outbox *outbox, int64_t id)
{
	struct delivery **at = &outbox->deliveries, *stored;

	while (*at && (*at)->row.id != id)
		at = &(*at)->next;
	stored = *at;
	if (!stored)
		return;
	*at = stored->next;
	outbox->count--;
	delivery_free(stored);
}

void outbox_drain(struct outbox *outbox)
{
	outbox->is_draining = 1;
	uv_timer_stop(&outbox->timer);
}

/* --- children --- */

static void child_started(void *context, const struct process_identity *process)
{
	struct outbox *outbox = context;

	outbox->options.child_started(outbox->options.context, process);
}

int outbox_reaped(struct outbox *outbox, pid_t pid, int wait_status)
{
	for (struct delivery *delivery = outbox->deliveries; delivery; delivery = delivery->next) {
		if (delivery_reaped(delivery, pid, wait_status))
			return 1;
	}
	return 0;
}

int outbox_knows(const struct outbox *outbox, pid_t pid)
{
	const struct delivery *delivery = outbox->deliveries;

	while (delivery && delivery->process.pid != pid)
		delivery = delivery->next;
	return delivery != NULL;
}

/* --- opening and closing --- */

struct outbox *outbox_new(const struct outbox_options *options)
{
	struct outbox *outbox = mem_alloc(sizeof(*outbox));

	outbox->options = *options;
	outbox->delivery = (struct delivery_options){
		.loop = options->loop,
		.config = options->config,
		.on_end = on_end,
		.child_started = child_started,
		.context = outbox,
	};
	uv_timer_init(options->loop, &outbox->timer);
	outbox->timer.data = outbox;
	return outbox;
}

void outbox_set_upload(struct outbox *outbox, outbox_upload_fn upload, void *context)
{
	outbox->delivery.upload = upload;
	outbox->delivery.upload_context = context;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void outbox_free(struct outbox *outbox)
{
	if (!outbox)
		return;
	for (struct delivery *delivery = outbox->deliveries, *next; delivery; delivery = next) {
		next = delivery->next;
		delivery_free(delivery);
	}
	uv_close((uv_handle_t *)&outbox->timer, on_closed);
}
