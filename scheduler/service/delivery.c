/* delivery.c - one try to deliver a message of the outbox */
#include "scheduler/service/delivery.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lib/crypto.h"
#include "lib/fault.h"
#include "lib/http.h"
#include "lib/limits.h"
#include "lib/mask.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "scheduler/core/dag_callbacks.h"
#include "scheduler/service/delivery_command.h"
#include "scheduler/service/log_place.h"

enum {
	STATUS_GOOD = 200, /* to 299 */
	STATUS_GOOD_END = 300,
	STATUS_GONE = 410, /* for good, says whoever answers */
};

const char *delivery_of(const struct delivery *delivery)
{
	return json_get_text(delivery->target, "of", "");
}

/* --- secrets --- */

static int add_secret(struct delivery *delivery, const char *name, struct buf *text,
                      struct err *err)
{
	auto_buf struct buf secret = {0};

	if (config_secret(delivery->options->config, name, &secret, err) < 0)
		return -1;
	mask_add(delivery->secrets, buf_string(&secret));
	buf_text(text, buf_string(&secret));
	return 0;
}

const char *delivery_text(struct delivery *delivery, const json_t *pieces, struct err *err)
{
	auto_buf struct buf text = {0};
	size_t i;
	json_t *piece = NULL;

	json_array_foreach(pieces, i, piece)
	{
		if (json_is_string(piece))
			buf_text(&text, json_string_value(piece));
		else if (add_secret(delivery, json_get_text(piece, "secret", ""), &text, err) < 0)
			return NULL;
	}
	return arena_strdup(&delivery->arena, buf_string(&text));
}

/* `sha256=` and the HMAC of the body under the secret, in hex. NULL on error. */
static const char *sign(struct delivery *delivery, const char *secret, struct err *err)
{
	uint8_t digest[CRYPTO_SHA256_SIZE];
	char hex[CRYPTO_SHA256_HEX_SIZE];
	auto_buf struct buf key = {0};

	if (add_secret(delivery, secret, &key, err) < 0)
		return NULL;
	crypto_hmac_sha256(key.data, key.size, delivery->row.body, strlen(delivery->row.body),
	                   digest);
	crypto_hex(digest, sizeof(digest), hex);
	return arena_printf(&delivery->arena, "X-Millrace-Signature: sha256=%s", hex);
}

/* --- webhooks --- */

/* What is answered is read, so that the other side is not cut off, and forgotten. */
static int skip_answer(void *data, const char *bytes, size_t size)
{
	size_t *left = data;

	(void)bytes;
	if (size > *left)
		return -1;
	*left -= size;
	return 0;
}

/* Any status between 200 and 299 is a receipt, also when the answer behind it never ends. */
static void judge(struct delivery *delivery, int result, int status)
{
	if (status >= STATUS_GOOD && status < STATUS_GOOD_END) {
		delivery->err.code = ERR_NONE;
		return;
	}
	if (result == 0 || status)
		err_set(&delivery->err, ERR_FAILED, "it answered with status %d", status);
	delivery->is_final = status == STATUS_GONE;
}

static void post(struct delivery *delivery, struct http *http)
{
	const char *const headers[] = {
		"Content-Type: application/json",
		"User-Agent: millrace",
		arena_printf(&delivery->arena, "X-Millrace-Event: %s",
	                     json_get_text(delivery->target, "event", "")),
		arena_printf(&delivery->arena, "X-Millrace-Delivery: %s",
	                     json_get_text(delivery->target, "id", "")),
		delivery->signature,
	};
	size_t left = LIMIT_CALLBACK_ANSWER_BYTES;
	struct http_request request = {
		.method = "POST",
		.url = delivery->url,
		.headers = headers,
		.header_count = countof(headers) - !delivery->signature,
		.body = delivery->row.body,
		.body_size = strlen(delivery->row.body),
		.timeout_ms = DELIVERY_WEBHOOK_TIMEOUT_MS,
		.on_body = skip_answer,
		.data = &left,
		.max_body = LIMIT_CALLBACK_ANSWER_BYTES,
		.cancel = &delivery->cancel,
	};
	struct http_response response;
	int result = http_perform(http, &request, &response, &delivery->err);

	judge(delivery, result, response.status);
	buf_release(&response.body);
}

static void *send_webhook(void *context)
{
	struct delivery *delivery = context;
	struct http *http = http_new();

	FAULT("outbox-before-send");
	post(delivery, http);
	FAULT("outbox-after-send");
	http_free(http);
	uv_async_send(&delivery->ended);
	return NULL;
}

static void *send_log(void *context)
{
	struct delivery *delivery = context;
	const char *name = json_get_text(delivery->target, "log", "");
	auto_buf struct buf path = {0};

	log_place_path(delivery->options->config, name, &path);
	if (delivery->options->upload(delivery->options->upload_context, name, buf_string(&path),
	                              &delivery->err) == 0)
		delivery->err.code = ERR_NONE;
	/* it went with its run */
	delivery->is_final = delivery->err.code == ERR_NOT_FOUND;
	uv_async_send(&delivery->ended);
	return NULL;
}

/* Signals are the main thread's. */
static int start_thread(struct delivery *delivery, void *(*send)(void *), struct err *err)
{
	sigset_t all, before;
	int result;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(&delivery->thread, NULL, send, delivery);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (result)
		return err_errno(err, result, "could not start a thread");
	delivery->has_thread = 1;
	return 0;
}

static int start_webhook(struct delivery *delivery, struct err *err)
{
	const char *secret = json_get_text(delivery->target, "secret", "");
	const char *fault;

	delivery->url = delivery_text(delivery, json_object_get(delivery->target, "webhook"), err);
	if (!delivery->url)
		return -1;
	if (*secret) {
		delivery->signature = sign(delivery, secret, err);
		if (!delivery->signature)
			return -1;
	}
	fault = dag_callbacks_url_fault(delivery->url);
	if (fault) {
		delivery->is_final = 1;
		return err_set(err, ERR_INVALID, "%s", fault);
	}
	return start_thread(delivery, send_webhook, err);
}

static int start_log(struct delivery *delivery, struct err *err)
{
	if (delivery->options->upload)
		return start_thread(delivery, send_log, err);
	delivery->is_final = 1;
	return err_set(err, ERR_CONFLICT, "'logs.upload' is not set any more");
}

/* --- all kinds --- */

static const struct {
	const char *kind;
	int (*start)(struct delivery *delivery, struct err *err);
} kinds[] = {
	{"webhook", start_webhook},
	{"command", delivery_command_start},
	{"log", start_log},
};

static int start(struct delivery *delivery, struct err *err)
{
	delivery->target = json_parse(delivery->row.target, strlen(delivery->row.target), err);
	if (!delivery->target) {
		delivery->is_final = 1;
		return -1;
	}
	for (size_t i = 0; i < countof(kinds); i++) {
		if (str_equal(kinds[i].kind, delivery->row.kind))
			return kinds[i].start(delivery, err);
	}
	delivery->is_final = 1;
	return err_set(err, ERR_INVALID, "'%s' is no kind of message", delivery->row.kind);
}

/* Texts of the library may name the URL, and with it a secret. */
static void mask(struct delivery *delivery)
{
	auto_buf struct buf masked = {0};

	mask_append(&masked, delivery->err.text, strlen(delivery->err.text), delivery->secrets,
	            MASK_CUT_BEHIND);
	str_copy(delivery->err.text, sizeof(delivery->err.text), buf_string(&masked));
}

static void on_ended(uv_async_t *ended)
{
	struct delivery *delivery = ended->data;

	if (delivery->has_ended)
		return;
	delivery->has_ended = 1;
	if (delivery->has_thread)
		pthread_join(delivery->thread, NULL);
	delivery->has_thread = 0;
	mask(delivery);
	delivery->options->on_end(delivery);
}

void delivery_end(struct delivery *delivery, const struct err *err)
{
	delivery->err = *err;
	uv_async_send(&delivery->ended);
}

static void copy_row(struct delivery *delivery, const struct outbox_repo_row *row)
{
	struct arena *arena = &delivery->arena;

	delivery->row = *row;
	delivery->row.kind = arena_strdup(arena, row->kind);
	delivery->row.target = arena_strdup(arena, row->target);
	delivery->row.place = arena_strdup(arena, row->place);
	delivery->row.body = arena_strdup(arena, row->body);
	delivery->row.state = delivery->row.reason = NULL;
}

struct delivery *delivery_start(const struct delivery_options *options,
                                const struct outbox_repo_row *row)
{
	struct delivery *delivery = mem_alloc(sizeof(*delivery));
	struct err err = {.code = ERR_NONE};

	delivery->options = options;
	arena_init(&delivery->arena);
	copy_row(delivery, row);
	delivery->secrets = json_array();
	delivery->output_fd = -1;
	uv_async_init(options->loop, &delivery->ended, on_ended);
	delivery->ended.data = delivery;
	delivery->handles = 1;
	if (start(delivery, &err) < 0)
		delivery_end(delivery, &err);
	return delivery;
}

int delivery_reaped(struct delivery *delivery, pid_t pid, int wait_status)
{
	if (!pid || delivery->process.pid != pid)
		return 0;
	delivery_command_reaped(delivery, wait_status);
	return 1;
}

static void on_closed(uv_handle_t *handle)
{
	struct delivery *delivery = handle->data;

	if (--delivery->handles)
		return;
	buf_release(&delivery->output);
	json_decref(delivery->target);
	json_decref(delivery->secrets);
	arena_release(&delivery->arena);
	free(delivery);
}

void delivery_free(struct delivery *delivery)
{
	atomic_store(&delivery->cancel, 1);
	if (delivery->has_thread)
		pthread_join(delivery->thread, NULL);
	delivery_command_stop(delivery, on_closed);
	uv_close((uv_handle_t *)&delivery->ended, on_closed);
}
