/* wire_writer.h - frames into a stream, many at a time
 *
 * Frames are put and go out with the next flush, so that a burst costs one write. A `start` that is
 * over LIMIT_START_FRAME_BYTES goes into a memfd, which is passed along with a `large` frame. Not
 * thread safe.
 */
#ifndef SCHEDULER_WIRE_WIRE_WRITER_H
#define SCHEDULER_WIRE_WIRE_WRITER_H

#include "scheduler/wire/wire_reader.h"

struct wire_passed {
	size_t offset; /* in `out`: of the frame it goes with */
	int fd;
};

struct wire_writer {
	struct buf out;
	size_t sent; /* bytes of `out` that are gone */
	struct {
		struct wire_passed *items;
		size_t count, capacity;
	} passed;
};

/* Zero-initialised is valid and empty. */
void wire_writer_release(struct wire_writer *writer);

MUST_CHECK int wire_writer_put(struct wire_writer *writer, const struct wire_frame *frame,
                               struct err *err);

/* Bytes that wait. */
size_t wire_writer_pending(const struct wire_writer *writer);

/* Sends what waits, as far as the socket takes it: WIRE_IO_OK when all is gone, WIRE_IO_WAIT when
 * the rest must wait for POLLOUT, WIRE_IO_END when the peer is gone. Never raises SIGPIPE. */
enum wire_io wire_writer_flush(struct wire_writer *writer, int fd, struct err *err);

#endif
