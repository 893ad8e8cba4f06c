/* cron.c - when a cron text fires
 *
 * Fires are looked for span by span of the zone (lib/tz.h): within one, local time is UTC and an offset.
 */
#include "scheduler/core/cron.h"

#include <string.h>

#include "lib/calendar.h"

enum {
	HOUR_S = 3600,
	DAY_S = 86400,
	HORIZON_DAYS =
		100 * 366, /* what has not come by then never does: leap years return after 8 */
	LAST_YEAR = 9999,
};

static const int64_t second_us = 1000000;

void cron_every(struct cron *cron, int64_t every_us)
{
	memset(cron, 0, sizeof(*cron));
	cron->every_us = every_us;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* The first value of the set that is not below `from`, or -1. */
static int next_value(uint64_t set, int from)
{
	set = from < 64 ? set >> from : 0;
	return set ? from + __builtin_ctzll(set) : -1;
}

/* The first second of a day, not before `from`, that fits; -1 when there is none. */
static int64_t time_of_day(const struct cron *cron, int64_t from)
{
	int hour, minute, second;

	for (hour = next_value(cron->hours, (int)(from / HOUR_S)); hour >= 0;
	     hour = next_value(cron->hours, hour + 1)) {
		int64_t rest = from - (int64_t)hour * HOUR_S;

		if (rest < 0)
			rest = 0;
		for (minute = next_value(cron->minutes, (int)(rest / 60)); minute >= 0;
		     minute = next_value(cron->minutes, minute + 1)) {
			int64_t seconds = rest - (int64_t)minute * 60;

			second = next_value(cron->seconds, seconds > 0 ? (int)seconds : 0);
			if (second >= 0)
				return (int64_t)hour * HOUR_S + minute * 60L + second;
		}
	}
	return -1;
}

static int fits_weekday(const struct cron *cron, int weekday, int day, int days_in_month)
{
	if (cron->weekdays >> weekday & 1)
		return 1;
	if ((cron->last_weekdays >> weekday & 1) && day + 7 > days_in_month)
		return 1;
	return cron->nth[weekday] >> ((day - 1) / 7 + 1) & 1;
}

static int fits_day(const struct cron *cron, int32_t days, int day, int days_in_month)
{
	int by_month = (int)(cron->days >> day & 1) ||
	               ((cron->flags & CRON_LAST_DAY) && day == days_in_month);
	int by_week = fits_weekday(cron, calendar_weekday(days), day, days_in_month);

	if (cron->flags & CRON_ANY_DAY)
		return by_week;
	if (cron->flags & CRON_ANY_WEEKDAY)
		return by_month;
	return by_month || by_week;
}

/* The first local second that fits, not before `from` and before `to`; CRON_NEVER. */
static int64_t first_match(const struct cron *cron, int64_t from, int64_t to)
{
	int32_t days = (int32_t)floor_div(from, DAY_S);
	int32_t horizon = days + HORIZON_DAYS;
	int64_t second = from - (int64_t)days * DAY_S;

	while (days < horizon && (int64_t)days * DAY_S < to) {
		int year, month, day, days_in_month;
		int64_t found;

		calendar_date(days, &year, &month, &day);
		if (year > LAST_YEAR)
			break;
		days_in_month = calendar_days_in_month(year, month);
		if (!(cron->months >> month & 1)) {
			days += days_in_month - day + 1;
			second = 0;
			continue;
		}
		found = fits_day(cron, days, day, days_in_month) ? time_of_day(cron, second) : -1;
		if (found >= 0)
			return (int64_t)days * DAY_S + found < to ? (int64_t)days * DAY_S + found
			                                          : CRON_NEVER;
		days++;
		second = 0;
	}
	return CRON_NEVER;
}

/* The first fire inside a span, not before `from_s`. */
static int64_t next_in_span(const struct cron *cron, const struct tz_span *span, int64_t from_s,
                            int64_t end_s)
{
	int is_wall = !(cron->flags & CRON_ELAPSED);
	int64_t from = from_s + span->offset_s;
	int64_t to = end_s == INT64_MAX ? INT64_MAX : end_s + span->offset_s;
	int64_t found;

	if (is_wall && span->start_s == from_s && span->passed_s < from &&
	    span->passed_s != INT64_MIN && first_match(cron, span->passed_s, from) != CRON_NEVER)
		return from_s;
	if (is_wall && from < span->passed_s)
		from = span->passed_s;
	found = first_match(cron, from, to);
	return found == CRON_NEVER ? CRON_NEVER : found - span->offset_s;
}

static int64_t next_second(const struct cron *cron, const struct tz *zone, int64_t from_s)
{
	for (size_t i = tz_span(zone, from_s); i < zone->count; i++) {
		const struct tz_span *span = &zone->spans[i];
		int64_t begin_s = span->start_s > from_s ? span->start_s : from_s;
		int64_t end_s = i + 1 < zone->count ? span[1].start_s : INT64_MAX;
		int64_t found = next_in_span(cron, span, begin_s, end_s);

		if (found != CRON_NEVER)
			return found;
	}
	return CRON_NEVER;
}

int64_t cron_next(const struct cron *cron, const struct tz *zone, int64_t after_us)
{
	static const int64_t last_us = INT64_C(253402300799000000);  /* 9999-12-31T23:59:59Z */
	static const int64_t first_us = INT64_C(-62135596800000000); /* 0001-01-01 */
	int64_t found_s, found_us;

	if (after_us >= last_us)
		return CRON_NEVER;
	if (after_us < first_us)
		after_us = first_us;
	if (cron->every_us) {
		found_us = (floor_div(after_us, cron->every_us) + 1) * cron->every_us;
		return found_us <= last_us ? found_us : CRON_NEVER;
	}
	found_s = next_second(cron, zone, floor_div(after_us, second_us) + 1);
	if (found_s == CRON_NEVER || found_s > last_us / second_us)
		return CRON_NEVER;
	return found_s * second_us;
}
