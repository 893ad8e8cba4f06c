/* channel.h - the wire as the two threads of a runner share it
 *
 * Whoever receives puts starts into the queue, the main thread takes them in order; both send. While
 * it has nothing to run, the main thread receives itself, so that a start wakes one thread and not
 * two. The helper watches the wire once the main thread has been busy for a moment, or waits for a
 * reply: watch_fd tells it to, and the first frame that is not for it ends its watch. `started` leaves, with everything before it, ahead of the operator's first instruction, so a
 * crash is never blamed on the wrong attempt; `finished` rides with the `started` behind it when one
 * is waiting. One mutex guards everything.
 */
#ifndef SCHEDULER_RUNNER_CHANNEL_H
#define SCHEDULER_RUNNER_CHANNEL_H

#include <pthread.h>
#include <stdatomic.h>

#include "scheduler/wire/wire_writer.h"

struct channel_queue {
	struct wire_frame *items;
	size_t count, capacity;
	size_t taken; /* the first so many are gone */
};

struct channel {
	int fd;        /* the stream */
	int wake_fd;   /* eventfd: the helper has something to send */
	int watch_fd;  /* timerfd: the helper is to receive */
	int cancel_fd; /* eventfd: readable while the current attempt is cancelled */
	struct wire_reader reader;
	pthread_mutex_t mutex;
	pthread_cond_t arrived;
	struct wire_writer writer;
	struct channel_queue queue;
	int64_t current; /* attempt that runs, 0: none */
	atomic_int cancelled;
	int is_idle;    /* the main thread receives */
	int is_watched; /* the helper does; neither: nobody for the moment */
	int has_ended;  /* the service is gone */
	int is_retired; /* takes no more starts */
	json_t *config; /* of hello; NULL before */
	int64_t grace_ms, alive_ms;
	struct wire_frame reply; /* its type is WIRE_REPLY when there is one */
	int64_t request_id;
};

void channel_init(struct channel *channel, int fd);

/* -- main thread -- */

/* Waits for the next start. 1: `frame` is it and is the current attempt, to be released; 0: there
 * will be none any more. */
int channel_take(struct channel *channel, struct wire_frame *frame);
void channel_started(struct channel *channel, const struct wire_start *start, int64_t at_us);
/* The current attempt is over. */
void channel_finished(struct channel *channel, const struct wire_finished *finished);
/* Gives back what has not begun and waits until everything is sent. */
void channel_retire(struct channel *channel);
/* Asks the service and waits: 0 with the value appended, or -1; ERR_CANCELLED when cancelled,
 * ERR_BUSY when it may work later. */
MUST_CHECK int channel_request(struct channel *channel, const char *what, const char *name,
                               const char *body, struct buf *value, struct err *err);

/* -- any thread -- */

/* The attempt that runs, 0: none. */
int64_t channel_current(struct channel *channel);
void channel_send(struct channel *channel, const struct wire_frame *frame);

/* -- helper -- */

enum channel_received {
	CHANNEL_TAKEN,
	CHANNEL_CANCELLED, /* the current attempt */
	CHANNEL_UNWATCHED, /* nothing taken: the helper is not to, until watch_fd says so */
	CHANNEL_GONE,      /* the service is */
};

/* Takes in what has arrived. */
enum channel_received channel_receive(struct channel *channel);
/* Sends what waits; 1 when some of it must wait for POLLOUT. */
int channel_flush(struct channel *channel);
/* No frame will come any more: cancels the current attempt. */
void channel_end(struct channel *channel);

#endif
