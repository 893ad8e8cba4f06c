/* gate.h - writers of one SQLite file take turns, in whatever process they are
 *
 * SQLite's own lock is won by whoever asks at the right moment, and a long writer that commits and
 * begins again always does. The gate is a file `<database>-gate` with two lock bytes: lock 0, lock 1,
 * unlock 0, write, unlock 1. Byte 1 is the turn, byte 0 the place behind it, so whoever has just
 * finished cannot pass the one who waits, and the writer sees by byte 0 that somebody does.
 *
 * The locks are Linux's open file description locks (fcntl(2), F_OFD_SETLK): they hold between the
 * threads of one process as between processes, and closing another descriptor of the file does not
 * drop them. Waiting tries again with growing pauses up to 1 ms, so that it can end at a deadline or
 * when cancelled. One gate per connection; one thread at a time, but for `cancelled`.
 */
#ifndef STORAGE_DB_GATE_H
#define STORAGE_DB_GATE_H

#include <stdatomic.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "lib/err.h"

struct gate {
	int fd;
	int held; /* this gate has the turn */
};

/* Makes the file when it is missing. */
MUST_CHECK int gate_open(struct gate *gate, const char *database_path, struct err *err);
void gate_close(struct gate *gate);

/* Waits for the turn until `deadline_us` of the monotonic clock (0: for ever; ERR_BUSY) or until
 * `*cancelled` is not 0 (ERR_CANCELLED). */
MUST_CHECK int gate_enter(struct gate *gate, int64_t deadline_us, const atomic_int *cancelled,
                          struct err *err);
/* Fine without the turn. */
void gate_leave(struct gate *gate);

/* Whether somebody stands behind the one who has the turn. */
int gate_waited_for(const struct gate *gate);

#endif
