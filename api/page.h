/* page.h - which part of a list is asked for, and how the answer says what it is
 *
 * `limit` and either `offset` or the opaque `cursor` of a `Link: rel=next`. A cursor is as quick on
 * the last page as on the first.
 */
#ifndef API_PAGE_H
#define API_PAGE_H

#include <stdint.h>

#include "api/request.h"
#include "lib/compiler.h"

struct page {
	int64_t limit, offset;
	int64_t after; /* the id that the cursor names, 0 without one */

	/* of the answer */
	int64_t count; /* items in it */
	int64_t next;  /* the id that the next page begins behind, 0 when this is the last one */
};

/* 0, or -1 after it has answered. */
MUST_CHECK int page_parse(struct request *request, struct page *page);
/* `Content-Range` and, where there is more, `Link`. */
void page_reply_fields(struct request *request, const struct page *page);

#endif
