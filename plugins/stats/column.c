/* column.c - what is known of one column while its values go by */
#include "plugins/stats/column.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wctype.h>

enum {
	NUMBER_BYTES = 64, /* a longer text is no number */
	MOMENT_BYTES = 40,
	QUARTILES = 3,
	REPLACEMENT = 0xfffd, /* stands for what is no character */
};

static const int64_t us_per_s = 1000000, us_per_day = INT64_C(86400) * 1000000;
static const double exact_whole = 9007199254740992.0; /* 2^53 */

int column_shared_init(struct column_shared *shared, const char *folder)
{
	spill_file_init(&shared->file);
	shared->file.folder = folder;
	shared->classes = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	if (!shared->classes)
		shared->classes = newlocale(LC_CTYPE_MASK, "C", NULL);
	return shared->classes ? 0 : -1;
}

void column_shared_release(struct column_shared *shared)
{
	spill_file_release(&shared->file);
	if (shared->classes)
		freelocale(shared->classes);
}

int column_init(struct column *column, const char *name, size_t size, struct column_shared *shared)
{
	*column = (struct column){.shared = shared, .name = malloc(size + 1)};
	spill_init(&column->values, &shared->file);
	if (!column->name)
		return -1;
	memcpy(column->name, name, size);
	column->name[size] = '\0';
	return 0;
}

void column_release(struct column *column)
{
	spill_release(&column->values);
	free(column->name);
}

void column_add_null(struct column *column)
{
	column->nulls++;
}

static int add(struct column *column, double value, uint64_t key)
{
	double distance = value - column->mean;

	if (!column->count || key < column->least)
		column->least = key;
	if (!column->count || key > column->most)
		column->most = key;
	column->count++;
	column->mean += distance / (double)column->count;
	column->squares += distance * (value - column->mean);
	return spill_add(&column->values, key);
}

int column_add_number(struct column *column, double value)
{
	column->kind = COLUMN_NUMBER;
	if (fabs(value) > exact_whole || value < floor(value) || value > floor(value))
		column->flags |= COLUMN_HAS_FRACTIONS;
	return add(column, value, spill_number(value));
}

int column_add_moment(struct column *column, int64_t us)
{
	column->kind = COLUMN_MOMENT;
	if (us % us_per_day)
		column->flags |= COLUMN_HAS_TIMES;
	return add(column, (double)us, spill_integer(us));
}

/* -- text -- */

/* How long the character is that begins with this byte; 0: none does. */
static size_t character_size(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* The character at `at` and its size in bytes; what is no UTF-8 is a character of one byte. */
static size_t next_character(const char *at, const char *end, uint32_t *character)
{
	unsigned char first = (unsigned char)*at;
	size_t size = character_size(first);
	uint32_t found = size == 1 ? first : first & (0x7fU >> size);

	*character = REPLACEMENT;
	if (!size || size > (size_t)(end - at))
		return 1;
	for (size_t i = 1; i < size; i++) {
		if (((unsigned char)at[i] & 0xc0) != 0x80)
			return 1;
		found = found << 6 | ((unsigned char)at[i] & 0x3fU);
	}
	*character = found;
	return size;
}

static void count_text(struct column *column, const char *text, size_t size)
{
	const char *at = text, *end = text + size;
	int64_t length = 0;
	int in_word = 0;

	while (at < end) {
		uint32_t character;
		int is_blank;

		at += next_character(at, end, &character);
		length++;
		is_blank = iswspace_l(character, column->shared->classes);
		column->words += !is_blank && !in_word;
		in_word = !is_blank;
		column->capitals += iswupper_l(character, column->shared->classes) != 0;
		column->symbols += !is_blank && !iswalnum_l(character, column->shared->classes);
	}
	column->length += length;
	/* the counts of a field have not come to it yet */
	if (!column->count || length < column->shortest)
		column->shortest = length;
	if (!column->count || length > column->longest)
		column->longest = length;
}

void column_add_text(struct column *column, const char *text, size_t size)
{
	column->kind = COLUMN_TEXT;
	count_text(column, text, size);
	column->count++;
}

/* -- fields of files -- */

int column_parse_number(const char *text, size_t size, double *value)
{
	char copy[NUMBER_BYTES + 1];
	char *end;

	while (size && isspace((unsigned char)*text)) {
		text++;
		size--;
	}
	while (size && isspace((unsigned char)text[size - 1]))
		size--;
	if (!size || size > NUMBER_BYTES)
		return 0;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (strspn(copy, "0123456789+-.eE") < size)
		return 0;
	*value = strtod(copy, &end);
	return end == copy + size && isfinite(*value);
}

/* Days since the epoch of a date of the Gregorian calendar (H. Hinnant, days_from_civil). */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = y / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int days_in(int year, int month)
{
	static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && is_leap);
}

/* Two digits at `*at`, or -1. */
static int pair(const char **at)
{
	const char *digits = *at;

	if (!isdigit((unsigned char)digits[0]) || !isdigit((unsigned char)digits[1]))
		return -1;
	*at += 2;
	return (digits[0] - '0') * 10 + digits[1] - '0';
}

static int parse_date(const char **at, int64_t *us)
{
	int century = pair(at), year = century < 0 ? -1 : pair(at), month, day;

	if (year < 0 || *(*at)++ != '-')
		return 0;
	year += century * 100;
	month = pair(at);
	if (month < 1 || month > 12 || *(*at)++ != '-')
		return 0;
	day = pair(at);
	if (year < 1 || day < 1 || day > days_in(year, month))
		return 0;
	*us = days_of(year, month, day) * us_per_day;
	return 1;
}

static int parse_fraction(const char **at, int64_t *us)
{
	int64_t scale = us_per_s / 10;

	if (**at != '.')
		return 1;
	(*at)++;
	if (!isdigit((unsigned char)**at))
		return 0;
	for (; isdigit((unsigned char)**at); (*at)++, scale /= 10)
		*us += (**at - '0') * scale;
	return 1;
}

static int parse_time(const char **at, int64_t *us)
{
	int hours = pair(at), minutes, seconds = 0;

	if (hours < 0 || hours > 23 || *(*at)++ != ':')
		return 0;
	minutes = pair(at);
	if (minutes < 0 || minutes > 59)
		return 0;
	if (**at == ':') {
		(*at)++;
		seconds = pair(at);
	}
	if (seconds < 0 || seconds > 59)
		return 0;
	*us += (hours * INT64_C(3600) + minutes * INT64_C(60) + seconds) * us_per_s;
	return parse_fraction(at, us);
}

static int parse_offset(const char **at, int64_t *us)
{
	int sign = **at == '-' ? -1 : 1, hours, minutes = 0;

	if (**at == 'Z' || **at == 'z')
		(*at)++;
	else if (**at == '+' || **at == '-') {
		(*at)++;
		hours = pair(at);
		if (**at == ':')
			(*at)++;
		if (isdigit((unsigned char)**at))
			minutes = pair(at);
		if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
			return 0;
		*us -= sign * (hours * INT64_C(60) + minutes) * 60 * us_per_s;
	}
	return 1;
}

static int parse_moment(const char *text, size_t size, int64_t *us)
{
	char copy[MOMENT_BYTES + 1];
	const char *at = copy;

	if (size > MOMENT_BYTES)
		return 0;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (!parse_date(&at, us))
		return 0;
	if ((*at == 'T' || *at == 't' || *at == ' ') && at[1]) {
		at++;
		if (!parse_time(&at, us) || !parse_offset(&at, us))
			return 0;
	}
	return at == copy + size;
}

/* A field that fits the kind of those before it; 0 when it does not. */
static int add_kind(struct column *column, const char *text, size_t size, int *failed)
{
	double number;
	int64_t us;

	if ((column->kind == COLUMN_EMPTY || column->kind == COLUMN_NUMBER) &&
	    column_parse_number(text, size, &number)) {
		*failed = column_add_number(column, number);
		return 1;
	}
	if ((column->kind == COLUMN_EMPTY || column->kind == COLUMN_MOMENT) &&
	    parse_moment(text, size, &us)) {
		*failed = column_add_moment(column, us);
		return 1;
	}
	return 0;
}

int column_add_field(struct column *column, const char *text, size_t size)
{
	int failed = 0;

	count_text(column, text, size);
	if (column->kind != COLUMN_TEXT && add_kind(column, text, size, &failed))
		return failed;
	if (column->kind != COLUMN_TEXT)
		spill_release(&column->values);
	column->kind = COLUMN_TEXT;
	column->count++;
	return 0;
}

/* -- summary -- */

static json_t *number(const struct column *column, double value)
{
	if (!isfinite(value))
		return json_null();
	if (!(column->flags & COLUMN_HAS_FRACTIONS) && !(value < floor(value)) &&
	    !(value > floor(value)) && fabs(value) <= exact_whole)
		return json_integer((json_int_t)value);
	return json_real(value);
}

static json_t *moment(const struct column *column, double us)
{
	time_t seconds = (time_t)floor(us / (double)us_per_s);
	int64_t fraction = (int64_t)us - (int64_t)seconds * us_per_s;
	char day[32], clock[16], text[64];
	struct tm parts;

	if (!gmtime_r(&seconds, &parts))
		return json_null();
	strftime(day, sizeof(day), "%Y-%m-%d", &parts);
	strftime(clock, sizeof(clock), "%H:%M:%S", &parts);
	if (!(column->flags & COLUMN_HAS_TIMES) && strcmp(clock, "00:00:00") == 0 && !fraction)
		return json_string(day);
	if (fraction)
		snprintf(text, sizeof(text), "%sT%s.%06lldZ", day, clock, (long long)fraction);
	else
		snprintf(text, sizeof(text), "%sT%sZ", day, clock);
	return json_string(text);
}

static json_t *shown(const struct column *column, double value)
{
	return column->kind == COLUMN_MOMENT ? moment(column, value) : number(column, value);
}

static double of_key(const struct column *column, uint64_t key)
{
	return column->kind == COLUMN_MOMENT ? (double)spill_to_integer(key) : spill_to_number(key);
}

/* Exact: the value at rank (count - 1) * k / 4, between two of them in proportion. */
static int add_quartiles(struct column *column, json_t *summary)
{
	static const char *const names[QUARTILES] = {"q1", "median", "q3"};
	int64_t ranks[2 * QUARTILES];
	uint64_t keys[2 * QUARTILES];

	for (int i = 0; i < QUARTILES; i++) {
		ranks[2 * i] = (column->count - 1) * (i + 1) / 4;
		ranks[2 * i + 1] = ((column->count - 1) * (i + 1) + 3) / 4;
	}
	if (spill_find(&column->values, ranks, 2 * QUARTILES, keys) < 0)
		return -1;
	for (int i = 0; i < QUARTILES; i++) {
		double low = of_key(column, keys[2 * i]), high = of_key(column, keys[2 * i + 1]);
		double part = (double)((column->count - 1) * (i + 1) % 4) / 4;

		json_object_set_new(summary, names[i], shown(column, low + (high - low) * part));
	}
	return 0;
}

static int add_spread(struct column *column, json_t *summary)
{
	double variance = column->squares / (double)(column->count - 1);

	json_object_set_new(summary, "mean",
	                    column->kind == COLUMN_MOMENT ? moment(column, column->mean)
	                    : isfinite(column->mean)      ? json_real(column->mean)
	                                                  : json_null());
	if (column->kind == COLUMN_NUMBER)
		json_object_set_new(summary, "std",
		                    column->count > 1 && isfinite(variance)
		                            ? json_real(sqrt(variance))
		                            : json_null());
	json_object_set_new(summary, "min", shown(column, of_key(column, column->least)));
	if (add_quartiles(column, summary) < 0)
		return -1;
	json_object_set_new(summary, "max", shown(column, of_key(column, column->most)));
	return 0;
}

static void add_texts(const struct column *column, json_t *summary)
{
	double count = (double)column->count;

	json_object_set_new(summary, "mean_length", json_real((double)column->length / count));
	json_object_set_new(summary, "min_length", json_integer(column->shortest));
	json_object_set_new(summary, "max_length", json_integer(column->longest));
	json_object_set_new(summary, "mean_words", json_real((double)column->words / count));
	json_object_set_new(summary, "mean_capitals", json_real((double)column->capitals / count));
	json_object_set_new(summary, "mean_symbols", json_real((double)column->symbols / count));
}

static const char *const kind_names[] = {
	[COLUMN_EMPTY] = "empty",
	[COLUMN_NUMBER] = "number",
	[COLUMN_MOMENT] = "timestamp",
	[COLUMN_TEXT] = "text",
};

json_t *column_summary(struct column *column)
{
	json_t *summary = json_object();
	const char *type = kind_names[column->kind];
	int failed = 0;

	if (column->kind == COLUMN_MOMENT && !(column->flags & COLUMN_HAS_TIMES))
		type = "date";
	json_object_set_new(summary, "column", json_string(column->name));
	json_object_set_new(summary, "type", json_string(type));
	json_object_set_new(summary, "count", json_integer(column->count));
	json_object_set_new(summary, "nulls", json_integer(column->nulls));
	if (column->count && column->kind == COLUMN_TEXT)
		add_texts(column, summary);
	else if (column->count)
		failed = add_spread(column, summary);
	if (!failed)
		return summary;
	json_decref(summary);
	return NULL;
}
