/* request.c - one request, from its head to its answer */
#include "api/request.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "api/respond.h"
#include "api/slow.h"
#include "lib/clock.h"
#include "lib/crypto.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "scheduler/core/explanation.h"
#include "storage/db/writer.h"

static int is_id(const char *text)
{
	size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                           "0123456789._-");

	return size > 0 && size < REQUEST_ID_SIZE && text[size] == '\0';
}

/* The texts of the head end in what separates them, so they can be ended in place. */
static void terminate(char *copy, const char *base, struct head_text text)
{
	if (text.data >= base && text.size)
		copy[text.data - base + (ptrdiff_t)text.size] = '\0';
}

static void terminate_all(struct request *request, char *copy, size_t size)
{
	const struct head *head = &request->head;

	/* `*` and `/` may be constants */
	if (head->path.data >= copy && head->path.data < copy + size)
		terminate(copy, copy, head->path);
	if (head->query.data)
		copy[head->query.data - copy + (ptrdiff_t)head->query.size] = '\0';
	terminate(copy, copy, head->method);
	for (size_t i = 0; i < head->field_count; i++) {
		const struct head_field *field = &head->fields[i];

		copy[field->name.data - copy + (ptrdiff_t)field->name.size] = '\0';
		copy[field->value.data - copy + (ptrdiff_t)field->value.size] = '\0';
	}
}

static struct request *allocate(struct session *session)
{
	struct request *request = mem_alloc(sizeof(*request));

	request->session = session;
	request->method = ROUTE_GET;
	arena_init(&request->arena);
	return request;
}

static void choose_id(struct request *request)
{
	const char *given = request_header(request, "x-request-id");

	if (given && is_id(given)) {
		str_copy(request->id, sizeof(request->id), given);
	} else {
		char id[CRYPTO_ULID_SIZE];

		crypto_ulid(clock_now_us(), id);
		str_copy(request->id, sizeof(request->id), id);
	}
}

struct request *request_new(struct session *session, const char *head, size_t size)
{
	struct request *request = allocate(session);
	char *copy = arena_strndup(&request->arena, head, size);

	request->problem = head_parse(copy, size, &request->head, &request->why);
	if (request->problem == PROBLEM_NONE) {
		terminate_all(request, copy, size);
		request->method = route_method(request->head.method.data);
	}
	choose_id(request);
	return request;
}

struct request *request_new_bad(struct session *session, enum problem problem, const char *why)
{
	struct request *request = allocate(session);

	request->problem = problem;
	request->why = why;
	choose_id(request);
	return request;
}

void request_discard(struct request *request)
{
	if (request->cleanup)
		request->cleanup(request);
	buf_release(&request->reply);
	arena_release(&request->arena);
	free(request);
}

void request_detach(struct request *request)
{
	request->exchange = NULL;
	if (!request->pending)
		request_discard(request);
	else if (request->abandon)
		request->abandon(request);
}

void request_suspend(struct request *request)
{
	assert(!request->pending);
	request->pending = 1;
	request->body = NULL; /* it is the library's */
}

int request_resume(struct request *request)
{
	request->pending = 0;
	request->abandon = NULL;
	if (request->exchange)
		return 1;
	request_discard(request);
	return 0;
}

const char *request_header(const struct request *request, const char *name)
{
	const struct head_field *field = head_field(&request->head, name);

	return field ? field->value.data : NULL;
}

const char *request_parameter(const struct request *request, const char *name)
{
	for (size_t i = 0; i < request->parameter_count; i++)
		if (str_equal(request->parameters[i].name, name))
			return request->parameters[i].value;
	return NULL;
}

static int refuse(struct request *request, enum problem problem, const char *why)
{
	request->problem = problem;
	request->why = why;
	return -1;
}

static int is_known(const struct request *request, const char *name)
{
	const char *const *known = request->route->parameters;

	for (; known && *known; known++)
		if (str_equal(*known, name))
			return 1;
	/* the parameters of a report are declared in the catalog, its handler knows them */
	return known == NULL && request->route->flags & ROUTE_ANY_PARAMETER;
}

static int take_parameter(struct request *request, const char *text, size_t size)
{
	struct request_text *parameter = &request->parameters[request->parameter_count];
	const char *equals = memchr(text, '=', size);
	size_t name_size = equals ? (size_t)(equals - text) : size;

	parameter->name = route_decode(&request->arena, text, name_size, 1);
	parameter->value =
		equals ? route_decode(&request->arena, equals + 1, size - name_size - 1, 1) : "";
	if (!parameter->name || !parameter->value)
		return refuse(request, PROBLEM_BAD_REQUEST,
		              "the query is not percent-encoded UTF-8");
	if (!is_known(request, parameter->name))
		return refuse(
			request, PROBLEM_UNKNOWN_PARAMETER,
			arena_printf(&request->arena, "unknown parameter '%s'", parameter->name));
	if (request_parameter(request, parameter->name))
		return refuse(request, PROBLEM_BAD_REQUEST,
		              arena_printf(&request->arena, "parameter '%s' is given twice",
		                           parameter->name));
	request->parameter_count++;
	return 0;
}

int request_parse_query(struct request *request)
{
	const char *at = request->head.query.data;

	if (!at || !*at)
		return 0;
	request->parameters =
		arena_array(&request->arena, LIMIT_QUERY_PARAMETERS, sizeof(*request->parameters));
	while (*at) {
		size_t size = strcspn(at, "&");

		if (request->parameter_count == LIMIT_QUERY_PARAMETERS)
			return refuse(request, PROBLEM_LIMIT_EXCEEDED,
			              "there are over 64 query parameters");
		if (size && take_parameter(request, at, size) < 0)
			return -1;
		at += size;
		at += *at == '&';
	}
	return 0;
}

int request_integer(struct request *request, const char *name, const int64_t range[2],
                    int64_t *value)
{
	const char *text = request_parameter(request, name);
	struct err err;

	if (!text)
		return 0;
	if (str_to_int(text, value, &err) < 0 || *value < range[0] || *value > range[1]) {
		respond_problem(request, PROBLEM_BAD_REQUEST,
		                "parameter '%s' must be a whole number from %lld to %lld", name,
		                (long long)range[0], (long long)range[1]);
		return -1;
	}
	return 0;
}

json_t *request_body_object(struct request *request)
{
	struct err err;
	json_t *body;

	if (request->body_size == 0 && request->route->flags & ROUTE_BODY_OPTIONAL)
		return json_object();
	body = json_parse(request->body ? request->body : "", request->body_size, &err);
	if (!body) {
		respond_problem(request, PROBLEM_VALIDATION, "the body is not valid JSON: %s",
		                err.text);
		return NULL;
	}
	if (!json_is_object(body)) {
		respond_problem(request, PROBLEM_VALIDATION, "the body must be a JSON object");
		json_decref(body);
		return NULL;
	}
	return body;
}

void request_reply_field(struct request *request, const char *name, const char *value)
{
	struct request_text *field = &request->reply_fields[request->reply_field_count++];

	assert(request->reply_field_count <= REQUEST_REPLY_FIELDS);
	field->name = name;
	field->value = value;
}

void request_read(struct request *request, enum request_database database, request_work_fn work,
                  request_respond_fn respond)
{
	struct err err = {0};
	struct db *db = database == REQUEST_DATA ? session_data(request->session, &err)
	                                         : session_metadata(request->session, &err);

	if (db && work(request, db, &err) == 0) {
		respond(request, NULL);
	} else if (db && db_over_budget(db)) {
		slow_read(request, database, work, respond);
	} else {
		session_forget(request->session, &err);
		respond(request, &err);
	}
}

/* A write on its way to the writer's thread and back. */
struct write {
	struct mail mail;
	struct request *request;
	request_work_fn work;
	request_respond_fn respond;
	struct err err;
	int failed;
};

static int run_write(struct db *db, void *context, struct err *err)
{
	struct write *write = context;

	buf_clear(&write->request->reply);
	return write->work(write->request, db, err);
}

static void write_delivered(struct mail *mail)
{
	struct write *write = container_of(mail, struct write, mail);
	struct request *request = write->request;

	request->session->pending--;
	if (request_resume(request))
		write->respond(request, write->failed ? &write->err : NULL);
	free(write);
}

static void write_done(void *context, const struct err *err)
{
	struct write *write = context;

	write->failed = err != NULL;
	if (err)
		write->err = *err;
	/* a loop ends after its pending writes */
	if (mailbox_post(write->request->session->mailbox, &write->mail) < 0)
		abort();
}

void request_write(struct request *request, request_work_fn work, request_respond_fn respond)
{
	struct write *write = mem_alloc(sizeof(*write));
	struct writer_job job = {.write = run_write, .done = write_done, .context = write};
	struct err err = {0};
	struct writer *writer = session_writer(request->session->shared, &err);

	*write = (struct write){.mail = {.deliver = write_delivered},
	                        .request = request,
	                        .work = work,
	                        .respond = respond};
	request_suspend(request);
	request->session->pending++;
	if (writer && writer_submit(writer, &job, &err) == 0)
		return;
	free(write);
	request->session->pending--;
	if (request_resume(request))
		respond(request, &err);
}

/* A command on its way to the scheduler and back. It may come back after the loop has ended, so it
 * holds the mailbox and nothing of the session. */
struct ticket {
	struct mail mail;
	struct command command;
	struct request *request;
	struct mailbox *mailbox;
	void (*respond)(struct request *request, struct command *command);
};

static void free_ticket(struct ticket *ticket)
{
	json_decref(ticket->command.params);
	json_decref(ticket->command.faults);
	json_decref(ticket->command.answer);
	explanation_free(ticket->command.explanation);
	mailbox_drop(ticket->mailbox);
	free(ticket);
}

static void command_delivered(struct mail *mail)
{
	struct ticket *ticket = container_of(mail, struct ticket, mail);

	if (request_resume(ticket->request))
		ticket->respond(ticket->request, &ticket->command);
	free_ticket(ticket);
}

static void command_done(struct command *command)
{
	struct ticket *ticket = container_of(command, struct ticket, command);

	if (mailbox_post(ticket->mailbox, &ticket->mail) == 0)
		return;
	request_discard(ticket->request);
	free_ticket(ticket);
}

void request_command(struct request *request, const struct command *command,
                     void (*respond)(struct request *request, struct command *command))
{
	const struct api_options *options = request->session->shared->options;
	struct ticket *ticket = mem_alloc(sizeof(*ticket));
	struct err err = {0};

	ticket->mail.deliver = command_delivered;
	ticket->command = *command;
	ticket->command.done = command_done;
	json_incref(ticket->command.params);
	ticket->request = request;
	ticket->mailbox = request->session->mailbox;
	ticket->respond = respond;
	mailbox_hold(ticket->mailbox);
	request_suspend(request);
	if (options->submit(options->service, &ticket->command, &err) == 0)
		return;
	ticket->command.err = err;
	if (request_resume(request))
		respond(request, &ticket->command);
	free_ticket(ticket);
}
