/* err.c - errors as values */
#include "lib/err.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int transient;
} codes[ERR_COUNT] = {
	[ERR_NONE] = {"none", 0},
	[ERR_FAILED] = {"failed", 0},
	[ERR_INTERNAL] = {"internal", 0},
	[ERR_USAGE] = {"usage", 0},
	[ERR_INVALID] = {"invalid", 0},
	[ERR_DENIED] = {"denied", 0},
	[ERR_NOT_FOUND] = {"not_found", 0},
	[ERR_GONE] = {"gone", 0},
	[ERR_CONFLICT] = {"conflict", 0},
	[ERR_DUPLICATE] = {"duplicate", 0},
	[ERR_FOREIGN_KEY] = {"foreign_key", 0},
	[ERR_LIMIT] = {"limit", 0},
	[ERR_STALE] = {"stale", 0},
	[ERR_BUSY] = {"busy", 1},
	[ERR_UNAVAILABLE] = {"unavailable", 1},
	[ERR_STOPPING] = {"stopping", 1},
	[ERR_OUTCOME_UNKNOWN] = {"outcome_unknown", 1},
	[ERR_NO_SPACE] = {"no_space", 1},
	[ERR_DAMAGED] = {"damaged", 0},
	[ERR_TIMEOUT] = {"timeout", 1},
	[ERR_CANCELLED] = {"cancelled", 0},
};

int err_set(struct err *err, enum err_code code, const char *format, ...)
{
	va_list arguments;

	err->code = code;
	va_start(arguments, format);
	vsnprintf(err->text, sizeof(err->text), format, arguments);
	va_end(arguments);
	return -1;
}

static enum err_code code_of_errno(int errno_value)
{
	switch (errno_value) {
	case ENOENT:
	case ENOTDIR:
		return ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return ERR_DENIED;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return ERR_NO_SPACE;
	case ECONNREFUSED:
	case ECONNRESET:
	case EPIPE:
		return ERR_UNAVAILABLE;
	case EADDRINUSE:
		return ERR_CONFLICT;
	case ETIMEDOUT:
		return ERR_TIMEOUT;
	default:
		return ERR_FAILED;
	}
}

int err_errno(struct err *err, int errno_value, const char *format, ...)
{
	char what[sizeof(err->text)];
	char buffer[128];
	const char *cause = strerror_r(errno_value, buffer, sizeof(buffer));
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	/* the C library starts its texts with a capital, ours stand after a colon */
	return err_set(err, code_of_errno(errno_value), "%s: %c%s", what,
	               tolower((unsigned char)cause[0]), cause + 1);
}

int err_prefix(struct err *err, const char *format, ...)
{
	char tail[sizeof(err->text)];
	va_list arguments;
	int used;

	memcpy(tail, err->text, sizeof(tail));
	va_start(arguments, format);
	used = vsnprintf(err->text, sizeof(err->text), format, arguments);
	va_end(arguments);
	if (used >= 0 && (size_t)used < sizeof(err->text))
		snprintf(err->text + used, sizeof(err->text) - (size_t)used, ": %s", tail);
	return -1;
}

int err_is_transient(enum err_code code)
{
	return codes[code].transient;
}

const char *err_name(enum err_code code)
{
	return codes[code].name;
}
