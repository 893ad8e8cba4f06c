/* flaw.c - what can be wrong with a value or a row */
#include "storage/catalog/flaw.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const names[FLAW_COUNT] = {
	[FLAW_NONE] = "none",
	[FLAW_REQUIRED] = "required",
	[FLAW_INVALID_INTEGER] = "invalid_integer",
	[FLAW_INVALID_FLOAT] = "invalid_float",
	[FLAW_INVALID_DECIMAL] = "invalid_decimal",
	[FLAW_INVALID_BOOL] = "invalid_bool",
	[FLAW_INVALID_DATE] = "invalid_date",
	[FLAW_INVALID_TIMESTAMP] = "invalid_timestamp",
	[FLAW_INVALID_UUID] = "invalid_uuid",
	[FLAW_INVALID_JSON] = "invalid_json",
	[FLAW_INVALID_BASE64] = "invalid_base64",
	[FLAW_INVALID_STRING] = "invalid_string",
	[FLAW_TOO_SHORT] = "too_short",
	[FLAW_TOO_LONG] = "too_long",
	[FLAW_TOO_SMALL] = "too_small",
	[FLAW_TOO_LARGE] = "too_large",
	[FLAW_PATTERN] = "pattern",
	[FLAW_ENUM] = "enum",
	[FLAW_FOREIGN_KEY] = "foreign_key",
	[FLAW_DUPLICATE] = "duplicate",
	[FLAW_DUPLICATE_IN_INPUT] = "duplicate_in_input",
	[FLAW_FIELD_COUNT] = "field_count",
	[FLAW_ENCODING] = "encoding",
	[FLAW_NUL] = "nul",
	[FLAW_QUOTE] = "quote",
	[FLAW_LINE_END] = "line_end",
	[FLAW_UNKNOWN_COLUMN] = "unknown_column",
};

int flaw_set(struct flaw *flaw, enum flaw_code code, const char *format, ...)
{
	va_list arguments;

	flaw->code = code;
	va_start(arguments, format);
	vsnprintf(flaw->detail, sizeof(flaw->detail), format, arguments);
	va_end(arguments);
	return -1;
}

const char *flaw_name(enum flaw_code code)
{
	return names[code];
}
