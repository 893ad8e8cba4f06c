/* problem.c - what can go wrong with a request, by the codes clients read */
#include "api/problem.h"

static const struct {
	const char *name, *title;
} problems[PROBLEM_COUNT] = {
	[PROBLEM_NONE] = {"none", "None"},
	[PROBLEM_BAD_REQUEST] = {"bad_request", "Bad request"},
	[PROBLEM_UNKNOWN_PARAMETER] = {"unknown_parameter", "Unknown parameter"},
	[PROBLEM_LIMIT_EXCEEDED] = {"limit_exceeded", "Limit exceeded"},
	[PROBLEM_CURSOR_INVALID] = {"cursor_invalid", "Invalid cursor"},
	[PROBLEM_FOREIGN_KEY] = {"foreign_key", "Referenced row does not exist"},
	[PROBLEM_UNAUTHORIZED] = {"unauthorized", "Unauthorized"},
	[PROBLEM_FORBIDDEN] = {"forbidden", "Forbidden"},
	[PROBLEM_NOT_FOUND] = {"not_found", "Not found"},
	[PROBLEM_METHOD_NOT_ALLOWED] = {"method_not_allowed", "Method not allowed"},
	[PROBLEM_NOT_ACCEPTABLE] = {"not_acceptable", "Not acceptable"},
	[PROBLEM_REQUEST_TIMEOUT] = {"request_timeout", "Request timeout"},
	[PROBLEM_DUPLICATE] = {"duplicate", "Duplicate"},
	[PROBLEM_STATE_CONFLICT] = {"state_conflict", "State conflict"},
	[PROBLEM_GONE] = {"gone", "Gone"},
	[PROBLEM_LENGTH_REQUIRED] = {"length_required", "Length required"},
	[PROBLEM_PAYLOAD_TOO_LARGE] = {"payload_too_large", "Payload too large"},
	[PROBLEM_URI_TOO_LONG] = {"uri_too_long", "URI too long"},
	[PROBLEM_UNSUPPORTED_MEDIA_TYPE] = {"unsupported_media_type", "Unsupported media type"},
	[PROBLEM_EXPECTATION_FAILED] = {"expectation_failed", "Expectation failed"},
	[PROBLEM_VALIDATION] = {"validation", "Validation failed"},
	[PROBLEM_HEADERS_TOO_LARGE] = {"headers_too_large", "Header fields too large"},
	[PROBLEM_INTERNAL] = {"internal", "Internal error"},
	[PROBLEM_NOT_IMPLEMENTED] = {"not_implemented", "Not implemented"},
	[PROBLEM_OVERLOADED] = {"overloaded", "Overloaded"},
	[PROBLEM_DATABASE_UNAVAILABLE] = {"database_unavailable", "Database unavailable"},
	[PROBLEM_OUTCOME_UNKNOWN] = {"outcome_unknown", "Outcome unknown"},
	[PROBLEM_DRAINING] = {"draining", "Draining"},
	[PROBLEM_TIMEOUT] = {"timeout", "Timeout"},
	[PROBLEM_HTTP_VERSION] = {"http_version", "HTTP version not supported"},
	[PROBLEM_INSUFFICIENT_STORAGE] = {"insufficient_storage", "Insufficient storage"},
};

static const enum problem of_err[ERR_COUNT] = {
	[ERR_NONE] = PROBLEM_NONE,
	[ERR_FAILED] = PROBLEM_INTERNAL,
	[ERR_INTERNAL] = PROBLEM_INTERNAL,
	[ERR_USAGE] = PROBLEM_BAD_REQUEST,
	[ERR_INVALID] = PROBLEM_VALIDATION,
	[ERR_DENIED] = PROBLEM_FORBIDDEN,
	[ERR_NOT_FOUND] = PROBLEM_NOT_FOUND,
	[ERR_GONE] = PROBLEM_GONE,
	[ERR_CONFLICT] = PROBLEM_STATE_CONFLICT,
	[ERR_DUPLICATE] = PROBLEM_DUPLICATE,
	[ERR_FOREIGN_KEY] = PROBLEM_FOREIGN_KEY,
	[ERR_LIMIT] = PROBLEM_LIMIT_EXCEEDED,
	[ERR_STALE] = PROBLEM_STATE_CONFLICT,
	[ERR_BUSY] = PROBLEM_OVERLOADED,
	[ERR_UNAVAILABLE] = PROBLEM_DATABASE_UNAVAILABLE,
	[ERR_STOPPING] = PROBLEM_DRAINING,
	[ERR_OUTCOME_UNKNOWN] = PROBLEM_OUTCOME_UNKNOWN,
	[ERR_NO_SPACE] = PROBLEM_INSUFFICIENT_STORAGE,
	[ERR_DAMAGED] = PROBLEM_INTERNAL,
	[ERR_TIMEOUT] = PROBLEM_TIMEOUT,
	[ERR_CANCELLED] = PROBLEM_TIMEOUT,
};

const char *problem_name(enum problem problem)
{
	return problems[problem].name;
}

const char *problem_title(enum problem problem)
{
	return problems[problem].title;
}

enum problem problem_of_err(enum err_code code)
{
	return of_err[code];
}
