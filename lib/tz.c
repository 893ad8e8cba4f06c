/* tz.c - time zones by their IANA names, as tables of offsets */
#include "lib/tz.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/calendar.h"
#include "lib/file.h"
#include "lib/limits.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/tz_rule.h"
#include "lib/vec.h"

#define FOLDER "/usr/share/zoneinfo"

enum {
	HEADER_BYTES = 44,
	TYPE_BYTES = 6,
	LAST_YEAR = 2200, /* up to which a rule is unrolled */
	DAY_S = 86400,
};

/* A zone that was read, for the next who asks. */
struct known {
	struct known *next;
	struct tz tz;
	size_t capacity; /* of tz.spans */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct known *all_known;

/* --- the table --- */

static void add_span(struct known *zone, int64_t start_s, int32_t offset_s)
{
	struct tz *tz = &zone->tz;
	struct tz_span *last = tz->count ? &tz->spans[tz->count - 1] : NULL;

	if (last && last->start_s == start_s) {
		tz->count--; /* a change that is changed at once */
		last = tz->count ? &tz->spans[tz->count - 1] : NULL;
	}
	if (last && last->offset_s == offset_s)
		return;
	vec_grow((void **)&tz->spans, &tz->count, &zone->capacity, sizeof(*tz->spans));
	tz->spans[tz->count - 1] = (struct tz_span){.start_s = start_s, .offset_s = offset_s};
}

static void note_passed(struct tz *tz)
{
	int64_t passed_s = INT64_MIN;

	for (size_t i = 0; i < tz->count; i++) {
		struct tz_span *span = &tz->spans[i];
		int64_t until_s = i ? span->start_s + tz->spans[i - 1].offset_s : INT64_MIN;

		if (until_s > passed_s)
			passed_s = until_s;
		span->passed_s = passed_s;
	}
}

/* --- a zone file --- */

/* The part of a file that has times of 64 bits. */
struct data {
	const unsigned char *times, *indices, *types;
	uint32_t time_count, type_count;
	const char *rule; /* heap */
};

static uint64_t number(const unsigned char *bytes, int size)
{
	uint64_t value = 0;

	for (int i = 0; i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

/* What the header counts. */
struct counts {
	uint64_t utc, standard, leaps, times, types, letters;
};

static uint64_t block_bytes(const struct counts *counts, uint64_t time_bytes)
{
	return counts->times * (time_bytes + 1) + counts->types * TYPE_BYTES + counts->letters +
	       counts->leaps * (time_bytes + 4) + counts->standard + counts->utc;
}

/* The bytes of the header and its block, 0 when it is none. */
static uint64_t read_header(const struct buf *file, uint64_t at, uint64_t time_bytes,
                            struct counts *counts)
{
	const unsigned char *header = (const unsigned char *)file->data + at;
	uint64_t size;

	if (file->size - at < HEADER_BYTES || memcmp(header, "TZif", 4) != 0 || header[4] < '2')
		return 0;
	*counts = (struct counts){
		.utc = number(header + 20, 4),
		.standard = number(header + 24, 4),
		.leaps = number(header + 28, 4),
		.times = number(header + 32, 4),
		.types = number(header + 36, 4),
		.letters = number(header + 40, 4),
	};
	size = HEADER_BYTES + block_bytes(counts, time_bytes);
	return size <= file->size - at ? size : 0;
}

/* Files that count leap seconds are refused: our seconds are POSIX's. */
static int find_data(const struct buf *file, struct data *data)
{
	struct counts counts;
	uint64_t first = read_header(file, 0, 4, &counts);
	uint64_t second = first ? read_header(file, first, 8, &counts) : 0;
	const char *footer, *end;

	if (!second || !counts.types || counts.leaps)
		return -1;
	data->times = (const unsigned char *)file->data + first + HEADER_BYTES;
	data->indices = data->times + counts.times * 8;
	data->types = data->indices + counts.times;
	data->time_count = (uint32_t)counts.times;
	data->type_count = (uint32_t)counts.types;
	footer = file->data + first + second;
	if (footer == file->data + file->size || *footer++ != '\n')
		return -1;
	end = memchr(footer, '\n', (size_t)(file->data + file->size - footer));
	if (!end)
		return -1;
	data->rule = mem_strndup(footer, (size_t)(end - footer));
	return 0;
}

static int32_t offset_of(const struct data *data, uint32_t type)
{
	return (int32_t)(uint32_t)number(data->types + (size_t)type * TYPE_BYTES, 4);
}

/* From the last change the file tells on, as its rule says. */
static void unroll(struct known *zone, const struct tz_rule *rule, int64_t after_s)
{
	int year = 1970, month, day;

	if (after_s > 0)
		calendar_date((int32_t)(after_s / DAY_S), &year, &month, &day);
	for (; year <= LAST_YEAR; year++) {
		int64_t begin_s = tz_rule_begin(rule, year), end_s = tz_rule_end(rule, year);
		int begins_first = begin_s < end_s;

		if (begins_first && begin_s > after_s)
			add_span(zone, begin_s, rule->summer_s);
		if (end_s > after_s)
			add_span(zone, end_s, rule->standard_s);
		if (!begins_first && begin_s > after_s)
			add_span(zone, begin_s, rule->summer_s);
	}
}

static int fill(struct known *zone, const struct data *data)
{
	int64_t last_s = INT64_MIN;
	struct tz_rule rule;

	add_span(zone, INT64_MIN, offset_of(data, 0));
	for (uint32_t i = 0; i < data->time_count; i++) {
		int64_t start_s = (int64_t)number(data->times + (size_t)i * 8, 8);

		if (data->indices[i] >= data->type_count || start_s <= last_s)
			return -1;
		last_s = start_s;
		add_span(zone, start_s, offset_of(data, data->indices[i]));
	}
	if (!*data->rule)
		return 0;
	if (tz_rule_parse(data->rule, &rule) < 0)
		return -1;
	if (rule.has_summer)
		unroll(zone, &rule, last_s);
	return 0;
}

static int read_zone(struct known *zone, struct err *err)
{
	auto_buf struct buf path = {0}, file = {0};
	struct data data = {0};
	int result = -1;

	buf_printf(&path, "%s/%s", FOLDER, zone->tz.name);
	if (!file_exists(buf_string(&path)) ||
	    file_read(buf_string(&path), LIMIT_ZONE_BYTES, &file, err) < 0)
		return err_set(err, ERR_INVALID,
		               "unknown time zone '%.64s', it is a name such as Europe/Berlin",
		               zone->tz.name);
	if (find_data(&file, &data) == 0)
		result = fill(zone, &data);
	free((char *)(uintptr_t)data.rule);
	if (result < 0)
		return err_set(
			err, ERR_INVALID,
			"the zone file of '%.64s' cannot be read, it is not what RFC 8536 says",
			zone->tz.name);
	return 0;
}

/* --- by name --- */

static int looks_like_a_name(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	static const char others[] = "0123456789_+-/";
	char known[sizeof(letters) + sizeof(others)];

	str_copy(known, sizeof(known), letters);
	str_copy(known + sizeof(letters) - 1, sizeof(others), others);
	return *name && strchr(letters, *name) && name[strspn(name, known)] == '\0' &&
	       strlen(name) <= LIMIT_NAME_BYTES;
}

static void free_known(struct known *zone)
{
	free((char *)(uintptr_t)zone->tz.name);
	free(zone->tz.spans);
	free(zone);
}

static const struct tz *find_known(const char *name)
{
	for (const struct known *zone = all_known; zone; zone = zone->next) {
		if (str_equal(zone->tz.name, name))
			return &zone->tz;
	}
	return NULL;
}

static const struct tz *read_new(const char *name, struct err *err)
{
	struct known *zone = mem_alloc(sizeof(*zone));

	zone->tz.name = mem_strdup(name);
	if (read_zone(zone, err) < 0) {
		free_known(zone);
		return NULL;
	}
	note_passed(&zone->tz);
	zone->next = all_known;
	all_known = zone;
	return &zone->tz;
}

const struct tz *tz_utc(void)
{
	static struct tz_span span = {INT64_MIN, INT64_MIN, 0};
	static const struct tz utc = {"UTC", &span, 1};

	return &utc;
}

const struct tz *tz_load(const char *name, struct err *err)
{
	const struct tz *tz;

	if (str_equal(name, "UTC"))
		return tz_utc();
	if (!looks_like_a_name(name)) {
		err_set(err, ERR_INVALID,
		        "unknown time zone '%.64s', it is a name such as Europe/Berlin", name);
		return NULL;
	}
	pthread_mutex_lock(&mutex);
	tz = find_known(name);
	if (!tz)
		tz = read_new(name, err);
	pthread_mutex_unlock(&mutex);
	return tz;
}

size_t tz_span(const struct tz *tz, int64_t moment_s)
{
	size_t low = 0, high = tz->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (tz->spans[middle].start_s <= moment_s)
			low = middle;
		else
			high = middle;
	}
	return low;
}
