/* wire.c - the frames between the service and its runners */
#include "scheduler/wire/wire.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json_writer.h"
#include "lib/limits.h"
#include "lib/mem.h"
#include "lib/str.h"

enum field_kind { FIELD_INT, FIELD_TEXT, FIELD_OBJECT, FIELD_ARRAY, FIELD_IDS, FIELD_STATUS };

enum {
	OPTIONAL = 1 << 0,
};

struct field {
	const char *key;
	enum field_kind kind;
	unsigned flags;
	size_t offset; /* in struct wire_frame */
};

#define FIELD(member, key, kind, flags)                                                            \
	{                                                                                          \
#key, kind, flags, offsetof(struct wire_frame, as.member.key)                      \
	}

static const struct field hello_fields[] = {
	FIELD(hello, config, FIELD_OBJECT, OPTIONAL),
	FIELD(hello, grace_ms, FIELD_INT, 0),
	FIELD(hello, alive_ms, FIELD_INT, 0),
};

static const struct field start_fields[] = {
	FIELD(start, attempt, FIELD_INT, 0),
	FIELD(start, fence, FIELD_INT, 0),
	FIELD(start, operator, FIELD_TEXT, 0),
	FIELD(start, plugin, FIELD_TEXT, 0),
	FIELD(start, params, FIELD_OBJECT, OPTIONAL),
	FIELD(start, secrets, FIELD_ARRAY, OPTIONAL),
	FIELD(start, log, FIELD_TEXT, 0),
	FIELD(start, log_cap, FIELD_INT, 0),
	FIELD(start, load_id, FIELD_TEXT, OPTIONAL),
	FIELD(start, target, FIELD_TEXT, OPTIONAL),
	FIELD(start, resume, FIELD_TEXT, OPTIONAL),
	FIELD(start, timeout_ms, FIELD_INT, 0),
	FIELD(start, dag, FIELD_TEXT, 0),
	FIELD(start, run_id, FIELD_TEXT, 0),
	FIELD(start, task, FIELD_TEXT, 0),
	FIELD(start, map_index, FIELD_INT, 0),
	FIELD(start, number, FIELD_INT, 0),
	FIELD(start, logical_us, FIELD_INT, 0),
	FIELD(start, interval_start_us, FIELD_INT, 0),
	FIELD(start, interval_end_us, FIELD_INT, 0),
};

static const struct field cancel_fields[] = {
	FIELD(cancel, attempt, FIELD_INT, 0),
};

static const struct field recall_fields[] = {
	FIELD(recall, attempts, FIELD_IDS, 0),
};

static const struct field reply_fields[] = {
	FIELD(reply, id, FIELD_INT, 0),
	FIELD(reply, value, FIELD_TEXT, OPTIONAL),
	FIELD(reply, error, FIELD_TEXT, OPTIONAL),
	FIELD(reply, busy, FIELD_TEXT, OPTIONAL),
};

static const struct field large_fields[] = {
	FIELD(large, size, FIELD_INT, 0),
};

static const struct field started_fields[] = {
	FIELD(started, attempt, FIELD_INT, 0),
	FIELD(started, fence, FIELD_INT, 0),
	FIELD(started, at_us, FIELD_INT, 0),
};

static const struct field progress_fields[] = {
	FIELD(progress, attempt, FIELD_INT, 0),      FIELD(progress, done, FIELD_INT, 0),
	FIELD(progress, total, FIELD_INT, 0),        FIELD(progress, unit, FIELD_TEXT, OPTIONAL),
	FIELD(progress, note, FIELD_TEXT, OPTIONAL),
};

static const struct field request_fields[] = {
	FIELD(request, attempt, FIELD_INT, 0),      FIELD(request, id, FIELD_INT, 0),
	FIELD(request, what, FIELD_TEXT, 0),        FIELD(request, name, FIELD_TEXT, 0),
	FIELD(request, body, FIELD_TEXT, OPTIONAL),
};

static const struct field alive_fields[] = {
	FIELD(alive, attempt, FIELD_INT, 0),
};

static const struct field finished_fields[] = {
	FIELD(finished, attempt, FIELD_INT, 0),
	FIELD(finished, fence, FIELD_INT, 0),
	FIELD(finished, status, FIELD_STATUS, 0),
	FIELD(finished, reason, FIELD_TEXT, OPTIONAL),
	FIELD(finished, again_after_ms, FIELD_INT, 0),
	FIELD(finished, resume, FIELD_TEXT, OPTIONAL),
	FIELD(finished, outputs, FIELD_OBJECT, OPTIONAL),
	FIELD(finished, log_bytes, FIELD_INT, 0),
	FIELD(finished, started_us, FIELD_INT, 0),
	FIELD(finished, ended_us, FIELD_INT, 0),
	FIELD(finished, retire, FIELD_TEXT, OPTIONAL),
};

static const struct {
	const char *name;
	enum wire_side from;
	const struct field *fields;
	size_t field_count;
	size_t cap;
} types[WIRE_TYPE_COUNT] = {
	[WIRE_HELLO] = {"hello", WIRE_FROM_SERVICE, hello_fields, countof(hello_fields),
                        LIMIT_FRAME_BYTES},
	[WIRE_START] = {"start", WIRE_FROM_SERVICE, start_fields, countof(start_fields),
                        LIMIT_START_FRAME_BYTES},
	[WIRE_CANCEL] = {"cancel", WIRE_FROM_SERVICE, cancel_fields, countof(cancel_fields),
                         LIMIT_FRAME_BYTES},
	[WIRE_RECALL] = {"recall", WIRE_FROM_SERVICE, recall_fields, countof(recall_fields),
                         LIMIT_FRAME_BYTES},
	[WIRE_REPLY] = {"reply", WIRE_FROM_SERVICE, reply_fields, countof(reply_fields),
                        LIMIT_FRAME_BYTES},
	[WIRE_LARGE] = {"large", WIRE_FROM_SERVICE, large_fields, countof(large_fields),
                        LIMIT_FRAME_BYTES},
	[WIRE_STARTED] = {"started", WIRE_FROM_RUNNER, started_fields, countof(started_fields),
                          LIMIT_FRAME_BYTES},
	[WIRE_PROGRESS] = {"progress", WIRE_FROM_RUNNER, progress_fields, countof(progress_fields),
                           LIMIT_FRAME_BYTES},
	[WIRE_REQUEST] = {"request", WIRE_FROM_RUNNER, request_fields, countof(request_fields),
                          LIMIT_FRAME_BYTES},
	[WIRE_RECALLED] = {"recalled", WIRE_FROM_RUNNER, recall_fields, countof(recall_fields),
                           LIMIT_FRAME_BYTES},
	[WIRE_ALIVE] = {"alive", WIRE_FROM_RUNNER, alive_fields, countof(alive_fields),
                        LIMIT_FRAME_BYTES},
	[WIRE_FINISHED] = {"finished", WIRE_FROM_RUNNER, finished_fields, countof(finished_fields),
                           LIMIT_FRAME_BYTES + LIMIT_OUTPUT_BYTES},
};

static const char *const statuses[WIRE_STATUS_COUNT] = {
	[WIRE_OK] = "ok",     [WIRE_SKIP] = "skip",   [WIRE_AGAIN] = "again",
	[WIRE_FAIL] = "fail", [WIRE_RETRY] = "retry", [WIRE_CANCELLED] = "cancelled",
};

const char *wire_type_name(enum wire_type type)
{
	return types[type].name;
}

size_t wire_cap(enum wire_side from)
{
	return from == WIRE_FROM_SERVICE ? types[WIRE_START].cap : types[WIRE_FINISHED].cap;
}

static void write_ids(struct json_writer *w, const struct wire_ids *ids)
{
	json_writer_array(w);
	for (size_t i = 0; i < ids->count; i++)
		json_writer_int(w, ids->items[i]);
	json_writer_array_end(w);
}

static void write_json(struct json_writer *w, const json_t *value)
{
	struct buf text = {0};

	json_append(&text, value);
	json_writer_raw(w, text.data, text.size);
	buf_release(&text);
}

static void write_field(struct json_writer *w, const struct field *field, const void *member)
{
	switch (field->kind) {
	case FIELD_INT:
		json_writer_key(w, field->key);
		json_writer_int(w, *(const int64_t *)member);
		return;
	case FIELD_TEXT: {
		const char *text = *(const char *const *)member;

		assert(text || (field->flags & OPTIONAL));
		if (!text)
			return;
		json_writer_key(w, field->key);
		json_writer_text(w, text);
		return;
	}
	case FIELD_OBJECT:
	case FIELD_ARRAY: {
		const json_t *value = *(json_t *const *)member;

		if (!value)
			return;
		json_writer_key(w, field->key);
		write_json(w, value);
		return;
	}
	case FIELD_IDS:
		json_writer_key(w, field->key);
		write_ids(w, member);
		return;
	case FIELD_STATUS:
		json_writer_key(w, field->key);
		json_writer_text(w, statuses[*(const enum wire_status *)member]);
		return;
	}
}

static void write_length(char *header, size_t length)
{
	for (int i = 0; i < WIRE_HEADER_BYTES; i++)
		header[i] = (char)(length >> (8 * (WIRE_HEADER_BYTES - 1 - i)) & 0xff);
}

void wire_encode_json(struct buf *out, const struct wire_frame *frame)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_writer_object(&w);
	json_writer_key(&w, "type");
	json_writer_text(&w, types[frame->type].name);
	for (size_t i = 0; i < types[frame->type].field_count; i++) {
		const struct field *field = &types[frame->type].fields[i];

		write_field(&w, field, (const char *)frame + field->offset);
	}
	json_writer_object_end(&w);
}

int wire_encode(struct buf *out, const struct wire_frame *frame, struct err *err)
{
	static const char room[WIRE_HEADER_BYTES];
	size_t begin = out->size;
	size_t length;

	buf_append(out, room, sizeof(room));
	wire_encode_json(out, frame);
	length = out->size - begin - WIRE_HEADER_BYTES;
	if (length > types[frame->type].cap) {
		out->size = begin;
		out->data[begin] = '\0';
		return err_set(err, ERR_LIMIT, "a '%s' frame of %zu bytes is over the limit of %zu",
		               types[frame->type].name, length, types[frame->type].cap);
	}
	write_length(out->data + begin, length);
	return 0;
}

static int read_ids(json_t *value, struct wire_ids *ids)
{
	size_t count = json_array_size(value);

	if (!json_is_array(value))
		return -1;
	for (size_t i = 0; i < count; i++)
		if (!json_is_integer(json_array_get(value, i)))
			return -1;
	ids->items = mem_array(count + 1, sizeof(*ids->items));
	ids->count = count;
	for (size_t i = 0; i < count; i++)
		ids->items[i] = json_integer_value(json_array_get(value, i));
	return 0;
}

static int read_status(json_t *value, enum wire_status *status)
{
	const char *name = json_string_value(value);

	for (int i = 0; name && i < WIRE_STATUS_COUNT; i++)
		if (str_equal(name, statuses[i])) {
			*status = (enum wire_status)i;
			return 0;
		}
	return -1;
}

/* 0, or -1 when the value is of another kind */
static int read_field(const struct field *field, json_t *value, void *member)
{
	switch (field->kind) {
	case FIELD_INT:
		*(int64_t *)member = json_integer_value(value);
		return json_is_integer(value) ? 0 : -1;
	case FIELD_TEXT:
		*(const char **)member = json_string_value(value);
		return json_is_string(value) ? 0 : -1;
	case FIELD_OBJECT:
		*(json_t **)member = value;
		return json_is_object(value) ? 0 : -1;
	case FIELD_ARRAY:
		*(json_t **)member = value;
		return json_is_array(value) ? 0 : -1;
	case FIELD_IDS:
		return read_ids(value, member);
	case FIELD_STATUS:
		return read_status(value, member);
	}
	return -1;
}

static int read_fields(struct wire_frame *frame, struct err *err)
{
	for (size_t i = 0; i < types[frame->type].field_count; i++) {
		const struct field *field = &types[frame->type].fields[i];
		json_t *value = json_object_get(frame->document, field->key);

		if (!value && field->flags & OPTIONAL)
			continue;
		if (!value || read_field(field, value, (char *)frame + field->offset) < 0)
			return err_set(err, ERR_INVALID, "a '%s' frame whose '%s' is %s",
			               types[frame->type].name, field->key,
			               value ? "of a wrong type" : "missing");
	}
	return 0;
}

static int find_type(const struct wire_frame *frame, enum wire_side from, enum wire_type *type,
                     struct err *err)
{
	const char *name = json_string_value(json_object_get(frame->document, "type"));

	for (int i = 0; name && i < WIRE_TYPE_COUNT; i++)
		if (types[i].from == from && str_equal(name, types[i].name)) {
			*type = (enum wire_type)i;
			return 0;
		}
	return err_set(err, ERR_INVALID, "a frame of unknown type '%.40s'", name ? name : "");
}

int wire_decode(const char *bytes, size_t size, enum wire_side from, struct wire_frame *frame,
                struct err *err)
{
	*frame = (struct wire_frame){.document = json_parse(bytes, size, err)};
	if (!frame->document)
		return err_prefix(err, "a frame that is no JSON");
	if (!json_is_object(frame->document)) {
		err_set(err, ERR_INVALID, "a frame that is no JSON object");
		goto bad;
	}
	if (find_type(frame, from, &frame->type, err) < 0)
		goto bad;
	/* a start may be larger when it comes in a descriptor, whose size was checked there */
	if (frame->type != WIRE_START && size > types[frame->type].cap) {
		err_set(err, ERR_LIMIT, "a '%s' frame of %zu bytes is over the limit of %zu",
		        types[frame->type].name, size, types[frame->type].cap);
		goto bad;
	}
	if (read_fields(frame, err) == 0)
		return 0;
bad:
	wire_release(frame);
	return -1;
}

void wire_release(struct wire_frame *frame)
{
	if (!frame->document)
		return;
	if (frame->type == WIRE_RECALL || frame->type == WIRE_RECALLED)
		free(frame->as.recall.attempts.items);
	json_decref(frame->document);
	*frame = (struct wire_frame){0};
}
