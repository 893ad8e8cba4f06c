/* base64.c - bytes as text, RFC 4648 §4, with padding */
#include "lib/base64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int digit_of(char c)
{
	const char *found = c ? strchr(alphabet, c) : NULL;

	return found ? (int)(found - alphabet) : -1;
}

/* Four characters, the last `padding` of them '='. */
static int decode_group(const char *text, int padding, uint8_t *out)
{
	uint32_t bits = 0;

	for (int i = 0; i < 4; i++) {
		int digit = i < 4 - padding ? digit_of(text[i]) : 0;

		if (digit < 0)
			return -1;
		bits = bits << 6 | (uint32_t)digit;
	}
	if (bits & ((1U << (8 * padding)) - 1))
		return -1;
	for (int i = 0; i < 3 - padding; i++)
		out[i] = (uint8_t)(bits >> (16 - 8 * i));
	return 0;
}

int base64_decode(const char *text, size_t size, uint8_t *bytes, size_t *byte_count)
{
	size_t written = 0;

	if (size % 4)
		return -1;
	for (size_t i = 0; i < size; i += 4) {
		int padding = 0;

		if (i + 4 == size)
			padding = (text[i + 3] == '=') + (text[i + 3] == '=' && text[i + 2] == '=');
		if (decode_group(text + i, padding, bytes + written) < 0)
			return -1;
		written += (size_t)(3 - padding);
	}
	*byte_count = written;
	return 0;
}

void base64_append(const void *bytes, size_t size, struct buf *buf)
{
	const uint8_t *in = bytes;

	for (size_t i = 0; i < size; i += 3) {
		size_t have = size - i < 3 ? size - i : 3;
		uint32_t bits = (uint32_t)in[i] << 16;
		char *out = buf_reserve(buf, 4);

		if (have > 1)
			bits |= (uint32_t)in[i + 1] << 8;
		if (have > 2)
			bits |= in[i + 2];
		for (size_t k = 0; k < 4; k++)
			out[k] = k <= have ? alphabet[bits >> (18 - 6 * k) & 63] : '=';
		buf->size += 4;
		buf->data[buf->size] = '\0';
	}
}
