/* line_diff.c - what changed between two texts, as a unified diff */
#include "lib/line_diff.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/limits.h"
#include "lib/mem.h"
#include "lib/vec.h"

enum { CONTEXT = 3 };

struct line {
	const char *text;
	size_t size;    /* with its newline, if it has one */
	int is_changed; /* removed from the one side, or added on the other */
};

struct side {
	struct line *items;
	size_t count, capacity;
};

struct diff {
	struct side before, after;
	size_t head; /* lines at the beginning that are equal */
	/* what lies between the equal beginning and the equal end */
	int32_t before_count, after_count;
	/* for each number of edits d, how far its diagonals -d…d came: `before` lines taken */
	struct {
		int32_t **items;
		size_t count, capacity;
	} traces;
};

static void split(const struct line_diff_side *text, struct side *side)
{
	const char *at = text->text, *end = text->text + text->size;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		struct line *line = vec_push(side);

		line->text = at;
		line->size = (size_t)((newline ? newline + 1 : end) - at);
		at += line->size;
	}
}

static int is_same(const struct line *a, const struct line *b)
{
	return a->size == b->size && memcmp(a->text, b->text, a->size) == 0;
}

/* Equal lines at both ends are no part of the search. */
static void trim(struct diff *diff)
{
	size_t before = diff->before.count, after = diff->after.count;

	while (diff->head < before && diff->head < after &&
	       is_same(&diff->before.items[diff->head], &diff->after.items[diff->head]))
		diff->head++;
	while (before > diff->head && after > diff->head &&
	       is_same(&diff->before.items[before - 1], &diff->after.items[after - 1])) {
		before--;
		after--;
	}
	diff->before_count = (int32_t)(before - diff->head);
	diff->after_count = (int32_t)(after - diff->head);
}

/* Where diagonal k begins after d edits, given how far those of d - 1 came. */
static int32_t begin_of(const int32_t *last, int32_t d, int32_t k)
{
	int32_t down, right;

	if (d == 0)
		return 0;
	down = k < d ? last[k + 1 + d] : -1;       /* a line was added */
	right = k > -d ? last[k - 1 + d] + 1 : -1; /* a line was removed */
	return right > down ? right : down;
}

/* One more edit: 1 when both ends are reached. `last` and `now` have diagonal k at k + d (+1). */
static int advance(const struct diff *diff, const int32_t *last, int32_t d, int32_t *now)
{
	const struct line *before = diff->before.items + diff->head;
	const struct line *after = diff->after.items + diff->head;

	for (int32_t k = -d; k <= d; k += 2) {
		int32_t x = begin_of(last, d, k), y = x - k;

		if (x > diff->before_count || y > diff->after_count) {
			now[k + d + 1] = x;
			continue;
		}
		while (x < diff->before_count && y < diff->after_count &&
		       is_same(&before[x], &after[y])) {
			x++;
			y++;
		}
		now[k + d + 1] = x;
		if (x >= diff->before_count && y >= diff->after_count)
			return 1;
	}
	return 0;
}

/* The number of edits, or -1 when there are too many. */
static int32_t search(struct diff *diff)
{
	const int32_t *last = NULL;

	for (int32_t d = 0; d <= LIMIT_DIFF_EDITS; d++) {
		int32_t *now = mem_array((size_t)d * 2 + 3, sizeof(*now));

		*vec_push(&diff->traces) = now;
		if (advance(diff, last, d, now))
			return d;
		last = now;
	}
	return -1;
}

static void mark_all(struct diff *diff)
{
	for (int32_t i = 0; i < diff->before_count; i++)
		diff->before.items[diff->head + (size_t)i].is_changed = 1;
	for (int32_t i = 0; i < diff->after_count; i++)
		diff->after.items[diff->head + (size_t)i].is_changed = 1;
}

/* Back along the way that was found. */
static void mark_edits(struct diff *diff, int32_t edits)
{
	int32_t x = diff->before_count, y = diff->after_count;

	for (int32_t d = edits; d > 0; d--) {
		const int32_t *last = diff->traces.items[d - 1];
		int32_t k = x - y, down = k < d ? last[k + 1 + d] : -1;
		int32_t right = k > -d ? last[k - 1 + d] + 1 : -1;

		if (right > down) {
			x = right - 1;
			y = x - (k - 1);
			diff->before.items[diff->head + (size_t)x].is_changed = 1;
		} else {
			x = down;
			y = x - (k + 1);
			diff->after.items[diff->head + (size_t)y].is_changed = 1;
		}
	}
}

static void write_line(char mark, const struct line *line, struct buf *out)
{
	buf_char(out, mark);
	buf_append(out, line->text, line->size);
	if (line->text[line->size - 1] != '\n')
		buf_text(out, "\n\\ No newline at end of file\n");
}

/* A place in both texts, and where a hunk ends. */
struct place {
	size_t before, after;
};

static int is_change_at(const struct diff *diff, const struct place *at)
{
	return (at->before < diff->before.count && diff->before.items[at->before].is_changed) ||
	       (at->after < diff->after.count && diff->after.items[at->after].is_changed);
}

static void skip_change(const struct diff *diff, struct place *at)
{
	while (at->before < diff->before.count && diff->before.items[at->before].is_changed)
		at->before++;
	while (at->after < diff->after.count && diff->after.items[at->after].is_changed)
		at->after++;
}

/* Behind the last change that is near enough to belong to the hunk, and its context. */
static struct place end_of_hunk(const struct diff *diff, struct place at)
{
	struct place end = at;
	size_t equal = 0;

	while (at.before < diff->before.count || at.after < diff->after.count) {
		if (is_change_at(diff, &at)) {
			skip_change(diff, &at);
			end = at;
			equal = 0;
			continue;
		}
		if (++equal > (size_t)2 * CONTEXT)
			break;
		at.before++;
		at.after++;
	}
	for (int i = 0; i < CONTEXT && end.before < diff->before.count; i++) {
		end.before++;
		end.after++;
	}
	return end;
}

static void write_range(char mark, size_t from, size_t to, struct buf *out)
{
	/* an empty range is said by the line before it */
	buf_printf(out, " %c%zu", mark, to > from ? from + 1 : from);
	if (to - from != 1)
		buf_printf(out, ",%zu", to - from);
}

static void write_hunk(const struct diff *diff, struct place at, const struct place *end,
                       struct buf *out)
{
	buf_text(out, "@@");
	write_range('-', at.before, end->before, out);
	write_range('+', at.after, end->after, out);
	buf_text(out, " @@\n");
	while (at.before < end->before || at.after < end->after) {
		if (!is_change_at(diff, &at)) {
			write_line(' ', &diff->before.items[at.before++], out);
			at.after++;
			continue;
		}
		while (at.before < end->before && diff->before.items[at.before].is_changed)
			write_line('-', &diff->before.items[at.before++], out);
		while (at.after < end->after && diff->after.items[at.after].is_changed)
			write_line('+', &diff->after.items[at.after++], out);
	}
}

static void write_hunks(const struct diff *diff, struct buf *out)
{
	struct place at = {diff->head, diff->head};

	while (at.before < diff->before.count || at.after < diff->after.count) {
		struct place begin = at, end;
		size_t context = at.before < CONTEXT ? at.before : CONTEXT;

		if (!is_change_at(diff, &at)) {
			at.before++;
			at.after++;
			continue;
		}
		begin.before -= context;
		begin.after -= context;
		end = end_of_hunk(diff, at);
		write_hunk(diff, begin, &end, out);
		at = end;
	}
}

void line_diff(const struct line_diff_side *before, const struct line_diff_side *after,
               struct buf *out)
{
	struct diff diff = {0};
	int32_t edits;

	split(before, &diff.before);
	split(after, &diff.after);
	trim(&diff);
	edits = search(&diff);
	if (edits < 0)
		mark_all(&diff);
	else
		mark_edits(&diff, edits);
	if (edits != 0) {
		buf_printf(out, "--- %s\n+++ %s\n", before->name, after->name);
		write_hunks(&diff, out);
	}
	vec_foreach(int32_t **, trace, &diff.traces)
		free(*trace);
	vec_release(&diff.traces);
	vec_release(&diff.before);
	vec_release(&diff.after);
}
