/* buf.c - bytes that grow */
#include "lib/buf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

void buf_release(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){0};
}

void buf_clear(struct buf *buf)
{
	buf->size = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

char *buf_reserve(struct buf *buf, size_t more)
{
	size_t needed = buf->size + more + 1;

	assert(needed > buf->size);
	if (needed > buf->capacity) {
		size_t capacity = buf->capacity * 2 > needed ? buf->capacity * 2 : needed;

		buf->capacity = capacity < 64 ? 64 : capacity;
		buf->data = mem_resize(buf->data, buf->capacity, 1);
	}
	return buf->data + buf->size;
}

void buf_append(struct buf *buf, const void *bytes, size_t size)
{
	char *end = buf_reserve(buf, size);

	if (size)
		memcpy(end, bytes, size);
	buf->size += size;
	buf->data[buf->size] = '\0';
}

void buf_text(struct buf *buf, const char *text)
{
	buf_append(buf, text, strlen(text));
}

void buf_char(struct buf *buf, char c)
{
	buf_append(buf, &c, 1);
}

void buf_vprintf(struct buf *buf, const char *format, va_list arguments)
{
	va_list again;
	int length;

	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	assert(length >= 0);
	vsnprintf(buf_reserve(buf, (size_t)length), (size_t)length + 1, format, arguments);
	buf->size += (size_t)length;
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	buf_vprintf(buf, format, arguments);
	va_end(arguments);
}

void buf_consume(struct buf *buf, size_t count)
{
	assert(count <= buf->size);
	if (!count)
		return;
	buf->size -= count;
	memmove(buf->data, buf->data + count, buf->size + 1);
}

const char *buf_string(const struct buf *buf)
{
	return buf->data ? buf->data : "";
}

char *buf_take(struct buf *buf)
{
	char *text = buf->data ? buf->data : mem_strdup("");

	*buf = (struct buf){0};
	return text;
}
