/* cron_parse.c - cron texts */
#include "scheduler/core/cron_parse.h"

#include <string.h>
#include <strings.h>

#include "lib/limits.h"
#include "lib/str.h"

enum { FIELDS = 6, SUNDAY_AGAIN = 7 };

enum field_id { SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY };

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                          "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

static const struct field {
	const char *name;
	int low, high;
	int step_high; /* up to which `n/step` runs */
	const char *const *names;
} fields[FIELDS] = {
	[SECOND] = {"second", 0, 59, 59, NULL},
	[MINUTE] = {"minute", 0, 59, 59, NULL},
	[HOUR] = {"hour", 0, 23, 23, NULL},
	[DAY] = {"day of month", 1, 31, 31, NULL},
	[MONTH] = {"month", 1, 12, 12, month_names},
	[WEEKDAY] = {"day of week", 0, SUNDAY_AGAIN, 6, weekday_names},
};

static const struct {
	const char *name, *text;
} aliases[] = {
	{"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
	{"@weekly", "0 0 * * 0"},   {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
	{"@annually", "0 0 1 1 *"},
};

/* What is left of one field. */
struct reader {
	const char *at, *end;
	const struct field *field;
	struct cron *cron;
	uint64_t values;
	struct err *err;
};

static int take(struct reader *in, char c)
{
	if (in->at == in->end || (*in->at | 0x20) != (c | 0x20))
		return 0;
	in->at++;
	return 1;
}

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int is_letter(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static int fail_value(struct reader *in, const char *from)
{
	int length = 0;

	while (from + length < in->end && (is_digit(from[length]) || is_letter(from[length])))
		length++;
	in->at = from;
	if (!length && from < in->end)
		length = 1;
	if (length && is_letter(*from) && memchr(from, 'W', (size_t)length))
		return err_set(in->err, ERR_INVALID,
		               "'W' (nearest weekday) is not supported: name the days");
	if (!length)
		return err_set(in->err, ERR_INVALID, "the %s is missing something here",
		               in->field->name);
	return err_set(in->err, ERR_INVALID, "'%.*s' is no %s, it is %d to %d%s",
	               length < 20 ? length : 20, from, in->field->name, in->field->low,
	               in->field->high, in->field->names ? " or a name of three letters" : "");
}

/* A number, or the name of a month or weekday. */
static int take_value(struct reader *in, int *value)
{
	const char *from = in->at;

	*value = 0;
	while (in->at < in->end && is_digit(*in->at) && *value <= in->field->high)
		*value = *value * 10 + (*in->at++ - '0');
	if (in->at > from)
		return *value >= in->field->low && *value <= in->field->high ? 0
		                                                             : fail_value(in, from);
	for (int i = 0; in->field->names && in->field->names[i] && in->end - from >= 3; i++) {
		if (strncasecmp(in->field->names[i], from, 3) != 0)
			continue;
		in->at += 3;
		*value = i + in->field->low;
		return 0;
	}
	return fail_value(in, from);
}

static int take_step(struct reader *in, int *step)
{
	const char *from = in->at;

	*step = 0;
	while (in->at < in->end && is_digit(*in->at) && *step <= in->field->high)
		*step = *step * 10 + (*in->at++ - '0');
	if (in->at > from && *step > 0 && *step <= in->field->high)
		return 0;
	in->at = from;
	return err_set(in->err, ERR_INVALID, "a step of the %s is 1 to %d; `@every` takes more",
	               in->field->name, in->field->high);
}

static void add_range(struct reader *in, int low, int high, int step)
{
	for (int value = low; value <= high; value += step)
		in->values |= UINT64_C(1) << value;
}

/* `5L` and `5#2`; 1 when it was one of them. */
static int take_day_of_month_rule(struct reader *in, int weekday)
{
	int nth;

	if (take(in, 'L')) {
		in->cron->last_weekdays |= (uint8_t)(1 << weekday % 7);
		return 1;
	}
	if (!take(in, '#'))
		return 0;
	nth = in->at < in->end ? *in->at - '0' : 0;
	if (nth < 1 || nth > 5)
		return err_set(in->err, ERR_INVALID, "behind '#' stands 1 to 5");
	in->at++;
	in->cron->nth[weekday % 7] |= (uint8_t)(1 << nth);
	return 1;
}

/* A range of days of the week may end with Sunday: `fri-sun`. */
static int fix_range(struct reader *in, int low, int *high, const char *from)
{
	if (in->field->names == weekday_names && *high == 0 && low > 0 && is_letter(in->at[-1]))
		*high = SUNDAY_AGAIN;
	if (low <= *high)
		return 0;
	in->at = from;
	return err_set(in->err, ERR_INVALID, "the range of the %s runs backwards", in->field->name);
}

static int take_end(struct reader *in, int low, int *high, const char *from)
{
	return take_value(in, high) < 0 ? -1 : fix_range(in, low, high, from);
}

/* A value, a range or one of them with a step. */
static int take_range(struct reader *in)
{
	const char *from = in->at;
	int low, high, step = 1, is_rule;

	if (take_value(in, &low) < 0)
		return -1;
	is_rule = in->field->names == weekday_names ? take_day_of_month_rule(in, low) : 0;
	if (is_rule)
		return is_rule < 0 ? -1 : 0;
	high = low;
	if (take(in, '-')) {
		if (take_end(in, low, &high, from) < 0)
			return -1;
	} else if (in->at < in->end && *in->at == '/' && high < in->field->step_high) {
		high = in->field->step_high;
	}
	if (take(in, '/') && take_step(in, &step) < 0)
		return -1;
	add_range(in, low, high, step);
	return 0;
}

static int take_element(struct reader *in)
{
	int step = 1;

	if (in->field == &fields[DAY] && take(in, 'L')) {
		in->cron->flags |= CRON_LAST_DAY;
		return 0;
	}
	if (!take(in, '*'))
		return take_range(in);
	if (take(in, '/') && take_step(in, &step) < 0)
		return -1;
	add_range(in, in->field->low, in->field->step_high, step);
	return 0;
}

static int is_any(const struct reader *in)
{
	int is_day = in->field == &fields[DAY] || in->field == &fields[WEEKDAY];

	return in->end - in->at == 1 && (*in->at == '*' || (is_day && *in->at == '?'));
}

static int take_field(struct reader *in)
{
	if (is_any(in)) {
		add_range(in, in->field->low, in->field->step_high, 1);
		in->at = in->end;
		return 0;
	}
	do {
		if (take_element(in) < 0)
			return -1;
	} while (take(in, ','));
	return in->at == in->end ? 0 : fail_value(in, in->at);
}

/* `*` or `*` with a step, the whole field. */
static int follows_elapsed_time(const struct reader *in)
{
	return *in->at == '*' && !memchr(in->at, ',', (size_t)(in->end - in->at));
}

static void store(struct cron *cron, enum field_id id, uint64_t values)
{
	switch (id) {
	case SECOND:
		cron->seconds = values;
		break;
	case MINUTE:
		cron->minutes = values;
		break;
	case HOUR:
		cron->hours = (uint32_t)values;
		break;
	case DAY:
		cron->days = (uint32_t)values;
		break;
	case MONTH:
		cron->months = (uint32_t)values;
		break;
	case WEEKDAY:
		cron->weekdays = (uint8_t)((values | values >> SUNDAY_AGAIN) & 0x7f);
		break;
	}
}

static int read_field(struct cron *cron, enum field_id id, const char **at, struct err *err)
{
	struct reader in = {.at = *at, .field = &fields[id], .cron = cron, .err = err};

	in.end = in.at + strcspn(in.at, " \t");
	if (id == DAY && is_any(&in))
		cron->flags |= CRON_ANY_DAY;
	if (id == WEEKDAY && is_any(&in))
		cron->flags |= CRON_ANY_WEEKDAY;
	if (id == HOUR && follows_elapsed_time(&in))
		cron->flags |= CRON_ELAPSED;
	if (take_field(&in) < 0) {
		*at = in.at;
		return -1;
	}
	store(cron, id, in.values);
	*at = in.end;
	return 0;
}

static int count_fields(const char *text)
{
	int count = 0;

	for (text += strspn(text, " \t"); *text; text += strspn(text, " \t")) {
		text += strcspn(text, " \t");
		count++;
	}
	return count;
}

static int read_fields(const char *text, struct cron *cron, size_t *offset, struct err *err)
{
	const char *at = text;
	int count = count_fields(text);

	*offset = 0;
	if (count != FIELDS && count != FIELDS - 1)
		return err_set(err, ERR_INVALID,
		               "a cron text has 5 fields (minute, hour, day of month, month, day "
		               "of week), or 6 with seconds first, not %d",
		               count);
	cron->seconds = 1;
	for (int id = count == FIELDS ? SECOND : MINUTE; id <= WEEKDAY; id++) {
		at += strspn(at, " \t");
		if (read_field(cron, (enum field_id)id, &at, err) < 0) {
			*offset = (size_t)(at - text);
			return -1;
		}
	}
	*offset = 0;
	if (cron_next(cron, tz_utc(), 0) == CRON_NEVER)
		return err_set(err, ERR_INVALID, "'%.64s' never comes: no such month has that day",
		               text);
	return 0;
}

static int read_every(const char *text, struct cron *cron, struct err *err)
{
	static const int64_t longest_ms = INT64_C(3650) * 86400 * 1000;
	int64_t every_ms;

	text += strspn(text, " \t");
	if (str_to_duration_ms(text, &every_ms, err) < 0)
		return -1;
	if (every_ms < 1000 || every_ms > longest_ms)
		return err_set(err, ERR_INVALID, "`@every` takes 1s to 3650d");
	cron_every(cron, every_ms * 1000);
	return 0;
}

static int read_alias(const char *text, struct cron *cron, size_t *offset, struct err *err)
{
	const char *names[countof(aliases)];
	const char *nearest;

	for (size_t i = 0; i < countof(aliases); i++) {
		if (str_equal(aliases[i].name, text))
			return read_fields(aliases[i].text, cron, offset, err);
		names[i] = aliases[i].name;
	}
	*offset = 0;
	nearest = str_nearest(text, names, countof(names));
	if (str_equal(text, "@reboot"))
		return err_set(err, ERR_INVALID,
		               "'@reboot' is no time: runs go on after a restart");
	if (nearest)
		return err_set(err, ERR_INVALID, "'%.32s' is not known, did you mean '%s'?", text,
		               nearest);
	return err_set(err, ERR_INVALID,
	               "'%.32s' is not known: @hourly, @daily, @weekly, @monthly, @yearly, @every",
	               text);
}

int cron_parse(const char *text, struct cron *cron, size_t *offset, struct err *err)
{
	static const char every[] = "@every";

	memset(cron, 0, sizeof(*cron));
	*offset = 0;
	if (strlen(text) > LIMIT_CRON_BYTES)
		return err_set(err, ERR_INVALID, "longer than %d bytes", LIMIT_CRON_BYTES);
	if (strncmp(text, every, sizeof(every) - 1) == 0 &&
	    (text[sizeof(every) - 1] == ' ' || text[sizeof(every) - 1] == '\t')) {
		*offset = sizeof(every);
		return read_every(text + sizeof(every) - 1, cron, err);
	}
	if (*text == '@')
		return read_alias(text, cron, offset, err);
	return read_fields(text, cron, offset, err);
}
