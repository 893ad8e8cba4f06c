/* http.c - HTTP requests as a client */
#include "lib/http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

#include "lib/late.h"
#include "lib/mem.h"
#include "lib/str.h"

enum {
	DEFAULT_MAX_BODY = 64 * 1024 * 1024,
	CONNECT_TIMEOUT_MS = 10000,
};

/* libcurl, once it is loaded. */
static struct {
	__typeof__(curl_global_init) *global_init;
	__typeof__(curl_easy_init) *easy_init;
	__typeof__(curl_easy_reset) *easy_reset;
	__typeof__(curl_easy_setopt) *easy_setopt;
	__typeof__(curl_easy_perform) *easy_perform;
	__typeof__(curl_easy_getinfo) *easy_getinfo;
	__typeof__(curl_easy_strerror) *easy_strerror;
	__typeof__(curl_easy_cleanup) *easy_cleanup;
	__typeof__(curl_slist_append) *slist_append;
	__typeof__(curl_slist_free_all) *slist_free_all;
	struct err err; /* why there is none */
} library;

struct http {
	CURL *curl; /* NULL before the first request */
	char error[CURL_ERROR_SIZE];
};

/* One exchange, for curl's callbacks. */
struct exchange {
	CURL *curl;
	const struct http_request *request;
	struct http_response *response;
	size_t max_body;
};

static int load_library(struct err *err)
{
	static const struct late_symbol symbols[] = {
		{"curl_global_init", &library.global_init},
		{"curl_easy_init", &library.easy_init},
		{"curl_easy_reset", &library.easy_reset},
		{"curl_easy_setopt", &library.easy_setopt},
		{"curl_easy_perform", &library.easy_perform},
		{"curl_easy_getinfo", &library.easy_getinfo},
		{"curl_easy_strerror", &library.easy_strerror},
		{"curl_easy_cleanup", &library.easy_cleanup},
		{"curl_slist_append", &library.slist_append},
		{"curl_slist_free_all", &library.slist_free_all},
	};

	if (late_load("libcurl.so.4", symbols, countof(symbols), err) < 0)
		return -1;
	if (library.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ERR_UNAVAILABLE, "could not prepare libcurl");
	return 0;
}

static void load_once(void)
{
	if (load_library(&library.err) == 0)
		library.err.code = ERR_NONE;
}

/* The session begins with the first request. */
static int open_session(struct http *http, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load_once);
	if (library.err.code != ERR_NONE) {
		*err = library.err;
		return -1;
	}
	if (!http->curl)
		http->curl = library.easy_init();
	if (!http->curl)
		abort();
	return 0;
}

struct http *http_new(void)
{
	return mem_alloc(sizeof(struct http));
}

void http_free(struct http *http)
{
	if (!http)
		return;
	if (http->curl)
		library.easy_cleanup(http->curl);
	free(http);
}

static size_t take_body(char *bytes, size_t unit, size_t count, void *data)
{
	struct exchange *exchange = data;
	size_t size = unit * count;
	long status = 0;

	library.easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &status);
	if (exchange->request->on_body && status < 400)
		return exchange->request->on_body(exchange->request->data, bytes, size) ? 0 : size;
	if (exchange->response->body.size + size > exchange->max_body)
		return 0;
	buf_append(&exchange->response->body, bytes, size);
	return size;
}

static int look_for_cancel(void *data, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                           curl_off_t up)
{
	const atomic_int *cancel = data;

	(void)down_total;
	(void)down;
	(void)up_total;
	(void)up;
	return atomic_load(cancel);
}

static enum err_code code_of(CURLcode result)
{
	switch ((int)result) {
	case CURLE_OPERATION_TIMEDOUT:
		return ERR_TIMEOUT;
	case CURLE_WRITE_ERROR:
	case CURLE_ABORTED_BY_CALLBACK:
		return ERR_CANCELLED;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return ERR_USAGE;
	default:
		return ERR_UNAVAILABLE;
	}
}

static void set_request(struct http *http, struct exchange *exchange)
{
	const struct http_request *request = exchange->request;
	CURL *curl = http->curl;

	library.easy_reset(curl);
	library.easy_setopt(curl, CURLOPT_ERRORBUFFER, http->error);
	library.easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	library.easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	library.easy_setopt(curl, CURLOPT_URL, request->url);
	library.easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
	library.easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	library.easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	library.easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	library.easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
	if (request->unix_socket)
		library.easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
	if (request->body) {
		library.easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
		library.easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
		                    (curl_off_t)request->body_size);
	}
	if (request->cancel) {
		library.easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
		library.easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_for_cancel);
		library.easy_setopt(curl, CURLOPT_XFERINFODATA, request->cancel);
	}
	if (str_equal(request->method, "HEAD"))
		library.easy_setopt(curl, CURLOPT_NOBODY, 1L);
}

static struct curl_slist *header_list(const struct http_request *request)
{
	/* without this curl waits a second for `100 Continue` on larger bodies */
	struct curl_slist *list = library.slist_append(NULL, "Expect:");

	for (size_t i = 0; list && i < request->header_count; i++)
		list = library.slist_append(list, request->headers[i]);
	if (!list)
		abort();
	return list;
}

int http_perform(struct http *http, const struct http_request *request,
                 struct http_response *response, struct err *err)
{
	struct exchange exchange = {
		.request = request,
		.response = response,
		.max_body = request->max_body ? request->max_body : DEFAULT_MAX_BODY,
	};
	struct curl_slist *headers;
	const char *content_type = NULL;
	CURLcode result;
	long status = 0;

	*response = (struct http_response){0};
	if (open_session(http, err) < 0)
		return -1;
	exchange.curl = http->curl;
	headers = header_list(request);
	http->error[0] = '\0';
	set_request(http, &exchange);
	library.easy_setopt(http->curl, CURLOPT_HTTPHEADER, headers);
	result = library.easy_perform(http->curl);
	library.slist_free_all(headers);
	library.easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
	response->status = (int)status;
	if (result != CURLE_OK)
		return err_set(err, code_of(result), "%s '%s': %s", request->method, request->url,
		               http->error[0] ? http->error : library.easy_strerror(result));
	library.easy_getinfo(http->curl, CURLINFO_CONTENT_TYPE, &content_type);
	str_copy(response->content_type, sizeof(response->content_type),
	         content_type ? content_type : "");
	return 0;
}
