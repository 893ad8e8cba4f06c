/* client.c - the REST API of a server, over its Unix socket or --server URL */
#include "cli/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/serve.h"
#include "lib/file.h"
#include "lib/mem.h"
#include "lib/str.h"

enum {
	TIMEOUT_MS = 60000,
	MAX_HEADERS = 3,
};

struct client {
	struct arena arena;
	struct http *http;
	const char *base;   /* "http://millrace" with a socket */
	const char *socket; /* NULL: by the base's host */
	const char *key;    /* "" when there is none */
	json_t *problem;    /* the last one, or NULL */
};

static struct client *new_client(const char *socket, const char *base, const char *key)
{
	struct client *client = mem_alloc(sizeof(*client));

	arena_init(&client->arena);
	client->http = http_new();
	client->socket = socket ? arena_strdup(&client->arena, socket) : NULL;
	client->base = arena_strdup(&client->arena, base);
	client->key = arena_strdup(&client->arena, key ? key : "");
	return client;
}

struct client *client_new_local(const char *socket_path, const char *key)
{
	return new_client(socket_path, "http://millrace", key);
}

struct client *client_new(struct call *call)
{
	const struct config *config = call_config(call);
	const char *server = call_option(call, "server");

	if (!config)
		return NULL;
	if (!server)
		server = config_environment("MILLRACE_SERVER");
	if (server && *server)
		return new_client(NULL, server, config_text(config, CONFIG_API_KEY));
	return new_client(serve_socket_path(&call->arena, config_text(config, CONFIG_STATE_DIR)),
	                  "http://millrace", config_text(config, CONFIG_API_KEY));
}

void client_free(struct client *client)
{
	if (!client)
		return;
	http_free(client->http);
	json_decref(client->problem);
	arena_release(&client->arena);
	free(client);
}

int client_with(struct call *call, int (*work)(struct call *call, struct client *client))
{
	struct client *client = client_new(call);
	int status = client ? work(call, client) : EXIT_BAD;

	client_free(client);
	return status;
}

/* What a status means to a caller. */
static enum err_code code_of(int status)
{
	static const struct {
		int status;
		enum err_code code;
	} codes[] = {
		{400, ERR_USAGE},       {401, ERR_DENIED},      {403, ERR_DENIED},
		{404, ERR_NOT_FOUND},   {409, ERR_CONFLICT},    {410, ERR_GONE},
		{412, ERR_STALE},       {413, ERR_LIMIT},       {422, ERR_USAGE},
		{429, ERR_UNAVAILABLE}, {503, ERR_UNAVAILABLE}, {504, ERR_TIMEOUT},
		{507, ERR_NO_SPACE},
	};

	for (size_t i = 0; i < countof(codes); i++) {
		if (codes[i].status == status)
			return codes[i].code;
	}
	return ERR_FAILED;
}

static int refuse(struct client *client, const struct http_response *response, struct err *err)
{
	struct err not_json;
	const char *detail;

	json_decref(client->problem);
	client->problem = json_parse(buf_string(&response->body), response->body.size, &not_json);
	detail = json_get_text(client->problem, "detail", "");
	if (*detail)
		return err_set(err, code_of(response->status), "%s", detail);
	return err_set(err, code_of(response->status), "the server answered with status %d",
	               response->status);
}

static int no_server(const struct client *client, struct err *err)
{
	struct err cause = *err;

	if (err->code != ERR_UNAVAILABLE)
		return err_prefix(err, "asking the server");
	if (client->socket && !file_exists(client->socket))
		return err_set(err, ERR_UNAVAILABLE,
		               "no server runs in this project: start one with 'millrace serve'");
	return err_set(err, ERR_UNAVAILABLE,
	               "no server answers at '%s': start one with 'millrace serve' (%.80s)",
	               client->socket ? client->socket : client->base, cause.text);
}

static int perform(struct client *client, struct http_request *request,
                   struct http_response *response, struct err *err)
{
	const char *headers[MAX_HEADERS];
	size_t count = 0;

	headers[count++] = "Accept: application/json, text/plain, text/csv, */*";
	if (*client->key)
		headers[count++] =
			arena_printf(&client->arena, "Authorization: Bearer %s", client->key);
	if (request->body)
		headers[count++] = "Content-Type: application/json";
	request->headers = headers;
	request->header_count = count;
	request->unix_socket = client->socket;
	request->url = arena_printf(&client->arena, "%s%s", client->base, request->url);
	if (http_perform(client->http, request, response, err) < 0)
		return no_server(client, err);
	return response->status >= 400 ? refuse(client, response, err) : 0;
}

json_t *client_call(struct client *client, const char *method, const char *path, const json_t *body,
                    struct err *err)
{
	auto_free char *text = body ? json_text(body) : NULL;
	struct http_request request = {
		.method = method,
		.url = path,
		.body = text,
		.body_size = text ? strlen(text) : 0,
		.timeout_ms = TIMEOUT_MS,
	};
	struct http_response response = {0};
	json_t *reply = NULL;

	if (perform(client, &request, &response, err) == 0) {
		reply = json_parse(buf_string(&response.body), response.body.size, err);
		if (!reply)
			err_prefix(err, "the server's answer");
	}
	buf_release(&response.body);
	return reply;
}

json_t *client_get(struct client *client, const char *path, struct err *err)
{
	return client_call(client, "GET", path, NULL, err);
}

int client_stream(struct client *client, const char *path, http_body_fn on_body, void *data,
                  struct err *err)
{
	struct http_request request = {
		.method = "GET", .url = path, .on_body = on_body, .data = data};
	struct http_response response = {0};
	int result = perform(client, &request, &response, err);

	buf_release(&response.body);
	return result;
}

int client_fail(const struct client *client, const struct err *err)
{
	int status = call_fail(err);
	size_t i;
	json_t *fault = NULL;

	json_array_foreach(json_object_get(client->problem, "errors"), i, fault)
	{
		const char *pointer = json_get_text(fault, "pointer", "");

		if (str_starts_with(pointer, "/params/"))
			pointer += strlen("/params/");
		(void)fprintf(stderr, "  %s: %s\n", pointer, json_get_text(fault, "detail", ""));
	}
	return status;
}

void client_segment(struct buf *path, const char *text)
{
	for (; *text; text++) {
		if ((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
		    (*text >= '0' && *text <= '9') || strchr("-._~", *text))
			buf_char(path, *text);
		else
			buf_printf(path, "%%%02X", (unsigned)(unsigned char)*text);
	}
}

const char *client_dag_path(struct arena *arena, const char *dag, const char *rest)
{
	auto_buf struct buf path = {0};

	buf_text(&path, "/v1/dags/");
	client_segment(&path, dag);
	buf_text(&path, rest);
	return arena_strdup(arena, buf_string(&path));
}

const char *client_run_path(struct arena *arena, const char *dag, const char *run, const char *rest)
{
	auto_buf struct buf path = {0};

	buf_text(&path, "/runs/");
	client_segment(&path, run);
	buf_text(&path, rest);
	return client_dag_path(arena, dag, buf_string(&path));
}
