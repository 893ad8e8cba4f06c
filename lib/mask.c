/* mask.c - secrets replaced by `***` */
#include "lib/mask.h"

#include <stdint.h>
#include <string.h>

/* The length of the secret that stands at `at`, 0 when none does; whether one could when more comes. */
static size_t match_secret(const json_t *secrets, const char *at, size_t size, int *begins)
{
	size_t length = 0;

	*begins = 0;
	for (size_t i = 0; i < json_array_size(secrets); i++) {
		const json_t *secret = json_array_get(secrets, i);
		const char *text = json_string_value(secret);
		size_t whole = json_string_length(secret);

		if (!whole || memcmp(at, text, whole < size ? whole : size) != 0)
			continue;
		if (whole > size)
			*begins = 1;
		else if (whole > length)
			length = whole;
	}
	return length;
}

size_t mask_append(struct buf *out, const char *bytes, size_t size, const json_t *secrets,
                   unsigned flags)
{
	size_t at = 0;
	int begins;

	while (at < size) {
		size_t length = match_secret(secrets, bytes + at, size - at, &begins);

		if (begins && (flags & MASK_MORE_COMES))
			break;
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

json_t *mask_json(const json_t *value, const json_t *secrets)
{
	json_t *array, *item;
	size_t index;

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
