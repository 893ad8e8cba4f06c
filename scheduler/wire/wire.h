/* wire.h - the frames between the service and its runners
 *
 * One stream socket per runner. A frame is 4 bytes length, most significant first, and that many
 * bytes of one JSON object whose "type" says which of the structs below it is; the struct's members
 * are the object's keys. Both sides use these functions and nothing else reads or writes the format.
 *
 * Caps: `start` LIMIT_START_FRAME_BYTES on the stream (larger ones travel in a memfd, see
 * wire_writer.h, up to LIMIT_INPUTS_BYTES), `finished` LIMIT_FRAME_BYTES beside its outputs
 * (LIMIT_OUTPUT_BYTES), all others LIMIT_FRAME_BYTES. Whatever breaks the format is ERR_INVALID or
 * ERR_LIMIT and the peer is not to be listened to any longer.
 *
 * Life of an attempt: start → started → progress… → finished. A runner works through its starts in
 * order. EOF without `finished` is a crash of the attempt that was started; what was not started
 * never began. Pure; not thread safe.
 */
#ifndef SCHEDULER_WIRE_WIRE_H
#define SCHEDULER_WIRE_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/compiler.h"
#include "lib/json.h"

enum {
	WIRE_FD = 3,     /* of a runner: the stream */
	WIRE_LOG_FD = 4, /* of a runner: the read end of the pipe that is its stdout and stderr */
	WIRE_HEADER_BYTES = 4,
	WIRE_REASON_BYTES = 1024, /* the most a runner sends as a reason, a note or a text */
	WIRE_RESUME_BYTES = 4096,
};

/* "No time" in start frames. */
#define WIRE_NO_TIME INT64_MIN

enum wire_side { WIRE_FROM_SERVICE, WIRE_FROM_RUNNER };

enum wire_type {
	WIRE_HELLO,
	WIRE_START,
	WIRE_CANCEL,
	WIRE_RECALL,
	WIRE_REPLY,
	WIRE_LARGE,
	WIRE_STARTED,
	WIRE_PROGRESS,
	WIRE_REQUEST,
	WIRE_RECALLED,
	WIRE_ALIVE,
	WIRE_FINISHED,
	WIRE_TYPE_COUNT,
};

enum wire_status {
	WIRE_OK,
	WIRE_SKIP,
	WIRE_AGAIN,
	WIRE_FAIL,
	WIRE_RETRY,
	WIRE_CANCELLED,
	WIRE_STATUS_COUNT,
};

struct wire_ids {
	int64_t *items;
	size_t count;
};

/* Service → runner, once and first: what holds for the process. */
struct wire_hello {
	json_t *config;   /* object of settings, see scheduler/runner/host_session.h */
	int64_t grace_ms; /* from cancel to SIGKILL */
	int64_t alive_ms; /* a runner says `alive` this often; 0: 5 s */
};

/* Service → runner. Texts marked ? may be NULL. */
struct wire_start {
	int64_t attempt; /* id, unique among live ones */
	int64_t fence;
	const char *operator; /* `<plugin>.<operator>` */
	const char *plugin;   /* path of the .so */
	json_t *params;       /* object: rendered `with`; NULL: empty */
	json_t *secrets;      /* array of texts to mask in the log; NULL: none */
	const char *log;      /* path of the attempt's log file */
	int64_t log_cap;      /* bytes the file may grow to; 0: no cap */
	const char *load_id;  /* ? */
	const char *target;   /* ? object URI: the task is done if it exists */
	const char *resume;   /* ? JSON that the call before left (MR_AGAIN) */
	int64_t timeout_ms;   /* for information, the service keeps the time; 0: none */
	const char *dag, *run_id, *task;
	int64_t map_index; /* -1 when not mapped */
	int64_t number;    /* of the attempt, from 1 */
	int64_t logical_us, interval_start_us, interval_end_us;
};

/* Service → runner: flag and descriptor for the plugin. It may be finished or not begun: no matter. */
struct wire_cancel {
	int64_t attempt;
};

/* Service → runner: give back what has not begun. Runner → service (recalled): these never began;
 * also sent unasked by a runner that takes no more. */
struct wire_recall {
	struct wire_ids attempts;
};

/* Runner → service, answered by a reply with the same id. */
struct wire_request {
	int64_t attempt, id;
	const char *what; /* "secret", "run_start", "run_state" */
	const char *name; /* of the secret, of the DAG; the run id */
	const char *body; /* ? run_start: JSON of its parameters */
};

struct wire_reply {
	int64_t id;
	const char *value; /* ? NULL: refused */
	const char *error; /* ? why */
	const char *busy;  /* ? why not now; it may work later */
};

/* A start frame follows in the descriptor passed with this one. Only reader and writer see it. */
struct wire_large {
	int64_t size;
};

/* Runner → service, always sent before the operator is entered: at EOF the attempt that was started
 * and not finished is the one that crashed. */
struct wire_started {
	int64_t attempt, fence, at_us;
};

struct wire_progress {
	int64_t attempt, done, total; /* total 0: unknown */
	const char *unit, *note;      /* ? */
};

struct wire_alive {
	int64_t attempt; /* that is running; 0: none */
};

struct wire_finished {
	int64_t attempt, fence;
	enum wire_status status;
	const char *reason;     /* ? */
	int64_t again_after_ms; /* of WIRE_AGAIN */
	const char *resume;     /* ? JSON for the next call */
	json_t *outputs;        /* object; NULL: none */
	int64_t log_bytes;      /* size of the log file; 0: nothing was written to it this time */
	int64_t started_us, ended_us;
	const char *retire; /* ? why the runner takes no more; it exits by itself */
};

struct wire_frame {
	enum wire_type type;
	json_t *document; /* decoded frames: owns every text and json_t below; else NULL */
	union {
		struct wire_hello hello;
		struct wire_start start;
		struct wire_cancel cancel;
		struct wire_recall recall; /* recalled too */
		struct wire_reply reply;
		struct wire_large large;
		struct wire_started started;
		struct wire_progress progress;
		struct wire_request request;
		struct wire_alive alive;
		struct wire_finished finished;
	} as;
};

/* Appends length and JSON. Texts must be UTF-8. ERR_LIMIT when it is over its cap; `out` is as it
 * was then. */
MUST_CHECK int wire_encode(struct buf *out, const struct wire_frame *frame, struct err *err);

/* The JSON alone, whatever its size: what goes into the descriptor of a large frame. */
void wire_encode_json(struct buf *out, const struct wire_frame *frame);

/* One frame without its length. On success release with wire_release(). */
MUST_CHECK int wire_decode(const char *bytes, size_t size, enum wire_side from,
                           struct wire_frame *frame, struct err *err);

/* Frees what a decoded frame owns; does nothing to a frame that was filled in by hand. */
void wire_release(struct wire_frame *frame);

/* The longest frame that may come from a side. */
size_t wire_cap(enum wire_side from);

const char *wire_type_name(enum wire_type type);

#endif
