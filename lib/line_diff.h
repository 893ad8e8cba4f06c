/* line_diff.h - what changed between two texts, as a unified diff
 *
 * Myers' shortest edit script over lines (An O(ND) Difference Algorithm, 1986), three lines of
 * context, in the format of POSIX `diff -u`. Texts that differ in more than LIMIT_DIFF_EDITS lines
 * are shown as one replaced by the other. Pure.
 */
#ifndef LIB_LINE_DIFF_H
#define LIB_LINE_DIFF_H

#include <stddef.h>

#include "lib/buf.h"

struct line_diff_side {
	const char *name; /* behind `---` or `+++` */
	const char *text;
	size_t size;
};

/* Appends nothing when the texts are equal. */
void line_diff(const struct line_diff_side *before, const struct line_diff_side *after,
               struct buf *out);

#endif
