/* http.h - HTTP requests as a client, by libcurl
 *
 * Blocking; one request at a time per session, sessions are not shared between threads. Redirects
 * are not followed. A status of 400 and above is an answer, not an error: errors are for requests
 * that got none (ERR_UNAVAILABLE, ERR_TIMEOUT, ERR_CANCELLED).
 */
#ifndef LIB_HTTP_H
#define LIB_HTTP_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/compiler.h"
#include "lib/err.h"

struct http;

/* Gets the body as it comes; anything but 0 ends the request with ERR_CANCELLED. */
typedef int (*http_body_fn)(void *data, const char *bytes, size_t size);

struct http_request {
	const char *method; /* "GET", … */
	const char *url;
	const char *unix_socket;    /* path, NULL: by the URL's host */
	const char *const *headers; /* `Name: value` */
	size_t header_count;
	const void *body; /* NULL: none */
	size_t body_size;
	int64_t timeout_ms;   /* of the whole request, 0: none */
	http_body_fn on_body; /* NULL: collected in the response, at most `max_body` bytes */
	void *data;
	size_t max_body; /* 0: 64 MiB */
	/* NULL, or set by another thread: the request ends within a second with ERR_CANCELLED */
	const atomic_int *cancel;
};

struct http_response {
	int status;
	struct buf body; /* empty when on_body took it and the status was below 400 */
	char content_type[128];
};

struct http *http_new(void);
void http_free(struct http *http);

/* The caller releases the response's body, also after an error. The status is there as soon as one came, so
 * after an error in the middle of a body too; else it is 0. */
MUST_CHECK int http_perform(struct http *http, const struct http_request *request,
                            struct http_response *response, struct err *err);

#endif
