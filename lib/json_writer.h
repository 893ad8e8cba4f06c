/* json_writer.h - JSON written straight into a buf, for the hot path
 *
 *   struct json_writer w;
 *   json_writer_init(&w, &buf);
 *   json_writer_object(&w);
 *   json_writer_key(&w, "id");
 *   json_writer_int(&w, 7);
 *   json_writer_object_end(&w);
 *
 * Commas are put where they belong. Text must be well-formed UTF-8. Misuse (a value where a key is
 * due, an end that matches nothing) is a programmer's error and asserts. RFC 8259.
 */
#ifndef LIB_JSON_WRITER_H
#define LIB_JSON_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

enum {
	JSON_WRITER_DEPTH = 64,
};

struct json_writer {
	struct buf *buf;
	int depth;
	/* per open container: '{' or '[', and whether something is in it */
	char kind[JSON_WRITER_DEPTH];
	char filled[JSON_WRITER_DEPTH];
	int has_key; /* a key was written, its value is due */
};

void json_writer_init(struct json_writer *w, struct buf *buf);
void json_writer_object(struct json_writer *w);
void json_writer_object_end(struct json_writer *w);
void json_writer_array(struct json_writer *w);
void json_writer_array_end(struct json_writer *w);
void json_writer_key(struct json_writer *w, const char *key);
void json_writer_null(struct json_writer *w);
void json_writer_bool(struct json_writer *w, int value);
void json_writer_int(struct json_writer *w, int64_t value);
/* The shortest text that reads back as the same number; the value must be finite. */
void json_writer_float(struct json_writer *w, double value);
void json_writer_string(struct json_writer *w, const char *text, size_t size);
/* NULL writes null. */
void json_writer_text(struct json_writer *w, const char *text);
/* JSON that is already text, as it is. */
void json_writer_raw(struct json_writer *w, const char *json, size_t size);

#endif
