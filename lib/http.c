/* http.c - HTTP requests as a client */
#include "lib/http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

#include "lib/mem.h"
#include "lib/str.h"

enum {
	DEFAULT_MAX_BODY = 64 * 1024 * 1024,
	CONNECT_TIMEOUT_MS = 10000,
};

struct http {
	CURL *curl;
	char error[CURL_ERROR_SIZE];
};

/* One exchange, for curl's callbacks. */
struct exchange {
	CURL *curl;
	const struct http_request *request;
	struct http_response *response;
	size_t max_body;
};

static void init_library(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
}

struct http *http_new(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct http *http = mem_alloc(sizeof(*http));

	pthread_once(&once, init_library);
	http->curl = curl_easy_init();
	if (!http->curl)
		abort();
	return http;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	curl_easy_cleanup(http->curl);
	free(http);
}

static size_t take_body(char *bytes, size_t unit, size_t count, void *data)
{
	struct exchange *exchange = data;
	size_t size = unit * count;
	long status = 0;

	curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &status);
	if (exchange->request->on_body && status < 400)
		return exchange->request->on_body(exchange->request->data, bytes, size) ? 0 : size;
	if (exchange->response->body.size + size > exchange->max_body)
		return 0;
	buf_append(&exchange->response->body, bytes, size);
	return size;
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

	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->error);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_URL, request->url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
	if (request->unix_socket)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
	if (request->body) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
	}
	if (str_equal(request->method, "HEAD"))
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
}

static struct curl_slist *header_list(const struct http_request *request)
{
	/* without this curl waits a second for `100 Continue` on larger bodies */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	for (size_t i = 0; list && i < request->header_count; i++)
		list = curl_slist_append(list, request->headers[i]);
	if (!list)
		abort();
	return list;
}

int http_perform(struct http *http, const struct http_request *request,
                 struct http_response *response, struct err *err)
{
	struct exchange exchange = {http->curl, request, response,
	                            request->max_body ? request->max_body : DEFAULT_MAX_BODY};
	struct curl_slist *headers = header_list(request);
	const char *content_type = NULL;
	CURLcode result;
	long status = 0;

	*response = (struct http_response){0};
	http->error[0] = '\0';
	set_request(http, &exchange);
	curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, headers);
	result = curl_easy_perform(http->curl);
	curl_slist_free_all(headers);
	if (result != CURLE_OK)
		return err_set(err, code_of(result), "%s '%s': %s", request->method, request->url,
		               http->error[0] ? http->error : curl_easy_strerror(result));
	curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(http->curl, CURLINFO_CONTENT_TYPE, &content_type);
	response->status = (int)status;
	str_copy(response->content_type, sizeof(response->content_type),
	         content_type ? content_type : "");
	return 0;
}
