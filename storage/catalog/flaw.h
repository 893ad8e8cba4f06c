/* flaw.h - what can be wrong with a value or a row
 *
 * The codes of formats.md §2, the same in rejects files, load results and REST errors. A flaw is a
 * plain value; it is written only when something is wrong. Thread safe.
 */
#ifndef STORAGE_CATALOG_FLAW_H
#define STORAGE_CATALOG_FLAW_H

#include "lib/compiler.h"

enum flaw_code {
	FLAW_NONE,
	FLAW_REQUIRED,
	FLAW_INVALID_INTEGER,
	FLAW_INVALID_FLOAT,
	FLAW_INVALID_DECIMAL,
	FLAW_INVALID_BOOL,
	FLAW_INVALID_DATE,
	FLAW_INVALID_TIMESTAMP,
	FLAW_INVALID_UUID,
	FLAW_INVALID_JSON,
	FLAW_INVALID_BASE64,
	FLAW_INVALID_STRING, /* JSON only: not a string where text is due */
	FLAW_TOO_SHORT,
	FLAW_TOO_LONG,
	FLAW_TOO_SMALL,
	FLAW_TOO_LARGE,
	FLAW_PATTERN,
	FLAW_ENUM,
	FLAW_FOREIGN_KEY,
	FLAW_DUPLICATE,
	FLAW_DUPLICATE_IN_INPUT,
	FLAW_FIELD_COUNT,
	FLAW_ENCODING,
	FLAW_NUL,
	FLAW_QUOTE,
	FLAW_LINE_END,
	FLAW_UNKNOWN_COLUMN, /* JSON only: a member the table does not have */
	FLAW_COUNT,
};

struct flaw {
	enum flaw_code code;
	char detail[252]; /* for the user: lower case, no full stop, does not name the column */
};

/* Sets code and detail, returns -1 so that callers can write `return flaw_set(flaw, …)`. */
int flaw_set(struct flaw *flaw, enum flaw_code code, const char *format, ...) PRINTF_LIKE(3, 4);

/* The code as users read it, e.g. "too_short". */
const char *flaw_name(enum flaw_code code);

#endif
