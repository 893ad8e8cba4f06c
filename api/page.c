/* page.c - which part of a list is asked for, and how the answer says what it is */
#include "api/page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/respond.h"
#include "lib/limits.h"
#include "lib/str.h"

enum { DEFAULT_LIMIT = 100 };

/* `n` and the id in hexadecimal digits. */
static int parse_cursor(const char *text, int64_t *after)
{
	char *end;

	if (*text != 'n' || strlen(text) > 16 || text[1 + strspn(text + 1, "0123456789abcdef")])
		return -1;
	*after = (int64_t)strtoull(text + 1, &end, 16);
	return *after > 0 ? 0 : -1;
}

int page_parse(struct request *request, struct page *page)
{
	static const int64_t limits[2] = {1, LIMIT_PAGE_ROWS};
	static const int64_t offsets[2] = {0, LIMIT_OFFSET_ROWS};
	const char *cursor = request_parameter(request, "cursor");

	*page = (struct page){.limit = DEFAULT_LIMIT};
	if (request_integer(request, "limit", limits, &page->limit) < 0 ||
	    request_integer(request, "offset", offsets, &page->offset) < 0)
		return -1;
	if (!cursor)
		return 0;
	if (parse_cursor(cursor, &page->after) == 0 && page->offset == 0)
		return 0;
	respond_problem(request, PROBLEM_CURSOR_INVALID,
	                page->offset ? "cursor and offset exclude each other"
	                             : "the cursor is not one of ours");
	return -1;
}

/* The parameters of this request but for those that say where the page is. */
static void append_filters(struct buf *url, const struct request *request)
{
	for (size_t i = 0; i < request->parameter_count; i++) {
		const struct request_text *parameter = &request->parameters[i];

		if (str_equal(parameter->name, "cursor") || str_equal(parameter->name, "offset") ||
		    str_equal(parameter->name, "limit"))
			continue;
		buf_printf(url, "&%s=", parameter->name);
		for (const char *at = parameter->value; *at; at++)
			buf_printf(url, "%%%02X", (unsigned)(unsigned char)*at);
	}
}

void page_reply_fields(struct request *request, const struct page *page)
{
	struct arena *arena = &request->arena;
	auto_buf struct buf link = {0};

	if (page->count == 0)
		request_reply_field(request, "content-range", "items */*");
	else if (!page->after)
		request_reply_field(request, "content-range",
		                    arena_printf(arena, "items %" PRId64 "-%" PRId64 "/*",
		                                 page->offset, page->offset + page->count - 1));
	if (!page->next)
		return;
	buf_printf(&link, "<%s?limit=%" PRId64 "&cursor=n%" PRIx64, request->head.path.data,
	           page->limit, (uint64_t)page->next);
	append_filters(&link, request);
	buf_text(&link, ">; rel=\"next\"");
	request_reply_field(request, "link", arena_strdup(arena, buf_string(&link)));
}
