/* tz_rule.c - the rule at the end of a zone file */
#include "lib/tz_rule.h"

#include <string.h>

#include "lib/calendar.h"

enum {
	HOUR_S = 3600,
	DAY_S = 86400,
	MAX_HOURS = 167, /* RFC 8536 */
	LAST_WEEK = 5,
	DAYS_TO_MARCH = 59, /* of a common year */
};

static int take(const char **at, char c)
{
	if (**at != c)
		return 0;
	(*at)++;
	return 1;
}

static int take_number(const char **at, int low, int high, int *value)
{
	const char *from = *at;

	for (*value = 0; **at >= '0' && **at <= '9' && *value <= high; (*at)++)
		*value = *value * 10 + (**at - '0');
	return *at > from && *value >= low && *value <= high ? 0 : -1;
}

/* `hh[:mm[:ss]]` with a sign. */
static int take_time(const char **at, int32_t *seconds)
{
	int sign = take(at, '-') ? -1 : 1;
	int hours, minutes = 0, rest = 0;

	if (sign > 0)
		(void)take(at, '+');
	if (take_number(at, 0, MAX_HOURS, &hours) < 0)
		return -1;
	if (take(at, ':') && take_number(at, 0, 59, &minutes) < 0)
		return -1;
	if (take(at, ':') && take_number(at, 0, 59, &rest) < 0)
		return -1;
	*seconds = sign * (hours * HOUR_S + minutes * 60 + rest);
	return 0;
}

/* An abbreviation, which nobody needs here. */
static int skip_name(const char **at)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	size_t length;

	if (take(at, '<')) {
		*at += strcspn(*at, ">");
		return take(at, '>') ? 0 : -1;
	}
	length = strspn(*at, letters);
	*at += length;
	return length >= 3 ? 0 : -1;
}

static int take_day(const char **at, struct tz_rule_day *day)
{
	day->time_s = 2 * HOUR_S;
	if (!take(at, ','))
		return -1;
	if (take(at, 'M')) {
		day->kind = TZ_RULE_MONTH;
		if (take_number(at, 1, 12, &day->month) < 0 || !take(at, '.') ||
		    take_number(at, 1, LAST_WEEK, &day->week) < 0 || !take(at, '.') ||
		    take_number(at, 0, 6, &day->day) < 0)
			return -1;
	} else {
		day->kind = take(at, 'J') ? TZ_RULE_JULIAN : TZ_RULE_DAY;
		if (take_number(at, day->kind == TZ_RULE_JULIAN, 365, &day->day) < 0)
			return -1;
	}
	return take(at, '/') ? take_time(at, &day->time_s) : 0;
}

int tz_rule_parse(const char *text, struct tz_rule *rule)
{
	const char *at = text;

	memset(rule, 0, sizeof(*rule));
	if (skip_name(&at) < 0 || take_time(&at, &rule->standard_s) < 0)
		return -1;
	rule->standard_s = -rule->standard_s; /* POSIX counts west of Greenwich */
	if (!*at)
		return 0;
	rule->has_summer = 1;
	rule->summer_s = rule->standard_s + HOUR_S;
	if (skip_name(&at) < 0)
		return -1;
	if (*at != ',') {
		if (take_time(&at, &rule->summer_s) < 0)
			return -1;
		rule->summer_s = -rule->summer_s;
	}
	if (take_day(&at, &rule->begin) < 0 || take_day(&at, &rule->end) < 0)
		return -1;
	return *at ? -1 : 0;
}

static int32_t month_day(const struct tz_rule_day *day, int year)
{
	int32_t first = calendar_days(year, day->month, 1);
	int offset = (day->day - calendar_weekday(first) + 7) % 7 + (day->week - 1) * 7;

	if (offset >= calendar_days_in_month(year, day->month))
		offset -= 7;
	return first + offset;
}

static int64_t local_moment(const struct tz_rule_day *day, int year)
{
	int32_t first = calendar_days(year, 1, 1);
	int32_t days = first + day->day;

	if (day->kind == TZ_RULE_MONTH)
		days = month_day(day, year);
	else if (day->kind == TZ_RULE_JULIAN) /* counts no leap day */
		days = first + day->day - 1 +
		       (day->day > DAYS_TO_MARCH && calendar_days_in_month(year, 2) == 29);
	return (int64_t)days * DAY_S + day->time_s;
}

int64_t tz_rule_begin(const struct tz_rule *rule, int year)
{
	return local_moment(&rule->begin, year) - rule->standard_s;
}

int64_t tz_rule_end(const struct tz_rule *rule, int year)
{
	return local_moment(&rule->end, year) - rule->summer_s;
}
