/* postgres_binary.c - values as PostgreSQL's binary COPY has them */
#include "storage/db/postgres_binary.h"

#include <ctype.h>
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define EPOCH_DAYS INT64_C(10957) /* 2000-01-01, where PostgreSQL counts from */
#define DAY_US     INT64_C(86400000000)

enum {
	UUID_BYTES = 16,
	NUMERIC_BASE_DIGITS = 4, /* decimal digits in one of numeric's */
	NUMERIC_MOST_DIGITS = 1024,
	NUMERIC_NEGATIVE = 0x4000,
};

static void put16(struct buf *out, uint16_t value)
{
	value = htobe16(value);
	buf_append(out, &value, sizeof(value));
}

static void put32(struct buf *out, uint32_t value)
{
	value = htobe32(value);
	buf_append(out, &value, sizeof(value));
}

static void put64(struct buf *out, uint64_t value)
{
	value = htobe64(value);
	buf_append(out, &value, sizeof(value));
}

void postgres_binary_head(struct buf *out)
{
	static const char signature[] = "PGCOPY\n\377\r\n"; /* its NUL belongs to it */

	buf_append(out, signature, sizeof(signature));
	put32(out, 0); /* no flags */
	put32(out, 0); /* no more head */
}

void postgres_binary_count(struct buf *out, size_t values)
{
	put16(out, (uint16_t)values);
}

void postgres_binary_end(struct buf *out)
{
	put16(out, UINT16_MAX);
}

static void put_bytes(struct buf *out, const struct db_value *value)
{
	put32(out, value->size);
	buf_append(out, value->size ? value->as.text : "", value->size);
}

static void put_json(struct buf *out, const struct db_value *value)
{
	put32(out, value->size + 1);
	buf_char(out, 1); /* version of jsonb */
	buf_append(out, value->as.text, value->size);
}

static int digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

static int put_uuid(struct buf *out, const struct db_value *value)
{
	unsigned char bytes[UUID_BYTES];
	size_t digits = 0;

	for (uint32_t i = 0; i < value->size; i++) {
		char c = value->as.text[i];

		if (c == '-')
			continue;
		if (!isxdigit((unsigned char)c) || digits == 2 * UUID_BYTES)
			return -1;
		bytes[digits / 2] =
			(unsigned char)(digits % 2 ? bytes[digits / 2] << 4 | digit(c) : digit(c));
		digits++;
	}
	if (digits != 2 * UUID_BYTES)
		return -1;
	put32(out, UUID_BYTES);
	buf_append(out, bytes, UUID_BYTES);
	return 0;
}

/* Four decimal digits of `text` from `at` on; what lies outside of it is zero. */
static uint16_t base_digit(const char *text, int size, int at)
{
	int value = 0;

	for (int i = at; i < at + NUMERIC_BASE_DIGITS; i++)
		value = value * 10 + (i >= 0 && i < size ? text[i] - '0' : 0);
	return (uint16_t)value;
}

/* Decimal digits with the point behind `whole` of them. */
static void put_digits(struct buf *out, const char *digits, int size, int whole, int is_negative)
{
	int scale = size - whole;
	int first =
		whole % NUMERIC_BASE_DIGITS ? whole % NUMERIC_BASE_DIGITS - NUMERIC_BASE_DIGITS : 0;
	int weight = (whole - first) / NUMERIC_BASE_DIGITS - 1;
	int last = first + (size - first + NUMERIC_BASE_DIGITS - 1) / NUMERIC_BASE_DIGITS *
	                           NUMERIC_BASE_DIGITS;

	/* zeros at either end are not written */
	while (first < last && base_digit(digits, size, first) == 0) {
		first += NUMERIC_BASE_DIGITS;
		weight--;
	}
	while (last > first && base_digit(digits, size, last - NUMERIC_BASE_DIGITS) == 0)
		last -= NUMERIC_BASE_DIGITS;
	put32(out, (uint32_t)(8 + (last - first) / NUMERIC_BASE_DIGITS * 2));
	put16(out, (uint16_t)((last - first) / NUMERIC_BASE_DIGITS));
	put16(out, (uint16_t)(first < last ? weight : 0));
	put16(out, is_negative && first < last ? NUMERIC_NEGATIVE : 0);
	put16(out, (uint16_t)scale);
	for (; first < last; first += NUMERIC_BASE_DIGITS)
		put16(out, base_digit(digits, size, first));
}

/* `-12.50`, as the catalog writes them. */
static int put_numeric_text(struct buf *out, const char *text, size_t size)
{
	char digits[NUMERIC_MOST_DIGITS];
	int is_negative = size > 0 && *text == '-', count = 0, whole = -1;

	for (size_t i = (size_t)is_negative; i < size; i++) {
		if (text[i] == '.' && whole < 0)
			whole = count;
		else if (isdigit((unsigned char)text[i]) && count < NUMERIC_MOST_DIGITS)
			digits[count++] = text[i];
		else
			return -1;
	}
	if (count == 0)
		return -1;
	put_digits(out, digits, count, whole < 0 ? count : whole, is_negative);
	return 0;
}

static int put_decimal(struct buf *out, const struct db_value *value)
{
	char digits[32];
	int64_t number = value->as.integer;
	int size;

	if (value->type == DB_TEXT)
		return put_numeric_text(out, value->as.text, value->size);
	size = snprintf(digits, sizeof(digits), "%0*" PRIu64, value->scale + 1,
	                number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
	put_digits(out, digits, size, size - value->scale, number < 0);
	return 0;
}

static void put_float(struct buf *out, double number)
{
	uint64_t bits;

	memcpy(&bits, &number, sizeof(bits));
	put32(out, sizeof(bits));
	put64(out, bits);
}

static int put_integer(struct buf *out, enum db_type type, int64_t integer)
{
	switch (type) {
	case DB_INT:
		put32(out, sizeof(integer));
		put64(out, (uint64_t)integer);
		return 0;
	case DB_TIMESTAMP:
		put32(out, sizeof(integer));
		put64(out, (uint64_t)(integer - EPOCH_DAYS * DAY_US));
		return 0;
	case DB_DATE:
		put32(out, sizeof(uint32_t));
		put32(out, (uint32_t)(integer - EPOCH_DAYS));
		return 0;
	case DB_BOOL:
		put32(out, 1);
		buf_char(out, integer != 0);
		return 0;
	case DB_NULL:
	case DB_FLOAT:
	case DB_DECIMAL:
	case DB_TEXT:
	case DB_BYTES:
	case DB_JSON:
	case DB_UUID:
		break;
	}
	return -1;
}

int postgres_binary_value(struct buf *out, enum db_type type, const struct db_value *value)
{
	if (value->type == DB_NULL) {
		put32(out, UINT32_MAX);
		return 0;
	}
	switch (type) {
	case DB_FLOAT:
		put_float(out, value->as.real);
		return 0;
	case DB_DECIMAL:
		return put_decimal(out, value);
	case DB_TEXT:
	case DB_BYTES:
		put_bytes(out, value);
		return 0;
	case DB_JSON:
		put_json(out, value);
		return 0;
	case DB_UUID:
		return put_uuid(out, value);
	case DB_INT:
	case DB_BOOL:
	case DB_DATE:
	case DB_TIMESTAMP:
	case DB_NULL:
		break;
	}
	return put_integer(out, type, value->as.integer);
}
