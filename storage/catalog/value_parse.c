/* value_parse.c - how text and JSON become a typed value */
#include "storage/catalog/value_parse.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base64.h"
#include "lib/buf.h"
#include "lib/str.h"
#include "lib/timestamp.h"
#include "storage/catalog/catalog.h"
#include "storage/catalog/decimal.h"

/* Text on its way to a value: what every parser of a type takes. */
struct field {
	const struct column *column;
	const char *text;
	size_t size;
	struct arena *arena;
	struct value *value;
	struct flaw *flaw;
};

static const struct {
	enum flaw_code code;
	const char *noun;
} wrong_type[COLUMN_TYPE_COUNT] = {
	[COLUMN_STRING] = {FLAW_INVALID_STRING, "text"},
	[COLUMN_TEXT] = {FLAW_INVALID_STRING, "text"},
	[COLUMN_INT] = {FLAW_INVALID_INTEGER, "a whole number of 64 bits"},
	[COLUMN_FLOAT] = {FLAW_INVALID_FLOAT, "a finite number"},
	[COLUMN_DECIMAL] = {FLAW_INVALID_DECIMAL, "a decimal number"},
	[COLUMN_BOOL] = {FLAW_INVALID_BOOL, "true or false"},
	[COLUMN_DATE] = {FLAW_INVALID_DATE, "a date like 2021-02-01"},
	[COLUMN_TIMESTAMP] = {FLAW_INVALID_TIMESTAMP, "a timestamp like 2021-02-01T12:28:13Z"},
	[COLUMN_JSON] = {FLAW_INVALID_JSON, "JSON"},
	[COLUMN_BYTES] = {FLAW_INVALID_BASE64, "base64"},
	[COLUMN_UUID] = {FLAW_INVALID_UUID, "a uuid"},
};

/* The start of the text as it may stand in a sentence: whole characters, at most 40 bytes. */
static int excerpt_size(const char *text, size_t size)
{
	size_t end = size < 40 ? size : 40;

	while (end && end < size && ((unsigned char)text[end] & 0xc0) == 0x80)
		end--;
	return (int)end;
}

static int not_of_type(const struct field *field)
{
	enum column_type type = field->column->type;
	int shown = excerpt_size(field->text, field->size);

	return flaw_set(field->flaw, wrong_type[type].code, "'%.*s%s' is not %s", shown,
	                field->text, (size_t)shown < field->size ? "…" : "", wrong_type[type].noun);
}

static void trim(struct field *field)
{
	while (field->size && (*field->text == ' ' || *field->text == '\t')) {
		field->text++;
		field->size--;
	}
	while (field->size &&
	       (field->text[field->size - 1] == ' ' || field->text[field->size - 1] == '\t'))
		field->size--;
}

static int parse_text(const struct field *field)
{
	*field->value = value_text(field->text, field->size);
	return 0;
}

static int parse_int(const struct field *field)
{
	size_t at = 0;
	int negative = 0;
	uint64_t limit, number = 0;

	if (field->size && (field->text[0] == '-' || field->text[0] == '+'))
		negative = field->text[at++] == '-';
	if (at == field->size)
		return not_of_type(field);
	limit = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
	for (; at < field->size; at++) {
		unsigned digit = (unsigned char)field->text[at] - (unsigned)'0';

		if (digit > 9 || number > (limit - digit) / 10)
			return not_of_type(field);
		number = number * 10 + digit;
	}
	*field->value = value_int(negative ? (int64_t)-number : (int64_t)number);
	return 0;
}

/* strtod() also takes hexadecimal numbers, infinities and NaN; those are not ours. */
static int is_of_number(char c)
{
	return isdigit((unsigned char)c) || c == '+' || c == '-' || c == '.' || c == 'e' ||
	       c == 'E';
}

static int looks_like_number(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (!is_of_number(text[i]))
			return 0;
	}
	return size > 0;
}

static int parse_float(const struct field *field)
{
	char number[64];
	const char *text = number;
	char *end;
	double real;

	if (!looks_like_number(field->text, field->size))
		return not_of_type(field);
	if (field->size < sizeof(number)) {
		memcpy(number, field->text, field->size);
		number[field->size] = '\0';
	} else {
		text = arena_strndup(field->arena, field->text, field->size);
	}
	real = strtod(text, &end);
	if (*end || !isfinite(real))
		return not_of_type(field);
	*field->value = value_float(real);
	return 0;
}

static int parse_decimal(const struct field *field)
{
	const struct column *column = field->column;
	char canonical[DECIMAL_TEXT_SIZE];

	switch (decimal_parse(field->text, field->size, column->precision, column->scale,
	                      canonical)) {
	case DECIMAL_OK:
		break;
	case DECIMAL_MALFORMED:
		return not_of_type(field);
	case DECIMAL_TOO_PRECISE:
		return flaw_set(field->flaw, FLAW_INVALID_DECIMAL,
		                "more than %d digits behind the point", column->scale);
	case DECIMAL_TOO_LARGE: {
		enum flaw_code code = field->text[0] == '-' ? FLAW_TOO_SMALL : FLAW_TOO_LARGE;

		return flaw_set(field->flaw, code, "more than %d digits before the point",
		                column->precision - column->scale);
	}
	}
	if (column->precision <= VALUE_DECIMAL_INT_DIGITS) {
		*field->value = value_int(decimal_to_scaled(canonical));
	} else {
		size_t size = strlen(canonical);

		*field->value = value_text(arena_strndup(field->arena, canonical, size), size);
	}
	return 0;
}

static int parse_bool(const struct field *field)
{
	static const struct {
		const char *word;
		int truth;
	} words[] = {
		{"true", 1}, {"false", 0}, {"t", 1},   {"f", 0},
		{"1", 1},    {"0", 0},     {"yes", 1}, {"no", 0},
	};

	for (size_t i = 0; i < countof(words); i++) {
		if (strlen(words[i].word) == field->size &&
		    strncasecmp(words[i].word, field->text, field->size) == 0) {
			*field->value = value_int(words[i].truth);
			return 0;
		}
	}
	return not_of_type(field);
}

static int parse_date(const struct field *field)
{
	int32_t days;

	if (timestamp_parse_date(field->text, field->size, &days) < 0)
		return not_of_type(field);
	*field->value = value_int(days);
	return 0;
}

static int parse_timestamp(const struct field *field)
{
	int64_t moment_us;

	if (timestamp_parse(field->text, field->size, &moment_us) < 0)
		return not_of_type(field);
	*field->value = value_int(moment_us);
	return 0;
}

static int parse_json(const struct field *field)
{
	struct err err = {0};
	json_t *json = json_parse(field->text, field->size, &err);

	if (!json)
		return flaw_set(field->flaw, FLAW_INVALID_JSON, "not JSON: %s", err.text);
	json_decref(json);
	return parse_text(field);
}

static int parse_bytes(const struct field *field)
{
	uint8_t *bytes = arena_alloc(field->arena, field->size / 4 * 3 + 1);
	size_t size;

	if (base64_decode(field->text, field->size, bytes, &size) < 0)
		return not_of_type(field);
	*field->value = value_bytes(bytes, size);
	return 0;
}

static int parse_uuid(const struct field *field)
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	int upper = 0;
	char *lower;

	if (field->size != sizeof(shape) - 1)
		return not_of_type(field);
	for (size_t i = 0; i < field->size; i++) {
		unsigned char c = (unsigned char)field->text[i];

		if (shape[i] == '-' ? c != '-' : !isxdigit(c))
			return not_of_type(field);
		upper |= isupper(c);
	}
	if (!upper)
		return parse_text(field);
	lower = arena_strndup(field->arena, field->text, field->size);
	for (size_t i = 0; i < field->size; i++)
		lower[i] = (char)tolower((unsigned char)lower[i]);
	*field->value = value_text(lower, field->size);
	return 0;
}

static int (*const parsers[COLUMN_TYPE_COUNT])(const struct field *) = {
	[COLUMN_STRING] = parse_text,     [COLUMN_TEXT] = parse_text,
	[COLUMN_INT] = parse_int,         [COLUMN_FLOAT] = parse_float,
	[COLUMN_DECIMAL] = parse_decimal, [COLUMN_BOOL] = parse_bool,
	[COLUMN_DATE] = parse_date,       [COLUMN_TIMESTAMP] = parse_timestamp,
	[COLUMN_JSON] = parse_json,       [COLUMN_BYTES] = parse_bytes,
	[COLUMN_UUID] = parse_uuid,
};

static int is_text(enum column_type type)
{
	return type == COLUMN_STRING || type == COLUMN_TEXT;
}

static int check_length(const struct column *column, const struct value *value, struct flaw *flaw)
{
	const char *unit = value->kind == VALUE_BYTES ? "byte" : "character";
	size_t length = value->size;

	/* bytes are never fewer than characters: most text is not counted at all */
	if ((!column->max_length || length <= column->max_length) &&
	    column->min_length <= (length > 0))
		return 0;
	if (value->kind == VALUE_TEXT)
		length = str_utf8_length(value->as.text, value->size);
	if (length < column->min_length)
		return flaw_set(flaw, FLAW_TOO_SHORT, "%zu %s%s, at least %zu needed", length, unit,
		                length == 1 ? "" : "s", column->min_length);
	if (column->max_length && length > column->max_length)
		return flaw_set(flaw, FLAW_TOO_LONG, "%zu %ss, at most %zu allowed", length, unit,
		                column->max_length);
	return 0;
}

static int compare(const struct value *a, const struct value *b)
{
	if (a->kind == VALUE_FLOAT)
		return isgreater(a->as.real, b->as.real) - isless(a->as.real, b->as.real);
	if (a->kind == VALUE_INT)
		return (a->as.integer > b->as.integer) - (a->as.integer < b->as.integer);
	return decimal_compare(a->as.text, a->size, b->as.text, b->size);
}

static int outside(const struct column *column, const struct value *value, enum flaw_code code,
                   struct flaw *flaw)
{
	const struct value *bound = code == FLAW_TOO_SMALL ? &column->min : &column->max;
	auto_buf struct buf got = {0};
	auto_buf struct buf limit = {0};

	value_append_text(column, value, &got);
	value_append_text(column, bound, &limit);
	return flaw_set(flaw, code, "%.64s is %s than %.64s", buf_string(&got),
	                code == FLAW_TOO_SMALL ? "less" : "more", buf_string(&limit));
}

static int check_range(const struct column *column, const struct value *value, struct flaw *flaw)
{
	if ((column->flags & COLUMN_HAS_MIN) && compare(value, &column->min) < 0)
		return outside(column, value, FLAW_TOO_SMALL, flaw);
	if ((column->flags & COLUMN_HAS_MAX) && compare(value, &column->max) > 0)
		return outside(column, value, FLAW_TOO_LARGE, flaw);
	return 0;
}

static int check_enum(const struct column *column, const struct value *value, struct flaw *flaw)
{
	auto_buf struct buf allowed = {0};

	for (size_t i = 0; i < column->enum_count; i++) {
		if (value_equal(value, &column->enum_values[i]))
			return 0;
	}
	for (size_t i = 0; i < column->enum_count; i++) {
		buf_text(&allowed, i ? ", " : "");
		value_append_text(column, &column->enum_values[i], &allowed);
	}
	return flaw_set(flaw, FLAW_ENUM, "not one of %s", buf_string(&allowed));
}

static int check_constraints(const struct column *column, const struct value *value,
                             struct flaw *flaw)
{
	if (is_text(column->type) || column->type == COLUMN_BYTES) {
		if (check_length(column, value, flaw) < 0)
			return -1;
	} else if (check_range(column, value, flaw) < 0) {
		return -1;
	}
	if (column->pattern && !pattern_matches(column->pattern, value->as.text, value->size))
		return flaw_set(flaw, FLAW_PATTERN, "does not match '%.200s'",
		                pattern_text(column->pattern));
	if (column->enum_count)
		return check_enum(column, value, flaw);
	return 0;
}

static enum value_kind kind_of(const struct column *column)
{
	switch (column->type) {
	case COLUMN_INT:
	case COLUMN_BOOL:
	case COLUMN_DATE:
	case COLUMN_TIMESTAMP:
		return VALUE_INT;
	case COLUMN_FLOAT:
		return VALUE_FLOAT;
	case COLUMN_DECIMAL:
		return column->precision <= VALUE_DECIMAL_INT_DIGITS ? VALUE_INT : VALUE_TEXT;
	case COLUMN_BYTES:
		return VALUE_BYTES;
	case COLUMN_STRING:
	case COLUMN_TEXT:
	case COLUMN_JSON:
	case COLUMN_UUID:
	case COLUMN_TYPE_COUNT:
		break;
	}
	return VALUE_TEXT;
}

int value_parse_check(const struct column *column, const struct value *value, struct flaw *flaw)
{
	struct value null;

	if (value->kind == VALUE_NULL || value->kind == VALUE_UNSET)
		return value_parse_null(column, &null, flaw);
	if (value->kind != kind_of(column) ||
	    (value->kind == VALUE_FLOAT && !isfinite(value->as.real)))
		return flaw_set(flaw, wrong_type[column->type].code, "not %s",
		                wrong_type[column->type].noun);
	return check_constraints(column, value, flaw);
}

int value_parse(const struct column *column, const char *text, size_t size, struct arena *arena,
                struct value *value, struct flaw *flaw)
{
	struct field field = {column, text, size, arena, value, flaw};

	if (!is_text(column->type))
		trim(&field);
	if (parsers[column->type](&field) < 0)
		return -1;
	return check_constraints(column, value, flaw);
}

int value_parse_null(const struct column *column, struct value *value, struct flaw *flaw)
{
	*value = value_null();
	if (column->flags & COLUMN_REQUIRED)
		return flaw_set(flaw, FLAW_REQUIRED, "a value is required");
	return 0;
}

int value_parse_missing(const struct column *column, int64_t now_us, struct value *value,
                        struct flaw *flaw)
{
	char text[TIMESTAMP_SIZE];
	int32_t days = 0;

	switch (column->default_kind) {
	case COLUMN_DEFAULT_NONE:
		return value_parse_null(column, value, flaw);
	case COLUMN_DEFAULT_VALUE:
		*value = column->default_value;
		return 0;
	case COLUMN_DEFAULT_CURRENT_TIMESTAMP:
		*value = value_int(now_us);
		return 0;
	case COLUMN_DEFAULT_CURRENT_YEAR:
		timestamp_format(now_us, text);
		*value = value_int(
			strtoll((char[]){text[0], text[1], text[2], text[3], 0}, NULL, 10));
		return 0;
	case COLUMN_DEFAULT_CURRENT_DATE:
		timestamp_format(now_us, text);
		if (timestamp_parse_date(text, TIMESTAMP_DATE_SIZE - 1, &days) < 0)
			break;
		*value = value_int(days);
		return 0;
	}
	return value_parse_null(column, value, flaw);
}

static int from_json_real(const struct field *field, double real)
{
	if (field->column->type == COLUMN_FLOAT) {
		*field->value = value_float(real);
		return check_constraints(field->column, field->value, field->flaw);
	}
	if (field->column->type == COLUMN_INT && isless(fabs(real), 9007199254740992.0) &&
	    !isgreater(fabs(real - trunc(real)), 0.0)) {
		*field->value = value_int((int64_t)real);
		return check_constraints(field->column, field->value, field->flaw);
	}
	if (field->column->type == COLUMN_DECIMAL)
		return value_parse(field->column, field->text, field->size, field->arena,
		                   field->value, field->flaw);
	return not_of_type(field);
}

static int from_json_integer(const struct field *field, int64_t integer)
{
	switch (field->column->type) {
	case COLUMN_INT:
		*field->value = value_int(integer);
		return check_constraints(field->column, field->value, field->flaw);
	case COLUMN_FLOAT:
	case COLUMN_DECIMAL:
	case COLUMN_BOOL:
		return value_parse(field->column, field->text, field->size, field->arena,
		                   field->value, field->flaw);
	case COLUMN_STRING:
	case COLUMN_TEXT:
	case COLUMN_DATE:
	case COLUMN_TIMESTAMP:
	case COLUMN_JSON:
	case COLUMN_BYTES:
	case COLUMN_UUID:
	case COLUMN_TYPE_COUNT:
		break;
	}
	return not_of_type(field);
}

/* Everything but null and strings: `field->text` is the JSON as text. */
static int from_json_other(const struct field *field, const json_t *json)
{
	if (field->column->type == COLUMN_JSON)
		return parse_text(field);
	if (json_is_integer(json))
		return from_json_integer(field, json_integer_value(json));
	if (json_is_real(json))
		return from_json_real(field, json_real_value(json));
	if (json_is_boolean(json) && field->column->type == COLUMN_BOOL) {
		*field->value = value_int(json_is_true(json));
		return 0;
	}
	return not_of_type(field);
}

int value_parse_json(const struct column *column, const json_t *json, struct arena *arena,
                     struct value *value, struct flaw *flaw)
{
	struct field field = {column, NULL, 0, arena, value, flaw};
	auto_buf struct buf text = {0};

	if (json_is_null(json))
		return value_parse_null(column, value, flaw);
	if (json_is_string(json) && column->type != COLUMN_JSON)
		return value_parse(column, json_string_value(json), json_string_length(json), arena,
		                   value, flaw);
	json_append(&text, json);
	field.text = arena_strndup(arena, buf_string(&text), text.size);
	field.size = text.size;
	return from_json_other(&field, json);
}
