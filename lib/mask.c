/* mask.c - secrets replaced by `***` */
#include "lib/mask.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base64.h"
#include "lib/limits.h"
#include "lib/str.h"

enum {
	MIN_LINE_BYTES = 8, /* of a secret with several lines: shorter ones are found in any text */
};

/* --- the forms of a secret --- */

static void add_form(json_t *secrets, const char *text, size_t size)
{
	if (size < LIMIT_SECRET_MIN_BYTES)
		return;
	for (size_t i = 0; i < json_array_size(secrets); i++) {
		const json_t *known = json_array_get(secrets, i);

		if (json_string_length(known) == size &&
		    memcmp(json_string_value(known), text, size) == 0)
			return;
	}
	json_array_append_new(secrets, json_stringn_nocheck(text, size));
}

static void add_lines(json_t *secrets, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\r\n");

		if (length >= MIN_LINE_BYTES)
			add_form(secrets, text, length);
		text += length;
		text += strspn(text, "\r\n");
	}
}

static void add_json(json_t *secrets, const char *text)
{
	static const size_t flags[] = {0, JSON_ENSURE_ASCII, JSON_ESCAPE_SLASH};
	auto_json json_t *value = json_string(text);

	for (size_t i = 0; i < countof(flags); i++) {
		char *quoted = json_dumps(value, JSON_ENCODE_ANY | flags[i]);

		if (quoted)
			add_form(secrets, quoted + 1, strlen(quoted) - 2);
		free(quoted);
	}
}

/* With these digits; what stands in `kept` stays as it is, a blank becomes `blank`. */
static void add_percent(json_t *secrets, const char *text, const char *hex, const char *kept,
                        const char *blank)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789-._~";
	auto_buf struct buf form = {0};

	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (strchr(unreserved, byte) || strchr(kept, byte)) {
			buf_char(&form, *text);
		} else if (byte == ' ') {
			buf_text(&form, blank);
		} else {
			buf_char(&form, '%');
			buf_char(&form, hex[byte >> 4]);
			buf_char(&form, hex[byte & 15]);
		}
	}
	add_form(secrets, buf_string(&form), form.size);
}

static void add_both_alphabets(json_t *secrets, char *text, size_t size)
{
	add_form(secrets, text, size);
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '+')
			text[i] = '-';
		else if (text[i] == '/')
			text[i] = '_';
	}
	add_form(secrets, text, size);
}

/* The characters that follow from the secret alone when `before` bytes stand before it in its group. */
static void add_base64(json_t *secrets, const char *text, size_t before)
{
	static const size_t mixed[] = {0, 2, 3}; /* characters that hold bits of what is before */
	size_t size = strlen(text), first = mixed[before], end = (before + size) * 8 / 6;
	auto_buf struct buf bytes = {0}, form = {0};

	buf_append(&bytes, "\0\0", before);
	buf_append(&bytes, text, size);
	base64_append(bytes.data, bytes.size, &form);
	if (before == 0)
		add_both_alphabets(secrets, form.data, form.size);
	if (end > first)
		add_both_alphabets(secrets, form.data + first, end - first);
}

void mask_add(json_t *secrets, const char *text)
{
	static const char upper[] = "0123456789ABCDEF", lower[] = "0123456789abcdef";

	add_form(secrets, text, strlen(text));
	if (strlen(text) < LIMIT_SECRET_MIN_BYTES)
		return;
	if (strpbrk(text, "\r\n"))
		add_lines(secrets, text);
	add_json(secrets, text);
	add_percent(secrets, text, upper, "", "%20");
	add_percent(secrets, text, upper, "/", "%20");
	add_percent(secrets, text, upper, "", "+");
	add_percent(secrets, text, lower, "", "%20");
	for (size_t before = 0; before < 3; before++)
		add_base64(secrets, text, before);
}

/* --- masking --- */

/* The length of the secret that stands at `at`, 0 when none does; whether one could when more comes. */
static size_t match_secret(const json_t *secrets, const char *at, size_t size, int *begins)
{
	size_t length = 0;

	*begins = 0;
	for (size_t i = 0; i < json_array_size(secrets); i++) {
		const json_t *secret = json_array_get(secrets, i);
		const char *text = json_string_value(secret);
		size_t whole = json_string_length(secret);

		if (!whole || *text != *at || memcmp(at, text, whole < size ? whole : size) != 0)
			continue;
		if (whole > size)
			*begins = 1;
		else if (whole > length)
			length = whole;
	}
	return length;
}

/* How many bytes at the beginning are the end of a secret. */
static size_t match_end(const json_t *secrets, const char *bytes, size_t size)
{
	size_t length = 0;

	for (size_t i = 0; i < json_array_size(secrets); i++) {
		const json_t *secret = json_array_get(secrets, i);
		size_t whole = json_string_length(secret);
		const char *end = json_string_value(secret) + whole;

		for (size_t part = whole < size ? whole : size;
		     part >= LIMIT_SECRET_MIN_BYTES && part > length; part--) {
			if (memcmp(end - part, bytes, part) == 0)
				length = part;
		}
	}
	return length;
}

size_t mask_append(struct buf *out, const char *bytes, size_t size, const json_t *secrets,
                   unsigned flags)
{
	size_t at = flags & MASK_CUT_BEFORE ? match_end(secrets, bytes, size) : 0;
	int begins;

	if (at)
		buf_text(out, "***");
	while (at < size) {
		size_t length = match_secret(secrets, bytes + at, size - at, &begins);

		if (begins && (flags & MASK_MORE_COMES))
			break;
		if (begins && !length && (flags & MASK_CUT_BEHIND) &&
		    size - at >= LIMIT_SECRET_MIN_BYTES)
			length = size - at;
		if (length)
			buf_text(out, "***");
		else
			buf_char(out, bytes[at]);
		at += length ? length : 1;
	}
	return at;
}

static json_t *mask_string(const char *text, size_t size, const json_t *secrets)
{
	auto_buf struct buf masked = {0};

	mask_append(&masked, text, size, secrets, 0);
	/* a secret that is half a character may leave what is no UTF-8 */
	return json_stringn_nocheck(buf_string(&masked), masked.size);
}

static json_t *mask_object(const json_t *value, const json_t *secrets)
{
	json_t *object = json_object();
	const char *key;
	json_t *item;

	json_object_foreach((json_t *)(uintptr_t)value, key, item)
	{
		auto_json json_t *name = mask_string(key, strlen(key), secrets);

		json_object_set_new_nocheck(object, json_string_value(name),
		                            mask_json(item, secrets));
	}
	return object;
}

static json_t *mask_number(const json_t *value, const json_t *secrets)
{
	auto_buf struct buf text = {0}, masked = {0};

	json_append(&text, value);
	mask_append(&masked, text.data, text.size, secrets, 0);
	if (str_equal(buf_string(&text), buf_string(&masked)))
		return json_incref((json_t *)(uintptr_t)value);
	return json_string(buf_string(&masked));
}

json_t *mask_json(const json_t *value, const json_t *secrets)
{
	json_t *array, *item;
	size_t index;

	if (!json_array_size(secrets))
		return json_incref((json_t *)(uintptr_t)value);
	if (json_is_number(value))
		return mask_number(value, secrets);
	if (json_is_string(value))
		return mask_string(json_string_value(value), json_string_length(value), secrets);
	if (json_is_object(value))
		return mask_object(value, secrets);
	if (!json_is_array(value))
		return json_incref((json_t *)(uintptr_t)value);
	array = json_array();
	json_array_foreach(value, index, item)
		json_array_append_new(array, mask_json(item, secrets));
	return array;
}
