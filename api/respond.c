/* respond.c - answers, and the only place that knows HTTP status numbers */
#include "api/respond.h"

#include <stdarg.h>
#include <stdio.h>

#include "api/exchange.h"
#include "lib/json_writer.h"
#include "lib/log.h"

struct status {
	int number;
	const char *reason;
};

static const struct status good[] = {
	[RESPOND_OK] = {200, "OK"},
	[RESPOND_CREATED] = {201, "Created"},
	[RESPOND_NO_CONTENT] = {204, "No Content"},
};

static const struct status bad[PROBLEM_COUNT] = {
	[PROBLEM_NONE] = {500, "Internal Server Error"},
	[PROBLEM_BAD_REQUEST] = {400, "Bad Request"},
	[PROBLEM_UNKNOWN_PARAMETER] = {400, "Bad Request"},
	[PROBLEM_LIMIT_EXCEEDED] = {400, "Bad Request"},
	[PROBLEM_CURSOR_INVALID] = {400, "Bad Request"},
	[PROBLEM_FOREIGN_KEY] = {400, "Bad Request"},
	[PROBLEM_UNAUTHORIZED] = {401, "Unauthorized"},
	[PROBLEM_FORBIDDEN] = {403, "Forbidden"},
	[PROBLEM_NOT_FOUND] = {404, "Not Found"},
	[PROBLEM_METHOD_NOT_ALLOWED] = {405, "Method Not Allowed"},
	[PROBLEM_NOT_ACCEPTABLE] = {406, "Not Acceptable"},
	[PROBLEM_REQUEST_TIMEOUT] = {408, "Request Timeout"},
	[PROBLEM_DUPLICATE] = {409, "Conflict"},
	[PROBLEM_STATE_CONFLICT] = {409, "Conflict"},
	[PROBLEM_GONE] = {410, "Gone"},
	[PROBLEM_LENGTH_REQUIRED] = {411, "Length Required"},
	[PROBLEM_PAYLOAD_TOO_LARGE] = {413, "Content Too Large"},
	[PROBLEM_URI_TOO_LONG] = {414, "URI Too Long"},
	[PROBLEM_UNSUPPORTED_MEDIA_TYPE] = {415, "Unsupported Media Type"},
	[PROBLEM_EXPECTATION_FAILED] = {417, "Expectation Failed"},
	[PROBLEM_VALIDATION] = {422, "Unprocessable Content"},
	[PROBLEM_HEADERS_TOO_LARGE] = {431, "Request Header Fields Too Large"},
	[PROBLEM_INTERNAL] = {500, "Internal Server Error"},
	[PROBLEM_NOT_IMPLEMENTED] = {501, "Not Implemented"},
	[PROBLEM_OVERLOADED] = {503, "Service Unavailable"},
	[PROBLEM_DATABASE_UNAVAILABLE] = {503, "Service Unavailable"},
	[PROBLEM_OUTCOME_UNKNOWN] = {503, "Service Unavailable"},
	[PROBLEM_DRAINING] = {503, "Service Unavailable"},
	[PROBLEM_TIMEOUT] = {504, "Gateway Timeout"},
	[PROBLEM_HTTP_VERSION] = {505, "HTTP Version Not Supported"},
	[PROBLEM_INSUFFICIENT_STORAGE] = {507, "Insufficient Storage"},
};

/* What a client reads where the cause is ours and names things of ours. */
static const char *const discreet[PROBLEM_COUNT] = {
	[PROBLEM_INTERNAL] = "an internal error, logged under this request's id",
	[PROBLEM_DATABASE_UNAVAILABLE] = "the database cannot be reached at the moment",
	[PROBLEM_OUTCOME_UNKNOWN] = "the database went away; the outcome of this write is unknown",
	[PROBLEM_TIMEOUT] = "the database did not answer in time",
	[PROBLEM_INSUFFICIENT_STORAGE] = "there is no room left to store this",
	[PROBLEM_OVERLOADED] = "the server is busy, try again",
};

static const char media_json[] = "application/json";
static const char media_problem[] = "application/problem+json";

static void finish(struct request *request, const struct status *status, const char *type)
{
	struct exchange_answer answer = {.status = status->number, .reason = status->reason};

	if (type)
		request_reply_field(request, "content-type", type);
	request_reply_field(request, "x-request-id", request->id);
	answer.fields = request->reply_fields;
	answer.field_count = request->reply_field_count;
	answer.body = type ? buf_string(&request->reply) : NULL;
	answer.size = request->reply.size;
	exchange_send(request->exchange, &answer);
}

static const char *type_of(const struct request *request)
{
	return request->route && request->route->gives ? request->route->gives : media_json;
}

void respond_reply(struct request *request, enum respond_status status)
{
	finish(request, &good[status], status == RESPOND_NO_CONTENT ? NULL : type_of(request));
}

static void write_fault(struct json_writer *w, const struct respond_fault *fault)
{
	json_writer_object(w);
	if (fault->pointer) {
		json_writer_key(w, "pointer");
		json_writer_text(w, fault->pointer);
	}
	if (fault->column) {
		json_writer_key(w, "column");
		json_writer_text(w, fault->column);
	}
	json_writer_key(w, "code");
	json_writer_text(w, fault->code);
	json_writer_key(w, "detail");
	json_writer_text(w, fault->detail);
	json_writer_object_end(w);
}

static void write_problem(struct request *request, enum problem problem, const char *detail,
                          const struct respond_fault *faults, size_t count)
{
	struct json_writer w;

	buf_clear(&request->reply);
	json_writer_init(&w, &request->reply);
	json_writer_object(&w);
	json_writer_key(&w, "type");
	json_writer_text(&w, arena_printf(&request->arena, "/problems/%s", problem_name(problem)));
	json_writer_key(&w, "title");
	json_writer_text(&w, problem_title(problem));
	json_writer_key(&w, "status");
	json_writer_int(&w, bad[problem].number);
	json_writer_key(&w, "detail");
	json_writer_text(&w, detail);
	json_writer_key(&w, "message");
	json_writer_text(&w, detail);
	json_writer_key(&w, "code");
	json_writer_text(&w, problem_name(problem));
	json_writer_key(&w, "request_id");
	json_writer_text(&w, request->id);
	if (count) {
		json_writer_key(&w, "errors");
		json_writer_array(&w);
		for (size_t i = 0; i < count; i++)
			write_fault(&w, &faults[i]);
		json_writer_array_end(&w);
	}
	json_writer_object_end(&w);
}

void respond_faults(struct request *request, enum problem problem, const char *detail,
                    const struct respond_fault *faults, size_t count)
{
	write_problem(request, problem, detail, faults, count);
	/* what the good answer would have said */
	request->reply_field_count = 0;
	if (bad[problem].number == 503)
		request_reply_field(request, "retry-after", "1");
	if (problem == PROBLEM_UNAUTHORIZED)
		request_reply_field(request, "www-authenticate", "ApiKey");
	if (problem == PROBLEM_METHOD_NOT_ALLOWED)
		request_reply_field(request, "allow", request->path->allow);
	finish(request, &bad[problem], media_problem);
}

void respond_problem(struct request *request, enum problem problem, const char *detail, ...)
{
	va_list arguments;
	const char *text;

	va_start(arguments, detail);
	text = arena_vprintf(&request->arena, detail, arguments);
	va_end(arguments);
	respond_faults(request, problem, text, NULL, 0);
}

void respond_error(struct request *request, const struct err *err)
{
	enum problem problem = problem_of_err(err->code);

	if (discreet[problem]) {
		log_warn("api", "request failed request_id=%s path=%s code=%s error=%s",
		         request->id, request->head.path.data, err_name(err->code), err->text);
		respond_problem(request, problem, "%s", discreet[problem]);
	} else {
		respond_problem(request, problem, "%s", err->text);
	}
}

void respond_refusal(struct request *request)
{
	respond_problem(request, request->problem, "%s",
	                request->why ? request->why : problem_title(request->problem));
}

void respond_allow(struct request *request, const char *methods)
{
	request_reply_field(request, "allow", methods);
	finish(request, &good[RESPOND_NO_CONTENT], NULL);
}

void respond_done(struct request *request, const struct err *err)
{
	if (err)
		respond_error(request, err);
	else
		respond_reply(request, RESPOND_OK);
}

void respond_created(struct request *request, const struct err *err)
{
	if (err)
		respond_error(request, err);
	else
		respond_reply(request, RESPOND_CREATED);
}

void respond_stream(struct request *request, void (*wanted)(struct request *request))
{
	struct exchange_answer answer = {.status = good[RESPOND_OK].number,
	                                 .reason = good[RESPOND_OK].reason};

	request_reply_field(request, "content-type", type_of(request));
	request_reply_field(request, "x-request-id", request->id);
	answer.fields = request->reply_fields;
	answer.field_count = request->reply_field_count;
	exchange_stream(request->exchange, &answer, wanted);
}

void respond_stream_write(struct request *request, struct buf *bytes)
{
	if (request->exchange)
		exchange_stream_write(request->exchange, bytes);
}

void respond_stream_end(struct request *request)
{
	if (request->exchange)
		exchange_stream_end(request->exchange);
}

void respond_stream_abort(struct request *request)
{
	if (request->exchange)
		exchange_stream_abort(request->exchange);
}
