/* timestamp.c - moments as text */
#include "lib/timestamp.h"

#include <string.h>

#include "lib/calendar.h"

#define SECOND_US INT64_C(1000000)
#define DAY_US    (86400 * SECOND_US)

/* What is left of the text. */
struct reader {
	const char *at, *end;
};

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int take(struct reader *in, char c)
{
	if (in->at == in->end || *in->at != c)
		return 0;
	in->at++;
	return 1;
}

static int next_is_digit(const struct reader *in)
{
	return in->at < in->end && is_digit(*in->at);
}

/* Exactly `count` digits, or -1. */
static int number(struct reader *in, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		if (!next_is_digit(in))
			return -1;
		value = value * 10 + (*in->at++ - '0');
	}
	return value;
}

static int read_date(struct reader *in, int32_t *days)
{
	int year = number(in, 4);
	int month = take(in, '-') ? number(in, 2) : -1;
	int day = take(in, '-') ? number(in, 2) : -1;

	if (year < 1 || month < 1 || month > 12 || day < 1 ||
	    day > calendar_days_in_month(year, month))
		return -1;
	*days = calendar_days(year, month, day);
	return 0;
}

/* 1 to 9 digits; what is finer than a microsecond is cut. */
static int read_fraction(struct reader *in, int64_t *us)
{
	int count = 0;
	int64_t unit = SECOND_US;

	for (*us = 0; next_is_digit(in); in->at++, count++) {
		unit /= 10;
		*us += (*in->at - '0') * unit;
	}
	return count >= 1 && count <= 9 ? 0 : -1;
}

static int read_time(struct reader *in, int64_t *us)
{
	int hour = number(in, 2);
	int minute = take(in, ':') ? number(in, 2) : -1;
	int second = 0;
	int64_t fraction = 0;

	if (take(in, ':')) {
		second = number(in, 2);
		if (take(in, '.') && read_fraction(in, &fraction) < 0)
			return -1;
	}
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
		return -1;
	*us = (hour * 3600 + minute * 60 + second) * SECOND_US + fraction;
	return 0;
}

static int read_zone(struct reader *in, int64_t *us)
{
	int sign, hours, minutes = 0;

	*us = 0;
	if (in->at == in->end || take(in, 'Z') || take(in, 'z'))
		return 0;
	sign = take(in, '+') ? 1 : take(in, '-') ? -1 : 0;
	if (!sign)
		return -1;
	hours = number(in, 2);
	if (take(in, ':') || in->at < in->end)
		minutes = number(in, 2);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return -1;
	*us = sign * (hours * 3600L + minutes * 60L) * SECOND_US;
	return 0;
}

int timestamp_parse(const char *text, size_t size, int64_t *moment_us)
{
	struct reader in = {text, text + size};
	int32_t days;
	int64_t time_us = 0, zone_us = 0, moment;

	if (read_date(&in, &days) < 0)
		return -1;
	if (take(&in, 'T') || take(&in, 't') || take(&in, ' ')) {
		if (read_time(&in, &time_us) < 0 || read_zone(&in, &zone_us) < 0)
			return -1;
	}
	moment = days * DAY_US + time_us - zone_us;
	/* an offset can leave the years that have four digits */
	if (in.at != in.end || moment < calendar_days(1, 1, 1) * DAY_US ||
	    moment >= calendar_days(10000, 1, 1) * DAY_US)
		return -1;
	*moment_us = moment;
	return 0;
}

int timestamp_parse_date(const char *text, size_t size, int32_t *days)
{
	struct reader in = {text, text + size};
	int32_t parsed;

	if (read_date(&in, &parsed) < 0 || in.at != in.end)
		return -1;
	*days = parsed;
	return 0;
}

static void put(char *text, int value, int digits)
{
	for (int i = digits - 1; i >= 0; i--, value /= 10)
		text[i] = (char)('0' + value % 10);
}

void timestamp_format_date(int32_t days, char text[TIMESTAMP_DATE_SIZE])
{
	int year, month, day;

	calendar_date(days, &year, &month, &day);
	memcpy(text, "0000-00-00", TIMESTAMP_DATE_SIZE);
	put(text, year, 4);
	put(text + 5, month, 2);
	put(text + 8, day, 2);
}

void timestamp_format(int64_t moment_us, char text[TIMESTAMP_SIZE])
{
	int64_t days = (moment_us >= 0 ? moment_us : moment_us - DAY_US + 1) / DAY_US;
	int64_t rest = moment_us - days * DAY_US;
	int seconds = (int)(rest / SECOND_US);

	timestamp_format_date((int32_t)days, text);
	memcpy(text + 10, "T00:00:00.000000Z", TIMESTAMP_SIZE - 10);
	put(text + 11, seconds / 3600, 2);
	put(text + 14, seconds / 60 % 60, 2);
	put(text + 17, seconds % 60, 2);
	put(text + 20, (int)(rest % SECOND_US), 6);
}

void timestamp_format_short(int64_t moment_us, char text[TIMESTAMP_SIZE])
{
	timestamp_format(moment_us, text);
	if (memcmp(text + 19, ".000000", 7) == 0)
		memcpy(text + 19, "Z", 2);
}
