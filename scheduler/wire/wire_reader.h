/* wire_reader.h - frames out of a stream that arrives in pieces
 *
 *   while ((io = wire_reader_fill(&reader, fd, &err)) == WIRE_IO_OK)
 *           while ((got = wire_reader_next(&reader, &frame, &err)) > 0) …
 *
 * The reader keeps what is not a whole frame yet, and descriptors that came with a `large` frame; no
 * more than one frame's cap of memory. Not thread safe.
 */
#ifndef SCHEDULER_WIRE_WIRE_READER_H
#define SCHEDULER_WIRE_WIRE_READER_H

#include "scheduler/wire/wire.h"

enum {
	WIRE_READER_FDS = 16, /* passed and not yet asked for */
};

enum wire_io {
	WIRE_IO_OK,    /* something was moved; there may be more */
	WIRE_IO_WAIT,  /* the descriptor is not ready */
	WIRE_IO_END,   /* the peer is gone */
	WIRE_IO_ERROR, /* err says why */
};

struct wire_reader {
	enum wire_side from; /* who speaks */
	struct buf in;
	size_t taken; /* bytes of `in` that were given out */
	int fds[WIRE_READER_FDS];
	size_t fd_count;
};

void wire_reader_init(struct wire_reader *reader, enum wire_side from);
void wire_reader_release(struct wire_reader *reader);

/* Reads once from a socket, up to 64 KiB. A descriptor from a runner is an error. */
enum wire_io wire_reader_fill(struct wire_reader *reader, int fd, struct err *err);
/* The same from memory. */
void wire_reader_feed(struct wire_reader *reader, const void *bytes, size_t size);

/* 1: a frame, to be released; 0: not all of it is here yet; -1: the peer broke the format. */
MUST_CHECK int wire_reader_next(struct wire_reader *reader, struct wire_frame *frame,
                                struct err *err);

#endif
