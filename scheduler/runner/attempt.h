/* attempt.h - one call of an operator
 *
 * Made of a start frame; checks the parameters against what the operator declares, enters run(),
 * and turns what it leaves into a `finished` frame. Host calls (host_*.c) get it back from their
 * `struct mr_task *`. Belongs to the main thread; host calls marked "any thread" in plugin.h touch
 * only channel, log and the atomics.
 */
#ifndef SCHEDULER_RUNNER_ATTEMPT_H
#define SCHEDULER_RUNNER_ATTEMPT_H

#include <stdatomic.h>

#include "lib/arena.h"
#include "scheduler/runner/attempt_log.h"
#include "scheduler/runner/channel.h"
#include "scheduler/runner/host_session.h"
#include "scheduler/runner/plugin_file.h"

struct attempt;

/* First member of whatever a host call opens. Its memory is the attempt's arena, so a handle used
 * after its close is seen and not a crash. */
struct attempt_handle {
	const char *what; /* "object", for texts */
	int is_open;
	void (*close)(struct attempt *attempt, struct attempt_handle *handle);
	struct attempt_handle *next;
};

struct attempt {
	struct mr_task task; /* first: a task is its attempt */
	struct mr_info info;
	const struct wire_start *start;
	const struct plugin_op *op; /* NULL until it is found */
	struct channel *channel;
	struct attempt_log *log;
	struct host_session *session;
	struct arena arena;
	pthread_t thread;
	json_t **
		values; /* by position of op->params: given, or fallback; NULL: not given. Borrowed */
	json_t *outputs; /* NULL: none yet */
	struct err err;  /* of the last host call */
	const char *reason;
	const char *resume; /* JSON for the next call, or NULL */
	int64_t again_after_ms;
	struct attempt_handle *handles;
	const char *temp_dir; /* NULL: none was asked for */
	unsigned load_count;
	atomic_llong progress_due_us; /* of the monotonic clock: earlier ones are dropped */
	int64_t started_us;
};

/* Once per process. */
void attempt_init(struct attempt *attempt, struct channel *channel, struct attempt_log *log,
                  struct host_session *session);

/* From here on the attempt has a log and the service knows that it began: what the plugin's
 * constructors do belongs to it. */
void attempt_begin(struct attempt *attempt, const struct wire_start *start);
/* Runs it and fills `finished`, whose texts live until attempt_clear(). `file` is the loaded plugin,
 * or NULL and `err` says why there is none. */
void attempt_run(struct attempt *attempt, const struct plugin_file *file, const struct err *err,
                 struct wire_finished *finished);
void attempt_clear(struct attempt *attempt);

/* Adds a handle just made in the arena. */
void attempt_opened(struct attempt *attempt, struct attempt_handle *handle);

/* The plugin broke the contract: the attempt fails with this text, the process aborts. */
NORETURN void attempt_abort(struct attempt *attempt, const char *text);

/* A copy for frames: cut at WIRE_REASON_BYTES, what is not UTF-8 made `?`. */
const char *attempt_text(struct attempt *attempt, const char *text);

#endif
