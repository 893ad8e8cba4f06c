/* http.c - HTTP calls as tasks
 *
 * One request by libcurl, certificates always verified. Redirects of GET and HEAD are followed by hand:
 * five at most, never from https to http, and to another origin without the caller's headers, which may
 * hold secrets. What the answer means: an expected status succeeds; no answer, 408, 429 and 5xx may be
 * tried again; anything else fails for good. Header values, bodies and queries of URLs are never logged.
 */
#include <ctype.h>
#include <curl/curl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/http/url.h"
#include "plugins/plugin.h"

enum {
	BODY_BYTES = 32 * 1024,   /* of the output `body` */
	REQUEST_BYTES = 16 << 20, /* of the body that is sent */
	URL_BYTES = 8 * 1024,
	HEADERS_MOST = 100,
	REDIRECTS_MOST = 5,
	EXPECT_MOST = 100,
	CONNECT_S = 10,
	SILENCE_S = 60, /* without a byte the connection is given up */
	REASON_BYTES = 200,
	WAIT_MS = 1000,
	FIRST_STATUS = 100,
	LAST_STATUS = 599,
};

struct call {
	struct mr_task *task;
	CURL *curl;
	CURLM *multi;
	char error[CURL_ERROR_SIZE];
	const char *method, *to;
	char *url; /* that is asked now, changes with a redirect */
	json_t *expect;
	struct curl_slist *headers;
	char *body; /* NULL: none */
	long status;
	char *text;               /* of the answer, up to BODY_BYTES */
	size_t text_size;         /* all of it, also what was not kept */
	struct mr_object *object; /* that the answer goes to, once it is one to keep */
	mr_status object_status;
};

/* -- parameters -- */

static json_t *param(struct mr_task *task, const char *name)
{
	const char *json;

	if (task->host->param_json(task, name, &json) != MR_OK)
		return NULL;
	return json_loads(json, JSON_DECODE_ANY, NULL);
}

static int is_token(const char *text)
{
	if (!*text)
		return 0;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("!#$%&'*+-.^_`|~", *text))
			return 0;
	return 1;
}

static int is_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			return 0;
	return 1;
}

static mr_status add_header(struct call *call, const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 3;
	struct curl_slist *grown;
	char *line;

	if (!is_token(name) || strcasecmp(name, "content-length") == 0 ||
	    strcasecmp(name, "transfer-encoding") == 0)
		return mr_fail(call->task, MR_FAIL,
		               "headers: '%.60s' is no name of a header that "
		               "can be set",
		               name);
	if (!is_plain(value))
		return mr_fail(call->task, MR_FAIL,
		               "headers: the value of '%.60s' has a control character", name);
	line = malloc(size);
	if (!line)
		return mr_fail(call->task, MR_RETRY, "out of memory");
	/* an empty value is sent as `name;`, `name:` would take the header away */
	snprintf(line, size, *value ? "%s: %s" : "%s;", name, value);
	grown = curl_slist_append(call->headers, line);
	free(line);
	if (!grown)
		return mr_fail(call->task, MR_RETRY, "out of memory");
	call->headers = grown;
	return MR_OK;
}

static int has_header(const struct call *call, const char *name)
{
	size_t size = strlen(name);

	for (const struct curl_slist *at = call->headers; at; at = at->next)
		if (strncasecmp(at->data, name, size) == 0 && strchr(":;", at->data[size]))
			return 1;
	return 0;
}

static mr_status add_headers(struct call *call, json_t *headers)
{
	mr_status status = MR_OK;
	const char *name;
	json_t *value;

	if (headers && (!json_is_object(headers) || json_object_size(headers) > HEADERS_MOST))
		return mr_fail(call->task, MR_FAIL,
		               "'headers' must be an object of at most %d names and texts",
		               HEADERS_MOST);
	json_object_foreach(headers, name, value)
	{
		if (!json_is_string(value))
			return mr_fail(call->task, MR_FAIL,
			               "headers: the value of '%.60s' must be text", name);
		if (status == MR_OK)
			status = add_header(call, name, json_string_value(value));
	}
	return status;
}

static mr_status read_headers(struct call *call)
{
	json_t *headers = param(call->task, "headers");
	mr_status status = add_headers(call, headers);

	json_decref(headers);
	return status;
}

/* Text is sent as it is, any other JSON as JSON. */
static mr_status set_body(struct call *call, const json_t *body)
{
	const char *type = json_is_string(body) ? "text/plain; charset=utf-8" : "application/json";

	call->body = json_is_string(body) ? strdup(json_string_value(body))
	                                  : json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);
	if (!call->body)
		return mr_fail(call->task, MR_RETRY, "out of memory");
	if (strlen(call->body) > REQUEST_BYTES)
		return mr_fail(call->task, MR_FAIL, "'body' is over %d bytes", REQUEST_BYTES);
	if (has_header(call, "content-type"))
		return MR_OK;
	return add_header(call, "Content-Type", type);
}

static mr_status read_body(struct call *call)
{
	json_t *body = param(call->task, "body");
	mr_status status = body ? set_body(call, body) : MR_OK;

	json_decref(body);
	return status;
}

static int is_status(const json_t *value)
{
	return json_is_integer(value) && json_integer_value(value) >= FIRST_STATUS &&
	       json_integer_value(value) <= LAST_STATUS;
}

static mr_status read_expect(struct call *call)
{
	json_t *given = param(call->task, "expect");
	int good = !given || is_status(given) || json_array_size(given);

	call->expect = given;
	for (size_t i = 0; good && i < json_array_size(given); i++)
		good = is_status(json_array_get(given, i)) && i < EXPECT_MOST;
	if (good)
		return MR_OK;
	return mr_fail(call->task, MR_FAIL,
	               "'expect' must be a status of %d to %d, or a list of some", FIRST_STATUS,
	               LAST_STATUS);
}

static mr_status read_params(struct call *call)
{
	const struct mr_host *host = call->task->host;
	const char *url = "";
	mr_status status;

	host->param_text(call->task, "url", &url);
	host->param_text(call->task, "method", &call->method);
	host->param_text(call->task, "to", &call->to);
	if (!is_token(call->method) || strcmp(call->method, "CONNECT") == 0)
		return mr_fail(call->task, MR_FAIL, "'%.60s' is no method", call->method);
	if (strlen(url) > URL_BYTES || !is_plain(url) || strchr(url, ' '))
		return mr_fail(call->task, MR_FAIL,
		               "'url' has blanks or control characters, or is over %d bytes",
		               URL_BYTES);
	call->url = strdup(url);
	if (!call->url)
		return mr_fail(call->task, MR_RETRY, "out of memory");
	status = read_expect(call);
	if (status == MR_OK)
		status = read_headers(call);
	return status == MR_OK ? read_body(call) : status;
}

static mr_status fail_url(struct call *call, mr_status status, const char *why)
{
	char *url = url_shown(call->url);

	status = mr_fail(call->task, status, "%s %s: %s", call->method, url ? url : "", why);
	free(url);
	return status;
}

/* -- the answer -- */

static int is_expected(const struct call *call)
{
	if (!call->expect)
		return call->status >= 200 && call->status < 300;
	if (json_is_integer(call->expect))
		return json_integer_value(call->expect) == call->status;
	for (size_t i = 0; i < json_array_size(call->expect); i++)
		if (json_integer_value(json_array_get(call->expect, i)) == call->status)
			return 1;
	return 0;
}

static int is_transient(long status)
{
	return status == 408 || status == 429 || status >= 500;
}

static mr_status keep_in_object(struct call *call, const char *bytes, size_t size)
{
	const struct mr_host *host = call->task->host;
	mr_status status = MR_OK;

	if (!call->object)
		status = host->object_open(call->task, call->to, MR_WRITE, &call->object);
	if (status == MR_OK && size)
		status = host->object_write(call->task, call->object, bytes, size);
	return status;
}

/* Of libcurl: another count than `size` ends the transfer. */
static size_t take(char *bytes, size_t one, size_t size, void *data)
{
	struct call *call = data;

	(void)one; /* always 1 */
	curl_easy_getinfo(call->curl, CURLINFO_RESPONSE_CODE, &call->status);
	if (call->to && is_expected(call)) {
		call->object_status = keep_in_object(call, bytes, size);
		call->text_size += size;
		return call->object_status == MR_OK ? size : 0;
	}
	if (call->text_size < BODY_BYTES) {
		size_t room = BODY_BYTES - call->text_size;

		memcpy(call->text + call->text_size, bytes, size < room ? size : room);
	}
	call->text_size += size;
	/* what is too large for an output, and what a reason shows only the begin of, is not read on */
	return call->text_size <= BODY_BYTES ? size : 0;
}

/* -- the transfer -- */

static void set_request(struct call *call)
{
	CURL *curl = call->curl;

	if (call->body) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(call->body));
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body);
	}
	if (strcmp(call->method, "HEAD") == 0)
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, call->headers);
}

static void set_up(struct call *call)
{
	CURL *curl = call->curl;

	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, call->error);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_S);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "millrace");
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, call);
	set_request(call);
}

/* Until the transfer has ended or the task is cancelled; what libcurl says in `result`. */
static mr_status wait_for_it(struct call *call, CURLcode *result)
{
	struct curl_waitfd cancel = {.fd = call->task->host->cancel_fd(call->task),
	                             .events = CURL_WAIT_POLLIN};
	int running = 1, left;

	while (running) {
		const CURLMsg *message;

		if (call->task->host->is_cancelled(call->task))
			return MR_CANCELLED;
		if (curl_multi_perform(call->multi, &running) != CURLM_OK)
			return mr_fail(call->task, MR_RETRY, "could not go on with the transfer");
		while ((message = curl_multi_info_read(call->multi, &left)) != NULL)
			if (message->msg == CURLMSG_DONE)
				*result = message->data.result;
		if (running)
			curl_multi_poll(call->multi, &cancel, 1, WAIT_MS, NULL);
	}
	return MR_OK;
}

/* Errors that no second try mends. */
static int is_final(CURLcode code)
{
	return code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
	       code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
	       code == CURLE_BAD_FUNCTION_ARGUMENT;
}

static mr_status judge_transfer(struct call *call, CURLcode code)
{
	if (call->object_status != MR_OK)
		return call->object_status;
	curl_easy_getinfo(call->curl, CURLINFO_RESPONSE_CODE, &call->status);
	/* it was us who stopped reading */
	if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && call->text_size > BODY_BYTES))
		return MR_OK;
	if (is_final(code))
		return fail_url(call, MR_FAIL,
		                *call->error ? call->error : curl_easy_strerror(code));
	return fail_url(call, MR_RETRY, *call->error ? call->error : curl_easy_strerror(code));
}

static mr_status transfer(struct call *call)
{
	CURLcode code = CURLE_OK;
	mr_status status;

	call->text_size = 0;
	call->error[0] = '\0';
	if (curl_easy_setopt(call->curl, CURLOPT_URL, call->url) != CURLE_OK ||
	    curl_multi_add_handle(call->multi, call->curl) != CURLM_OK)
		return mr_fail(call->task, MR_RETRY, "out of memory");
	status = wait_for_it(call, &code);
	curl_multi_remove_handle(call->multi, call->curl);
	return status == MR_OK ? judge_transfer(call, code) : status;
}

/* -- redirects -- */

static int may_follow(const struct call *call)
{
	return (strcmp(call->method, "GET") == 0 || strcmp(call->method, "HEAD") == 0) &&
	       !call->body &&
	       (call->status == 301 || call->status == 302 || call->status == 303 ||
	        call->status == 307 || call->status == 308) &&
	       !is_expected(call);
}

static mr_status follow(struct call *call, const char *to)
{
	char *url;

	if (strncasecmp(call->url, "https:", 6) == 0 && strncasecmp(to, "https:", 6) != 0)
		return fail_url(call, MR_FAIL, "it redirects to an address without TLS");
	if (!url_same_origin(call->url, to))
		curl_easy_setopt(call->curl, CURLOPT_HTTPHEADER, NULL);
	url = strdup(to);
	if (!url)
		return mr_fail(call->task, MR_RETRY, "out of memory");
	free(call->url);
	call->url = url;
	return MR_OK;
}

static mr_status request(struct call *call)
{
	for (int hops = 0;; hops++) {
		const char *to = NULL;
		mr_status status = transfer(call);

		if (status != MR_OK || !may_follow(call))
			return status;
		curl_easy_getinfo(call->curl, CURLINFO_REDIRECT_URL, &to);
		if (!to)
			return MR_OK;
		if (hops == REDIRECTS_MOST)
			return fail_url(call, MR_FAIL, "it redirects again and again");
		status = follow(call, to);
		if (status != MR_OK)
			return status;
	}
}

/* -- outputs -- */

static mr_status put(struct call *call, const char *key, json_t *value)
{
	char *json = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	mr_status status;

	json_decref(value);
	if (!json)
		return fail_url(call, MR_FAIL, "the answer is not UTF-8: give 'to'");
	status = call->task->host->output(call->task, key, json);
	free(json);
	return status;
}

static mr_status put_object(struct call *call)
{
	const struct mr_host *host = call->task->host;
	struct mr_object_stat stat = {.size = sizeof(stat)};
	mr_status status = keep_in_object(call, "", 0);

	if (status == MR_OK)
		status = host->object_commit(call->task, call->object, &stat);
	if (status == MR_OK)
		status = put(call, "uri", json_string(stat.uri));
	return status == MR_OK ? put(call, "bytes", json_integer(stat.bytes)) : status;
}

static mr_status put_body(struct call *call)
{
	mr_status status;

	if (call->text_size > BODY_BYTES) {
		char why[REASON_BYTES];

		snprintf(why, sizeof(why), "the answer is over %d bytes: give 'to'", BODY_BYTES);
		return fail_url(call, MR_FAIL, why);
	}
	status = put(call, "body", json_stringn(call->text, call->text_size));
	return status == MR_OK ? put(call, "bytes", json_integer((json_int_t)call->text_size))
	                       : status;
}

static mr_status put_answer(struct call *call)
{
	char *url = url_shown(call->url);
	mr_status status;

	mr_log(call->task, MR_INFO, "%s %s: status %ld, %zu bytes", call->method, url ? url : "",
	       call->status, call->text_size);
	free(url);
	if (!is_expected(call)) {
		char why[REASON_BYTES];

		snprintf(why, sizeof(why), "status %ld is not what was expected", call->status);
		return fail_url(call, is_transient(call->status) ? MR_RETRY : MR_FAIL, why);
	}
	status = call->to ? put_object(call) : put_body(call);
	return status == MR_OK ? put(call, "status", json_integer(call->status)) : status;
}

static mr_status run_call(struct call *call)
{
	mr_status status;

	call->curl = curl_easy_init();
	call->multi = curl_multi_init();
	call->text = malloc(BODY_BYTES);
	if (!call->curl || !call->multi || !call->text)
		return mr_fail(call->task, MR_RETRY, "out of memory");
	set_up(call);
	status = request(call);
	return status == MR_OK ? put_answer(call) : status;
}

static mr_status run(struct mr_task *task)
{
	struct call call = {.task = task};
	mr_status status;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return mr_fail(task, MR_RETRY, "could not set up libcurl");
	status = read_params(&call);
	if (status == MR_OK)
		status = run_call(&call);
	task->host->object_close(task, call.object);
	curl_easy_cleanup(call.curl);
	curl_multi_cleanup(call.multi);
	curl_slist_free_all(call.headers);
	json_decref(call.expect);
	free(call.body);
	free(call.text);
	free(call.url);
	curl_global_cleanup();
	return status;
}

static const struct mr_param params[] = {
	{"method", MR_TEXT, 0, "\"GET\"", "GET, HEAD, POST, PUT, PATCH, DELETE, …"},
	{"url", MR_TEXT, 1, NULL, "http or https; its query and password stay out of the log"},
	{"headers", MR_JSON, 0, NULL, "object: names and texts; values stay out of the log"},
	{"body", MR_JSON, 0, NULL, "text is sent as it is, a list or an object as JSON"},
	{"expect", MR_JSON, 0, NULL, "the status that is success, or a list of some; any 2xx"},
	{"to", MR_TEXT, 0, NULL,
         "URI of the object to write; without it the output 'body' has the answer, at most 32 KiB"},
};

static const struct mr_output outputs[] = {
	{"status", MR_INT, "of the answer"},
	{"body", MR_TEXT, "the answer, when 'to' is not given"},
	{"uri", MR_TEXT, "the object that was written"},
	{"bytes", MR_INT, "size of the answer"},
};

static const struct mr_op ops[] = {
	{
		.name = "request",
		.help = "makes an HTTP request; no answer, 408, 429 and 5xx may be retried, another status "
			"that is not expected fails for good",
		.params = params,
		.param_count = MR_COUNT(params),
		.outputs = outputs,
		.output_count = MR_COUNT(outputs),
		.flags = MR_OP_WARM,
		.run = run,
	},
};

static const struct mr_plugin plugin = {
	.abi = MR_ABI,
	.name = "http",
	.version = "1.0",
	.help = "HTTP calls as tasks",
	.ops = ops,
	.op_count = MR_COUNT(ops),
};

const struct mr_plugin *mr_plugin_entry(void)
{
	return &plugin;
}
