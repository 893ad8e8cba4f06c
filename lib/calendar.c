/* calendar.c - days of the Gregorian calendar as numbers
 *
 * The arithmetic counts in eras of 400 years that start on the first of March, so that the leap day
 * is the last day of a year (Richards, "Mapping Time", 1998, chapter 25).
 */
#include "lib/calendar.h"

enum {
	DAYS_PER_ERA = 146097,
	DAYS_TO_EPOCH = 719468, /* from 0000-03-01 to 1970-01-01 */
	EPOCH_WEEKDAY = 4,      /* 1970-01-01 was a Thursday */
};

int32_t calendar_days(int year, int month, int day)
{
	int shifted = month > 2 ? year : year - 1;
	int era = (shifted >= 0 ? shifted : shifted - 399) / 400;
	int of_era = shifted - era * 400;
	int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * DAYS_PER_ERA + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year -
	       DAYS_TO_EPOCH;
}

void calendar_date(int32_t days, int *year, int *month, int *day)
{
	int64_t shifted = (int64_t)days + DAYS_TO_EPOCH;
	int64_t era = (shifted >= 0 ? shifted : shifted - DAYS_PER_ERA + 1) / DAYS_PER_ERA;
	int of_era = (int)(shifted - era * DAYS_PER_ERA);
	int year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int from_march = (5 * day_of_year + 2) / 153;

	*day = day_of_year - (153 * from_march + 2) / 5 + 1;
	*month = from_march < 10 ? from_march + 3 : from_march - 9;
	*year = (int)(year_of_era + era * 400) + (*month <= 2);
}

int calendar_days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && is_leap);
}

int calendar_weekday(int32_t days)
{
	int weekday = (days + EPOCH_WEEKDAY) % 7;

	return weekday < 0 ? weekday + 7 : weekday;
}
