/* dispatch.c - what is decided about a request before and after its body */
#include "api/dispatch.h"

#include <string.h>

#include "api/respond.h"
#include "lib/crypto.h"
#include "lib/str.h"

static const char every_method[] = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

static void refuse(struct request *request, enum problem problem, const char *why)
{
	if (request->problem != PROBLEM_NONE)
		return;
	request->problem = problem;
	request->why = why;
}

static int is_star(const struct request *request)
{
	return str_equal(request->head.path.data, "*");
}

static void find_route(struct request *request)
{
	struct session_shared *shared = request->session->shared;
	enum route_result result = route_match(&shared->routes, request->head.path.data,
	                                       &request->arena, &request->path, request->values);

	if (result == ROUTE_FOUND && request->method < ROUTE_UNKNOWN)
		request->route = request->path->routes[request->method];
	if (result == ROUTE_MALFORMED)
		refuse(request, PROBLEM_BAD_REQUEST, "the path is not percent-encoded UTF-8");
}

static int is_public(const struct request *request)
{
	const struct route *get = request->path ? request->path->routes[ROUTE_GET] : NULL;

	return get && get->scope == ROUTE_PUBLIC;
}

static const char *given_key(const struct request *request)
{
	static const char bearer[] = "bearer ";
	const char *key = request_header(request, "x-api-key");

	if (!key)
		key = request_header(request, "apikey");
	if (!key) {
		key = request_header(request, "authorization");
		if (key && strncasecmp(key, bearer, sizeof(bearer) - 1) == 0)
			key += sizeof(bearer) - 1;
	}
	return key ? key : "";
}

static void check_key(struct request *request)
{
	const char *key = request->session->shared->options->key;
	const char *given;

	if (!key || is_public(request))
		return;
	given = given_key(request);
	if (!crypto_equal(key, strlen(key), given, strlen(given)))
		refuse(request, PROBLEM_UNAUTHORIZED, "this needs a valid key");
}

/* The routes of a path that names a table exist only for tables there are. */
static void find_table(struct request *request)
{
	const struct catalog *catalog = request->session->shared->options->catalog;
	const struct route *any = NULL;

	for (size_t i = 0; request->path && i < ROUTE_UNKNOWN && !any; i++)
		any = request->path->routes[i];
	if (!any || !(any->flags & ROUTE_IS_TABLE))
		return;
	request->table = catalog_table(catalog, request->values[0]);
	if (!request->table)
		refuse(request, PROBLEM_NOT_FOUND,
		       arena_printf(&request->arena, "there is no table '%s'", request->values[0]));
}

static void check_route(struct request *request)
{
	if (request->method == ROUTE_UNKNOWN)
		refuse(request, PROBLEM_NOT_IMPLEMENTED, "this method is not known here");
	else if (!request->path && !is_star(request))
		refuse(request, PROBLEM_NOT_FOUND, "there is nothing at this path");
	else if (!request->route && request->method != ROUTE_OPTIONS)
		refuse(request, PROBLEM_METHOD_NOT_ALLOWED, "this path does not allow this method");
}

static void check_state(struct request *request)
{
	struct err err;
	enum api_state state;

	if (request->route && request->route->flags & ROUTE_ALWAYS)
		return;
	state = session_state(request->session->shared, err.text, sizeof(err.text));
	if (state == API_STARTING)
		refuse(request, PROBLEM_OVERLOADED, "the server is starting");
	else if (state == API_STANDBY)
		refuse(request, PROBLEM_OVERLOADED, arena_printf(&request->arena, "%s", err.text));
}

/* `type/subtype`, whatever parameters follow. */
static int media_type_is(const char *text, const char *type)
{
	size_t size = strcspn(text, "; \t");

	return size == strlen(type) && strncasecmp(text, type, size) == 0;
}

static void check_body(struct request *request)
{
	const struct route *route = request->route;
	const struct head *head = &request->head;
	const char *type = request_header(request, "content-type");
	const char *encoding = request_header(request, "content-encoding");
	int has_body = head->flags & HEAD_CHUNKED || head->content_length > 0;
	int64_t limit = route ? route->body_limit : 0;

	if (!has_body) {
		if (limit && head->content_length < 0 && !(route->flags & ROUTE_BODY_OPTIONAL))
			refuse(request, PROBLEM_LENGTH_REQUIRED, "this needs a body");
	} else if (head->content_length > limit || !limit) {
		refuse(request, PROBLEM_PAYLOAD_TOO_LARGE,
		       limit ? "the body is too large for this route" : "this route takes no body");
	} else if (type && !media_type_is(type, "application/json")) {
		refuse(request, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
		       "this route takes application/json");
	} else if (encoding && !str_equal(encoding, "identity")) {
		refuse(request, PROBLEM_UNSUPPORTED_MEDIA_TYPE, "compressed bodies are not taken");
	}
}

/* `;q=0`, with or without a fraction of zeros. */
static int is_refused(const char *range, size_t size)
{
	const char *end = range + size;

	for (const char *at = range; at < end; at++) {
		if (*at != ';')
			continue;
		at += 1 + strspn(at + 1, " \t");
		if (strncasecmp(at, "q=0", 3) == 0)
			return at[3 + strspn(at + 3, ".0")] < '1' ||
			       at[3 + strspn(at + 3, ".0")] > '9';
	}
	return 0;
}

/* Whether one range of an Accept header, `type` and parameters, lets `wanted` pass. */
static int range_allows(const char *range, size_t size, const char *wanted)
{
	size_t type_size = strcspn(range, "; \t,");
	size_t family = strcspn(wanted, "/") + 1;

	if (type_size > size)
		type_size = size;
	if (is_refused(range, size))
		return 0;
	if (type_size == 3 && memcmp(range, "*/*", 3) == 0)
		return 1;
	if (type_size == family + 1 && strncasecmp(range, wanted, family) == 0)
		return range[family] == '*';
	return type_size == strlen(wanted) && strncasecmp(range, wanted, type_size) == 0;
}

static void check_accept(struct request *request)
{
	const char *at = request_header(request, "accept");
	const char *gives = request->route ? request->route->gives : NULL;

	if (!at || !*at || !gives)
		return;
	while (*at) {
		size_t size;

		at += strspn(at, ", \t");
		size = strcspn(at, ",");
		if (size && range_allows(at, size, gives))
			return;
		at += size;
	}
	refuse(request, PROBLEM_NOT_ACCEPTABLE,
	       arena_printf(&request->arena, "this is only given as %s", gives));
}

void dispatch_admit(struct request *request, int64_t *body_limit)
{
	find_route(request);
	check_key(request);
	check_route(request);
	find_table(request);
	check_state(request);
	check_body(request);
	check_accept(request);
	if (request->route)
		*body_limit = request->route->body_limit;
}

void dispatch_run(struct request *request)
{
	if (request->problem == PROBLEM_NONE && request->method == ROUTE_OPTIONS)
		respond_allow(request, request->path ? request->path->allow : every_method);
	else if (request->problem != PROBLEM_NONE || request_parse_query(request) < 0)
		respond_refusal(request);
	else
		request->route->handle(request);
}
