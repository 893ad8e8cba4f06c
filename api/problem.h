/* problem.h - what can go wrong with a request, by the codes clients read
 *
 * The codes of formats.md §6 and nothing else; which HTTP status each has is in api/respond.c. A code
 * is one row of a table here: name and title. Pure.
 */
#ifndef API_PROBLEM_H
#define API_PROBLEM_H

#include "lib/err.h"

enum problem {
	PROBLEM_NONE, /* all is well */
	PROBLEM_BAD_REQUEST,
	PROBLEM_UNKNOWN_PARAMETER,
	PROBLEM_LIMIT_EXCEEDED,
	PROBLEM_CURSOR_INVALID,
	PROBLEM_FOREIGN_KEY,
	PROBLEM_UNAUTHORIZED,
	PROBLEM_FORBIDDEN,
	PROBLEM_NOT_FOUND,
	PROBLEM_METHOD_NOT_ALLOWED,
	PROBLEM_NOT_ACCEPTABLE,
	PROBLEM_REQUEST_TIMEOUT,
	PROBLEM_DUPLICATE,
	PROBLEM_STATE_CONFLICT,
	PROBLEM_GONE,
	PROBLEM_LENGTH_REQUIRED,
	PROBLEM_PAYLOAD_TOO_LARGE,
	PROBLEM_URI_TOO_LONG,
	PROBLEM_UNSUPPORTED_MEDIA_TYPE,
	PROBLEM_EXPECTATION_FAILED,
	PROBLEM_VALIDATION,
	PROBLEM_HEADERS_TOO_LARGE,
	PROBLEM_INTERNAL,
	PROBLEM_NOT_IMPLEMENTED,
	PROBLEM_OVERLOADED,
	PROBLEM_DATABASE_UNAVAILABLE,
	PROBLEM_OUTCOME_UNKNOWN,
	PROBLEM_DRAINING,
	PROBLEM_TIMEOUT,
	PROBLEM_HTTP_VERSION,
	PROBLEM_INSUFFICIENT_STORAGE,
	PROBLEM_COUNT,
};

/* `not_found` */
const char *problem_name(enum problem problem);
/* `Not found` */
const char *problem_title(enum problem problem);

/* How an error of the layers below shows to a client. */
enum problem problem_of_err(enum err_code code);

#endif
