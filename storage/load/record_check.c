/* record_check.c - checks in the order a reader would name them: bytes, quotes, fields, values */
#include "storage/load/record_check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "storage/catalog/value_parse.h"

void record_check_init(struct record_check *check, size_t width, const char *null_text)
{
	memset(check, 0, sizeof(*check));
	arena_init(&check->arena);
	check->values = mem_array(width + 1, sizeof(*check->values));
	check->null_text = null_text;
	check->null_size = strlen(null_text);
}

void record_check_release(struct record_check *check)
{
	arena_release(&check->arena);
	free(check->values);
	buf_release(&check->raw);
	buf_release(&check->detail);
	buf_release(&check->text);
}

/* Takes what stands in check->flaw into the entry. */
static void add_flaw(struct record_check *check, struct stage_entry *entry,
                     const struct column *column)
{
	if (entry->code == FLAW_NONE) {
		buf_clear(&check->detail);
		entry->code = check->flaw.code;
		entry->column = column;
		buf_text(&check->detail, check->flaw.detail);
	} else if (column) {
		buf_printf(&check->detail, "; column '%s': %s", column->name, check->flaw.detail);
	} else {
		buf_printf(&check->detail, "; %s", check->flaw.detail);
	}
	entry->detail = buf_string(&check->detail);
}

static void begin_entry(struct record_check *check, struct stage_entry *entry)
{
	if (check->arena.used_bytes > 0)
		arena_reset(&check->arena);
	entry->code = FLAW_NONE;
	entry->column = NULL;
	entry->detail = "";
	entry->values = NULL;
}

static int check_bytes(struct record_check *check, const char *text, size_t size)
{
	enum flaw_code code = value_check_text(text, size);

	if (code == FLAW_NONE)
		return 0;
	if (code == FLAW_NUL)
		return flaw_set(&check->flaw, code, "there is a NUL byte in it");
	{
		size_t at = str_utf8_valid(text, size);

		return flaw_set(&check->flaw, code, "byte 0x%02x at position %zu is not UTF-8",
		                at < size ? (unsigned)(unsigned char)text[at] : 0U, at + 1);
	}
}

/* What is wrong with the record as such. */
static int check_record(struct record_check *check, const struct csv_layout *layout,
                        const struct csv_record *record)
{
	size_t due = layout->leading + layout->field_count;

	if (check_bytes(check, record->raw, record->raw_size) < 0)
		return -1;
	if (record->flaw == FLAW_QUOTE)
		return flaw_set(
			&check->flaw, FLAW_QUOTE,
			"a quote inside of an unquoted field, or text behind a closing quote");
	if (record->flaw == FLAW_LINE_END)
		return flaw_set(&check->flaw, FLAW_LINE_END,
		                "a carriage return without a line feed");
	if (record->field_count != due)
		return flaw_set(&check->flaw, FLAW_FIELD_COUNT, "%zu fields where %zu are due",
		                record->field_count, due);
	return 0;
}

static int check_field(struct record_check *check, const struct column *column,
                       const struct csv_field *field, struct value *value)
{
	if (!field->is_quoted && field->size == check->null_size &&
	    memcmp(field->text, check->null_text, field->size) == 0)
		return value_parse_null(column, value, &check->flaw);
	return value_parse(column, field->text, field->size, &check->arena, value, &check->flaw);
}

void record_check_record(struct record_check *check, const struct csv_layout *layout,
                         const struct csv_record *record, struct stage_entry *entry)
{
	const struct csv_field *fields = record->fields + layout->leading;
	struct value *value = check->values;

	begin_entry(check, entry);
	entry->raw = record->raw;
	entry->raw_size = record->raw_size;
	if (layout->leading > 0 && record->field_count > layout->leading) {
		entry->raw = fields->start;
		entry->raw_size -= (size_t)(fields->start - record->raw);
	}
	if (check_record(check, layout, record) < 0) {
		add_flaw(check, entry, NULL);
		return;
	}
	for (size_t i = 0; i < layout->field_count; i++) {
		const struct column *column = layout->columns[i];

		if (column && check_field(check, column, &fields[i], value++) < 0)
			add_flaw(check, entry, column);
	}
	if (entry->code == FLAW_NONE)
		entry->values = check->values;
}

/* A typed value as text, for rejects; also one that is not of the column's type. */
static void append_typed(const struct column *column, const struct value *value, struct buf *text)
{
	struct flaw unimportant;

	if (value_parse_check(column, value, &unimportant) == 0)
		value_append_text(column, value, text);
	else if (value->kind == VALUE_INT)
		buf_printf(text, "%" PRId64, value->as.integer);
	else if (value->kind == VALUE_FLOAT)
		buf_printf(text, "%.17g", value->as.real);
	else
		buf_append(text, value->as.text, value->size);
}

static void append_raw(struct record_check *check, const struct column *column,
                       const struct value *value)
{
	if (value->kind == VALUE_UNSET || value->kind == VALUE_NULL)
		return;
	buf_clear(&check->text);
	if (value->kind == VALUE_TEXT)
		buf_append(&check->text, value->as.text, value->size);
	else
		append_typed(column, value, &check->text);
	csv_record_append_field(&check->raw, buf_string(&check->text), check->text.size,
	                        check->text.size == 0);
}

static int check_value(struct record_check *check, const struct column *column,
                       const struct value *given, struct value *value)
{
	if (given->kind == VALUE_UNSET || given->kind == VALUE_NULL)
		return value_parse_null(column, value, &check->flaw);
	if (given->kind == VALUE_TEXT) {
		if (check_bytes(check, given->as.text, given->size) < 0)
			return -1;
		return value_parse(column, given->as.text, given->size, &check->arena, value,
		                   &check->flaw);
	}
	*value = *given;
	return value_parse_check(column, given, &check->flaw);
}

void record_check_values(struct record_check *check, const struct load_rows *rows,
                         const struct value *values, struct stage_entry *entry)
{
	begin_entry(check, entry);
	buf_clear(&check->raw);
	for (size_t i = 0; i < rows->width; i++) {
		if (i > 0)
			buf_char(&check->raw, ',');
		append_raw(check, rows->columns[i], &values[i]);
		if (check_value(check, rows->columns[i], &values[i], &check->values[i]) < 0)
			add_flaw(check, entry, rows->columns[i]);
	}
	entry->raw = buf_string(&check->raw);
	entry->raw_size = check->raw.size;
	if (entry->code == FLAW_NONE)
		entry->values = check->values;
}
