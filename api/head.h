/* head.h - the head of an HTTP/1 request, read strictly
 *
 * libh2o 2.2.5 lets through what lets one request hide in another (folded lines, bare LF, several
 * lengths, odd Hosts …). This reader stands in front of it: what it does not accept never reaches the
 * library, and what it accepts is written anew by head_write(). Grammar: RFC 9110, RFC 9112, narrowed
 * to what is unambiguous. Pure; a head points into the bytes it was parsed from.
 */
#ifndef API_HEAD_H
#define API_HEAD_H

#include <stddef.h>
#include <stdint.h>

#include "api/problem.h"
#include "lib/buf.h"
#include "lib/compiler.h"
#include "lib/limits.h"

enum {
	HEAD_CHUNKED = 1 << 0,    /* the body comes in chunks; content_length is -1 */
	HEAD_CLOSE = 1 << 1,      /* the client wants no further request on this connection */
	HEAD_CONTINUE = 1 << 2,   /* it waits for `100 Continue` before it sends the body */
	HEAD_KEEP_ALIVE = 1 << 3, /* HTTP/1.0 and it asks to keep the connection */
};

struct head_text {
	const char *data; /* not terminated */
	size_t size;
};

struct head_field {
	struct head_text name, value; /* blanks around the value are cut */
};

struct head {
	struct head_text method;
	struct head_text path;  /* origin form: begins with a slash, no query; or `*` */
	struct head_text query; /* behind the question mark; data is NULL without one */
	struct head_text authority;
	int minor; /* HTTP/1.minor: 0 or 1 */
	unsigned flags;
	int64_t content_length; /* -1: not given */
	struct head_field fields[LIMIT_HEAD_FIELDS];
	size_t field_count;
};

/* Where the search for the end of a head stands; zero-initialise per request. */
struct head_scan {
	size_t at;         /* bytes looked at */
	size_t line_start; /* of the line being read */
	size_t start;      /* of the request line, behind the empty lines before it */
	size_t fields;     /* start of the first field, 0 while in the request line */
	int empty_lines;
};

/* Looks on through a head that grows. Returns its size once complete (the request line begins at
 * scan->start), else 0; `problem` is set as soon as it cannot become a good one. */
size_t head_scan(struct head_scan *scan, const char *bytes, size_t size, enum problem *problem);

/* Parses a complete head. PROBLEM_NONE, or what is wrong, with `why` for the client. */
MUST_CHECK enum problem head_parse(const char *bytes, size_t size, struct head *head,
                                   const char **why);

/* The head as the library shall see it: origin form, one Host, no Expect, Upgrade or Trailer. */
void head_write(const struct head *head, struct buf *out);

/* The first field of this lower-case name, or NULL. */
const struct head_field *head_field(const struct head *head, const char *name);

/* RFC 9110 tchar: what names and methods are made of. */
int head_is_token_char(unsigned char c);

#endif
