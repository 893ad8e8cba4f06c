/* expr_function.c - the functions expressions may call */
#include "scheduler/core/expr_function.h"

#include <string.h>
#include <time.h>

#include "lib/buf.h"
#include "lib/limits.h"
#include "lib/str.h"
#include "lib/timestamp.h"
#include "scheduler/core/expr_eval.h"

struct text {
	const char *bytes;
	size_t size;
};

static const char *type_name(const json_t *value)
{
	return expr_eval_type_name(value);
}

static int text_of(const json_t *value, const char *what, struct text *text, struct err *err)
{
	if (!json_is_string(value))
		return err_set(err, ERR_INVALID, "%s must be text, not %s", what, type_name(value));
	text->bytes = json_string_value(value);
	text->size = json_string_length(value);
	return 0;
}

static json_t *made(const struct buf *buf, struct err *err)
{
	if (buf->size > LIMIT_EXPRESSION_TEXT_BYTES) {
		err_set(err, ERR_LIMIT, "the text an expression makes is longer than %d bytes",
		        LIMIT_EXPRESSION_TEXT_BYTES);
		return NULL;
	}
	return json_stringn_nocheck(buf->data ? buf->data : "", buf->size);
}

static json_t *call_default(json_t *const *arguments, struct err *err)
{
	(void)err;
	return json_incref(json_is_null(arguments[0]) ? arguments[1] : arguments[0]);
}

static json_t *call_length(json_t *const *arguments, struct err *err)
{
	const json_t *value = arguments[0];

	if (json_is_array(value))
		return json_integer((json_int_t)json_array_size(value));
	if (json_is_object(value))
		return json_integer((json_int_t)json_object_size(value));
	if (json_is_string(value))
		return json_integer((json_int_t)str_utf8_length(json_string_value(value),
		                                                json_string_length(value)));
	err_set(err, ERR_INVALID, "length() is of text, a list or a map, not of %s",
	        type_name(value));
	return NULL;
}

/* The text with every letter between `first` and the 25th behind it moved by `distance`. */
static json_t *move_letters(const json_t *value, const char *what, char first, struct err *err)
{
	auto_buf struct buf buf = {0};
	struct text text = {"", 0};

	if (text_of(value, what, &text, err) < 0)
		return NULL;
	buf_append(&buf, text.bytes, text.size);
	for (size_t i = 0; i < buf.size; i++) {
		if (buf.data[i] >= first && buf.data[i] <= first + 25)
			buf.data[i] = (char)(buf.data[i] ^ 0x20);
	}
	return made(&buf, err);
}

static json_t *call_lower(json_t *const *arguments, struct err *err)
{
	return move_letters(arguments[0], "the argument of lower()", 'A', err);
}

static json_t *call_upper(json_t *const *arguments, struct err *err)
{
	return move_letters(arguments[0], "the argument of upper()", 'a', err);
}

static json_t *call_replace(json_t *const *arguments, struct err *err)
{
	auto_buf struct buf buf = {0};
	struct text text = {"", 0}, from = {"", 0}, to = {"", 0};
	const char *at, *found, *end;

	if (text_of(arguments[0], "the text of replace()", &text, err) < 0 ||
	    text_of(arguments[1], "what replace() looks for", &from, err) < 0 ||
	    text_of(arguments[2], "what replace() puts in", &to, err) < 0)
		return NULL;
	end = text.bytes + text.size;
	at = text.bytes;
	while (from.size && buf.size <= LIMIT_EXPRESSION_TEXT_BYTES &&
	       (found = memmem(at, (size_t)(end - at), from.bytes, from.size))) {
		buf_append(&buf, at, (size_t)(found - at));
		buf_append(&buf, to.bytes, to.size);
		at = found + from.size;
	}
	buf_append(&buf, at, (size_t)(end - at));
	return made(&buf, err);
}

static json_t *call_split(json_t *const *arguments, struct err *err)
{
	struct text text = {"", 0}, by = {"", 0};
	const char *at, *found, *end;
	json_t *list;

	if (text_of(arguments[0], "the text of split()", &text, err) < 0 ||
	    text_of(arguments[1], "what split() divides by", &by, err) < 0)
		return NULL;
	if (!by.size) {
		err_set(err, ERR_INVALID, "what split() divides by must not be empty");
		return NULL;
	}
	list = json_array();
	end = text.bytes + text.size;
	for (at = text.bytes; (found = memmem(at, (size_t)(end - at), by.bytes, by.size));
	     at = found + by.size)
		json_array_append_new(list, json_stringn_nocheck(at, (size_t)(found - at)));
	json_array_append_new(list, json_stringn_nocheck(at, (size_t)(end - at)));
	return list;
}

static json_t *call_join(json_t *const *arguments, struct err *err)
{
	auto_buf struct buf buf = {0};
	struct text by = {"", 0};

	if (!json_is_array(arguments[0])) {
		err_set(err, ERR_INVALID, "join() needs a list, not %s", type_name(arguments[0]));
		return NULL;
	}
	if (text_of(arguments[1], "what join() puts between", &by, err) < 0)
		return NULL;
	for (size_t i = 0; i < json_array_size(arguments[0]); i++) {
		if (i)
			buf_append(&buf, by.bytes, by.size);
		expr_eval_format(&buf, json_array_get(arguments[0], i));
		if (buf.size > LIMIT_EXPRESSION_TEXT_BYTES)
			break;
	}
	return made(&buf, err);
}

static json_t *call_basename(json_t *const *arguments, struct err *err)
{
	struct text text = {"", 0};
	const char *slash;

	if (text_of(arguments[0], "the argument of basename()", &text, err) < 0)
		return NULL;
	slash = memrchr(text.bytes, '/', text.size);
	if (!slash)
		return json_incref(arguments[0]);
	return json_stringn_nocheck(slash + 1, (size_t)(text.bytes + text.size - slash - 1));
}

/* Letters of strftime(3) that depend on nothing but the moment. */
static int format_is_known(const char *format, struct err *err)
{
	for (const char *at = format; (at = strchr(at, '%')); at += 2) {
		if (!at[1] || !strchr("YmdHMSjyuwVGFTse%", at[1]))
			return err_set(err, ERR_INVALID,
			               "date() knows %%Y %%m %%d %%H %%M %%S %%F %%T %%j %%y %%u "
			               "%%w %%V %%G %%e %%s and %%%%, not '%.2s'",
			               at);
	}
	return 0;
}

/* The format is the user's and was checked letter by letter. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static size_t format_moment(char *out, size_t size, const char *format, const struct tm *parts)
{
	return strftime(out, size, format, parts);
}
#pragma GCC diagnostic pop

/* Moments are shown in UTC. */
static json_t *call_date(json_t *const *arguments, struct err *err)
{
	struct text moment = {"", 0}, format = {"", 0};
	struct tm parts;
	int64_t moment_us;
	time_t seconds;
	char out[512];
	size_t size;

	if (text_of(arguments[0], "the moment of date()", &moment, err) < 0 ||
	    text_of(arguments[1], "the format of date()", &format, err) < 0 ||
	    format_is_known(format.bytes, err) < 0)
		return NULL;
	if (timestamp_parse(moment.bytes, moment.size, &moment_us) < 0) {
		err_set(err, ERR_INVALID, "'%.64s' is not a moment such as 2026-11-21T08:42:00Z",
		        moment.bytes);
		return NULL;
	}
	/* rounded down, before 1970 too */
	seconds = (time_t)(moment_us / 1000000 - (moment_us % 1000000 < 0));
	gmtime_r(&seconds, &parts);
	size = format_moment(out, sizeof(out), format.bytes, &parts);
	if (!size && format.size) {
		err_set(err, ERR_LIMIT, "date() makes at most %zu bytes", sizeof(out) - 1);
		return NULL;
	}
	return json_stringn(out, size);
}

static json_t *call_to_json(json_t *const *arguments, struct err *err)
{
	auto_buf struct buf buf = {0};

	json_append(&buf, arguments[0]);
	return made(&buf, err);
}

static json_t *call_from_json(json_t *const *arguments, struct err *err)
{
	struct text text = {"", 0};
	json_t *value;

	if (text_of(arguments[0], "the argument of from_json()", &text, err) < 0)
		return NULL;
	value = json_parse(text.bytes, text.size, err);
	if (!value)
		err_prefix(err, "from_json()");
	return value;
}

static const struct expr_function functions[] = {
	{"default", "default(value, otherwise)", 2, call_default},
	{"length", "length(text or list or map)", 1, call_length},
	{"lower", "lower(text)", 1, call_lower},
	{"upper", "upper(text)", 1, call_upper},
	{"replace", "replace(text, from, to)", 3, call_replace},
	{"split", "split(text, by)", 2, call_split},
	{"join", "join(list, between)", 2, call_join},
	{"basename", "basename(path)", 1, call_basename},
	{"date", "date(moment, format)", 2, call_date},
	{"to_json", "to_json(value)", 1, call_to_json},
	{"from_json", "from_json(text)", 1, call_from_json},
};

const struct expr_function *expr_function_find(const char *name, const char **nearest)
{
	const char *names[countof(functions)];

	for (size_t i = 0; i < countof(functions); i++) {
		if (str_equal(functions[i].name, name))
			return &functions[i];
		names[i] = functions[i].name;
	}
	*nearest = str_nearest(name, names, countof(names));
	return NULL;
}
