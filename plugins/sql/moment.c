/* moment.c - dates and times as text */
#include "plugins/sql/moment.h"

#include <ctype.h>
#include <string.h>

/* The number of exactly `digits` digits at `*at`, which goes behind them; -1 when they are none. */
static int64_t digits_at(const char **at, int digits)
{
	int64_t number = 0;

	for (int i = 0; i < digits; i++, (*at)++) {
		if (!isdigit((unsigned char)**at))
			return -1;
		number = number * 10 + (**at - '0');
	}
	return number;
}

static int is_at(const char **at, const char *characters)
{
	if (!**at || !strchr(characters, **at))
		return 0;
	(*at)++;
	return 1;
}

static int64_t days_in(int64_t year, int64_t month)
{
	static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && is_leap);
}

static int parse_date(const char **at, int64_t *days)
{
	int64_t year = digits_at(at, 4), month, day, shifted, of_year;

	if (year < 1 || !is_at(at, "-"))
		return 0;
	month = digits_at(at, 2);
	if (month < 1 || month > 12 || !is_at(at, "-"))
		return 0;
	day = digits_at(at, 2);
	if (day < 1 || day > days_in(year, month))
		return 0;
	/* the year begins in March, so that the leap day is its last */
	shifted = year - (month <= 2);
	of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	*days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + of_year - 719468;
	return 1;
}

static int parse_time(const char **at, int64_t *us)
{
	int64_t hours = digits_at(at, 2), minutes, seconds = 0, scale = 100000;

	if (hours < 0 || hours > 23 || !is_at(at, ":"))
		return 0;
	minutes = digits_at(at, 2);
	if (minutes < 0 || minutes > 59)
		return 0;
	if (is_at(at, ":"))
		seconds = digits_at(at, 2);
	if (seconds < 0 || seconds > 59)
		return 0;
	*us += (hours * 3600 + minutes * 60 + seconds) * 1000000;
	if (!is_at(at, "."))
		return 1;
	if (!isdigit((unsigned char)**at))
		return 0;
	for (; isdigit((unsigned char)**at); (*at)++, scale /= 10)
		*us += (**at - '0') * scale;
	return 1;
}

static int parse_offset(const char **at, int64_t *us)
{
	int64_t hours, minutes = 0;
	int is_west;

	if (!**at || is_at(at, "Zz"))
		return 1;
	is_west = **at == '-';
	if (!is_at(at, "+-"))
		return 0;
	hours = digits_at(at, 2);
	if (is_at(at, ":") || isdigit((unsigned char)**at))
		minutes = digits_at(at, 2);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return 0;
	*us += (is_west ? 1 : -1) * (hours * 60 + minutes) * 60 * 1000000;
	return 1;
}

int moment_parse(const char *text, int64_t *us)
{
	int64_t days, of_day = 0;

	if (!parse_date(&text, &days))
		return 0;
	if (is_at(&text, "Tt ") && (!parse_time(&text, &of_day) || !parse_offset(&text, &of_day)))
		return 0;
	*us = days * MOMENT_US_PER_DAY + of_day;
	return !*text;
}
