/* calendar.h - days of the Gregorian calendar as numbers
 *
 * Days are counted from 1970-01-01, before it they are negative; years are 0 to 9999 and a little
 * beyond. Months and days of a month count from 1, weekdays from Sunday, which is 0. Pure.
 */
#ifndef LIB_CALENDAR_H
#define LIB_CALENDAR_H

#include <stdint.h>

int32_t calendar_days(int year, int month, int day);
void calendar_date(int32_t days, int *year, int *month, int *day);
int calendar_days_in_month(int year, int month);
int calendar_weekday(int32_t days);

#endif
