/* str.c - questions about text */
#include "lib/str.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int str_equal(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

int str_starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

int str_ends_with(const char *text, const char *suffix)
{
	size_t length = strlen(text), suffix_length = strlen(suffix);

	return length >= suffix_length && strcmp(text + length - suffix_length, suffix) == 0;
}

int str_copy(char *to, size_t to_size, const char *from)
{
	size_t length = strlen(from);
	size_t kept = length < to_size ? length : to_size - 1;

	memcpy(to, from, kept);
	to[kept] = '\0';
	return kept == length ? 0 : -1;
}

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int str_to_int(const char *text, int64_t *value, struct err *err)
{
	const char *digits = *text == '-' || *text == '+' ? text + 1 : text;
	char *end;
	long long parsed;

	errno = 0;
	parsed = strtoll(text, &end, 10);
	if (!is_digit(*digits) || *end)
		return err_set(err, ERR_INVALID, "'%.64s' is not a whole number", text);
	if (errno == ERANGE)
		return err_set(err, ERR_INVALID, "'%.64s' does not fit 64 bits", text);
	*value = parsed;
	return 0;
}

int str_to_float(const char *text, double *value, struct err *err)
{
	char *end;
	double parsed;

	errno = 0;
	parsed = strtod(text, &end);
	if (end == text || *end || !isfinite(parsed) || text[strspn(text, "+-.0123456789eE")])
		return err_set(err, ERR_INVALID, "'%.64s' is not a number", text);
	*value = parsed;
	return 0;
}

struct unit {
	const char *name;
	int64_t factor;
};

/* A number with one of the units behind it; an empty unit name matches the bare number. */
static int parse_with_unit(const char *text, const struct unit *units, size_t count, int64_t *value)
{
	char *end;
	double number;

	/* strtod() would also take 0x10 */
	if (!is_digit(*text) || strpbrk(text, "xX"))
		return -1;
	number = strtod(text, &end);
	for (size_t i = 0; i < count; i++) {
		double product = number * (double)units[i].factor;

		if (!str_equal(end, units[i].name))
			continue;
		if (!(product < 9e18))
			return -1;
		*value = (int64_t)product;
		return 0;
	}
	return -1;
}

int str_to_duration_ms(const char *text, int64_t *value_ms, struct err *err)
{
	static const struct unit units[] = {
		{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000},
	};

	if (parse_with_unit(text, units, countof(units), value_ms) < 0)
		return err_set(err, ERR_INVALID,
		               "'%.64s' is not a duration such as 90s, 15m, 2h or 1d", text);
	return 0;
}

int str_to_size_bytes(const char *text, int64_t *value_bytes, struct err *err)
{
	static const struct unit units[] = {
		{"", 1},        {"B", 1},         {"K", 1 << 10}, {"KiB", 1 << 10},
		{"M", 1 << 20}, {"MiB", 1 << 20}, {"G", 1 << 30}, {"GiB", 1 << 30},
	};

	if (parse_with_unit(text, units, countof(units), value_bytes) < 0)
		return err_set(err, ERR_INVALID, "'%.64s' is not a size such as 512, 64KiB or 1GiB",
		               text);
	return 0;
}

/* What may follow a first byte (Unicode 15, table 3-7): length, and the range of the second byte. */
struct utf8_form {
	unsigned char first, last;
	unsigned char length;
	unsigned char low, high;
};

static const struct utf8_form utf8_forms[] = {
	{0x00, 0x7F, 1, 0, 0},       {0xC2, 0xDF, 2, 0x80, 0xBF}, {0xE0, 0xE0, 3, 0xA0, 0xBF},
	{0xE1, 0xEC, 3, 0x80, 0xBF}, {0xED, 0xED, 3, 0x80, 0x9F}, {0xEE, 0xEF, 3, 0x80, 0xBF},
	{0xF0, 0xF0, 4, 0x90, 0xBF}, {0xF1, 0xF3, 4, 0x80, 0xBF}, {0xF4, 0xF4, 4, 0x80, 0x8F},
};

static const struct utf8_form *utf8_form_of(unsigned char first)
{
	for (size_t i = 0; i < countof(utf8_forms); i++) {
		if (first >= utf8_forms[i].first && first <= utf8_forms[i].last)
			return &utf8_forms[i];
	}
	return NULL;
}

/* Bytes of the well-formed character at `text`, or 0. */
static size_t utf8_character(const unsigned char *text, size_t size)
{
	const struct utf8_form *form = utf8_form_of(text[0]);

	if (!form || form->length > size)
		return 0;
	if (form->length > 1 && (text[1] < form->low || text[1] > form->high))
		return 0;
	for (size_t i = 2; i < form->length; i++) {
		if (text[i] < 0x80 || text[i] > 0xBF)
			return 0;
	}
	return form->length;
}

/* Plain ASCII at the start of `text`, counted in steps of eight bytes. */
static size_t ascii_run(const unsigned char *text, size_t size)
{
	size_t at = 0;
	uint64_t eight;

	for (; size - at >= sizeof(eight); at += sizeof(eight)) {
		memcpy(&eight, text + at, sizeof(eight));
		if (eight & 0x8080808080808080u)
			break;
	}
	return at;
}

size_t str_utf8_valid(const char *text, size_t size)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t at = ascii_run(bytes, size);

	while (at < size) {
		size_t length = utf8_character(bytes + at, size - at);

		if (!length)
			return at;
		at += length;
		at += ascii_run(bytes + at, size - at);
	}
	return size;
}

size_t str_utf8_length(const char *text, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++)
		count += ((unsigned char)text[i] & 0xC0) != 0x80;
	return count;
}

enum {
	NEAREST_MAX = 64, /* longer names are not compared */
};

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance. */
static size_t distance(const char *a, const char *b)
{
	size_t row[NEAREST_MAX + 1];
	size_t b_length = strlen(b);

	for (size_t j = 0; j <= b_length; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t above = row[j];
			size_t change = diagonal + (a[i - 1] != b[j - 1]);

			row[j] = least(least(above, row[j - 1]) + 1, change);
			diagonal = above;
		}
	}
	return row[b_length];
}

const char *str_nearest(const char *text, const char *const *candidates, size_t count)
{
	size_t length = strlen(text);
	size_t best = length / 3 + 2; /* one typo in short words, more in long ones */
	const char *nearest = NULL;

	if (length > NEAREST_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t d =
			strlen(candidates[i]) > NEAREST_MAX ? best : distance(text, candidates[i]);

		if (d < best && d < length) {
			best = d;
			nearest = candidates[i];
		}
	}
	return nearest;
}
