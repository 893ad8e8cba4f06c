/* frame.h - where the body of a request ends
 *
 * Reads a body by its length or in chunks, strictly (RFC 9112 §7.1), and gives out what the library
 * shall see: the same bytes, or chunks written anew without extensions and trailers. Pure. After a
 * problem nothing more is read; frame_end() then completes what the library has begun to read.
 */
#ifndef API_FRAME_H
#define API_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "api/problem.h"
#include "lib/buf.h"
#include "lib/limits.h"

enum frame_phase {
	FRAME_LENGTH,     /* a body of known length */
	FRAME_CHUNK_LINE, /* size and extensions */
	FRAME_CHUNK_DATA,
	FRAME_CHUNK_END, /* the CRLF behind the data */
	FRAME_TRAILER,
	FRAME_DONE,
};

struct frame {
	enum frame_phase phase;
	enum problem problem; /* PROBLEM_NONE until it goes wrong */
	const char *why;      /* for the client */
	int64_t left;         /* bytes of body or chunk to come */
	int64_t received;     /* bytes of body so far */
	int64_t limit;        /* a chunked body over this is refused */
	size_t trailer_bytes;
	int in_value;                      /* of a trailer field: the colon has come */
	int after_cr;                      /* of the line being read: only LF may follow */
	size_t line_size;                  /* of the line being read, without its end */
	char line[LIMIT_CHUNK_LINE_BYTES]; /* of a chunk size; trailers are not kept */
};

void frame_init_length(struct frame *frame, int64_t length);
void frame_init_chunked(struct frame *frame, int64_t limit);

/* Takes what belongs to the body and appends to `out` what the library shall see. Returns the bytes
 * taken; what is left belongs to the next request. */
size_t frame_feed(struct frame *frame, const char *bytes, size_t size, struct buf *out);

/* The end of a chunked body that was refused on its way. */
void frame_end(struct frame *frame, struct buf *out);

#endif
