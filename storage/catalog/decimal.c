/* decimal.c - exact decimal numbers as text */
#include "storage/catalog/decimal.h"

#include <ctype.h>
#include <string.h>

/* The parts of a number as written: text[first, last) are digits and at most one point. */
struct parts {
	const char *text;
	size_t first, last;
	size_t point; /* index of the point, or `last` */
	long exponent;
	int negative;
};

static int is_digit(const char *text, size_t size, size_t at)
{
	return at < size && isdigit((unsigned char)text[at]);
}

static int split_exponent(const char *text, size_t size, size_t at, struct parts *parts)
{
	int negative = 0;

	if (at == size)
		return 0;
	if (text[at] != 'e' && text[at] != 'E')
		return -1;
	at++;
	if (at < size && (text[at] == '+' || text[at] == '-'))
		negative = text[at++] == '-';
	if (!is_digit(text, size, at))
		return -1;
	for (; is_digit(text, size, at); at++) {
		/* far beyond any precision; more digits change nothing */
		if (parts->exponent < 100000)
			parts->exponent = parts->exponent * 10 + (text[at] - '0');
	}
	if (negative)
		parts->exponent = -parts->exponent;
	return at == size ? 0 : -1;
}

static int split(const char *text, size_t size, struct parts *parts)
{
	size_t at = 0, digits = 0;

	*parts = (struct parts){.text = text};
	if (at < size && (text[at] == '+' || text[at] == '-'))
		parts->negative = text[at++] == '-';
	parts->first = at;
	for (; is_digit(text, size, at); at++)
		digits++;
	parts->point = at;
	if (at < size && text[at] == '.')
		at++;
	for (; is_digit(text, size, at); at++)
		digits++;
	parts->last = at;
	if (!digits || split_exponent(text, size, at, parts) < 0)
		return -1;
	return 0;
}

/* Puts each digit that is not zero at its place in `places`, whose last one is 10^-scale. */
static enum decimal_status place_digits(const struct parts *parts, int precision, int scale,
                                        char *places)
{
	/* the power of ten of the first digit */
	long power = (long)(parts->point - parts->first) - 1 + parts->exponent;

	for (size_t i = parts->first; i < parts->last; i++) {
		if (i == parts->point)
			continue;
		if (parts->text[i] != '0') {
			if (power < -(long)scale)
				return DECIMAL_TOO_PRECISE;
			if (power >= precision - scale)
				return DECIMAL_TOO_LARGE;
			places[precision - scale - 1 - power] = parts->text[i];
		}
		power--;
	}
	return DECIMAL_OK;
}

static void write_canonical(const char *places, int precision, int scale, int negative, char *out)
{
	int whole = precision - scale, first = 0;
	int zero = (int)strspn(places, "0") == precision;

	if (negative && !zero)
		*out++ = '-';
	while (first < whole && places[first] == '0')
		first++;
	if (first == whole)
		*out++ = '0';
	memcpy(out, places + first, (size_t)(whole - first));
	out += whole - first;
	if (scale) {
		*out++ = '.';
		memcpy(out, places + whole, (size_t)scale);
		out += scale;
	}
	*out = '\0';
}

enum decimal_status decimal_parse(const char *text, size_t size, int precision, int scale,
                                  char canonical[DECIMAL_TEXT_SIZE])
{
	char places[DECIMAL_PRECISION_MAX + 1];
	enum decimal_status status;
	struct parts parts;

	if (split(text, size, &parts) < 0)
		return DECIMAL_MALFORMED;
	memset(places, '0', (size_t)precision);
	places[precision] = '\0';
	status = place_digits(&parts, precision, scale, places);
	if (status == DECIMAL_OK)
		write_canonical(places, precision, scale, parts.negative, canonical);
	return status;
}

int64_t decimal_to_scaled(const char *canonical)
{
	int64_t scaled = 0;

	for (const char *at = canonical; *at; at++) {
		if (isdigit((unsigned char)*at))
			scaled = scaled * 10 + (*at - '0');
	}
	return *canonical == '-' ? -scaled : scaled;
}

void decimal_from_scaled(int64_t scaled, int scale, char canonical[DECIMAL_TEXT_SIZE])
{
	char places[DECIMAL_PRECISION_MAX + 1];
	uint64_t rest = scaled < 0 ? -(uint64_t)scaled : (uint64_t)scaled;
	int precision = scale < 20 ? 20 : scale;

	for (int i = precision - 1; i >= 0; i--) {
		places[i] = (char)('0' + rest % 10);
		rest /= 10;
	}
	places[precision] = '\0';
	write_canonical(places, precision, scale, scaled < 0, canonical);
}

int decimal_compare(const char *a, size_t a_size, const char *b, size_t b_size)
{
	int a_negative = a_size && a[0] == '-', b_negative = b_size && b[0] == '-';
	int order;

	if (a_negative != b_negative)
		return a_negative ? -1 : 1;
	if (a_size != b_size)
		order = a_size < b_size ? -1 : 1;
	else
		order = memcmp(a, b, a_size);
	return a_negative ? -order : order;
}
