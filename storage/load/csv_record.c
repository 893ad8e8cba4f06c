/* csv_record.c - splitting: the whole line at once where it has no quote, else field by field */
#include "storage/load/csv_record.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

/* The text that is being split, and how far. */
struct cursor {
	const char *at, *end;
	struct csv_dialect dialect;
	int is_end; /* nothing comes behind `end` */
};

enum step { STEP_FIELD, STEP_RECORD, STEP_MORE, STEP_OPEN_QUOTE };

void csv_record_init(struct csv_record *record)
{
	memset(record, 0, sizeof(*record));
}

void csv_record_release(struct csv_record *record)
{
	free(record->fields);
	buf_release(&record->unescaped);
}

static void add_field(struct csv_record *record, const char *start, const char *text, size_t size)
{
	if (record->field_count >= CSV_RECORD_FIELDS) {
		record->field_count++;
		return;
	}
	if (record->field_count == record->capacity) {
		record->capacity = record->capacity ? record->capacity * 2 : 32;
		record->fields =
			mem_resize(record->fields, record->capacity, sizeof(*record->fields));
	}
	record->fields[record->field_count++] = (struct csv_field){
		.text = text, .start = start, .size = (uint32_t)size, .is_quoted = text != start};
}

static void set_flaw(struct csv_record *record, enum flaw_code flaw)
{
	if (record->flaw == FLAW_NONE)
		record->flaw = flaw;
}

/* A line without quotes: its fields are what is between delimiters. */
static void split_plain(struct csv_record *record, char delimiter, const char *at, const char *end)
{
	const char *next;

	while ((next = memchr(at, delimiter, (size_t)(end - at)))) {
		add_field(record, at, at, (size_t)(next - at));
		at = next + 1;
	}
	add_field(record, at, at, (size_t)(end - at));
}

/* The end of the line's text: in front of LF or CRLF, or of nothing more. */
static const char *line_end(const char *at, const char *lf)
{
	return lf > at && lf[-1] == '\r' ? lf - 1 : lf;
}

static enum step end_record(struct csv_record *record, struct cursor *cursor, const char *text_end,
                            const char *next)
{
	record->raw_size = (size_t)(text_end - record->raw);
	cursor->at = next;
	return STEP_RECORD;
}

/* The unquoted rest of a field from `at`, which began at `start`; ends at delimiter or line end. */
static enum step split_unquoted(struct csv_record *record, struct cursor *cursor, const char *start)
{
	size_t left = (size_t)(cursor->end - cursor->at);
	const char *lf = memchr(cursor->at, '\n', left);
	const char *stop = lf ? line_end(cursor->at, lf) : cursor->end;
	const char *delimiter;

	if (!lf && !cursor->is_end)
		return STEP_MORE;
	delimiter = memchr(cursor->at, cursor->dialect.delimiter, (size_t)(stop - cursor->at));
	if (delimiter)
		stop = delimiter;
	if (memchr(cursor->at, cursor->dialect.quote, (size_t)(stop - cursor->at)))
		set_flaw(record, FLAW_QUOTE);
	if (memchr(cursor->at, '\r', (size_t)(stop - cursor->at)))
		set_flaw(record, FLAW_LINE_END);
	add_field(record, start, start, (size_t)(stop - start));
	if (delimiter) {
		cursor->at = delimiter + 1;
		return STEP_FIELD;
	}
	record->line_ends += lf != NULL;
	return end_record(record, cursor, stop, lf ? lf + 1 : cursor->end);
}

/* Copies the inside of a field whose quotes are doubled; room was made for the whole record. */
static void add_unescaped(struct csv_record *record, const char *open, const char *end, char quote)
{
	const char *at = open + 1;
	char *start = record->unescaped.data + record->unescaped.size, *to = start;

	while (at < end) {
		const char *next = memchr(at, quote, (size_t)(end - at));
		size_t size = next ? (size_t)(next + 1 - at) : (size_t)(end - at);

		memcpy(to, at, size);
		to += size;
		at += size + (next != NULL);
	}
	record->unescaped.size += (size_t)(to - start);
	add_field(record, open, start, (size_t)(to - start));
}

/* The quote that closes the field whose inside begins at `at`, or NULL; tells of doubled ones. */
static const char *find_close(const struct cursor *cursor, const char *at, int *has_doubled)
{
	const char *quote;

	while ((quote = memchr(at, cursor->dialect.quote, (size_t)(cursor->end - at)))) {
		if (quote + 1 == cursor->end)
			return cursor->is_end ? quote : NULL;
		if (quote[1] != cursor->dialect.quote)
			return quote;
		*has_doubled = 1;
		at = quote + 2;
	}
	return NULL;
}

static size_t count_line_ends(const char *at, const char *end)
{
	size_t count = 0;

	while ((at = memchr(at, '\n', (size_t)(end - at)))) {
		count++;
		at++;
	}
	return count;
}

/* What stands behind a closing quote: delimiter, line end, or text that should not be there. */
static enum step after_close(struct csv_record *record, struct cursor *cursor, const char *open,
                             const char *close)
{
	const char *at = close + 1;

	if (at == cursor->end)
		return end_record(record, cursor, at, at);
	if (*at == cursor->dialect.delimiter) {
		cursor->at = at + 1;
		return STEP_FIELD;
	}
	if (*at == '\r' && at + 1 == cursor->end && !cursor->is_end)
		return STEP_MORE;
	if (*at == '\n' || (*at == '\r' && at + 1 < cursor->end && at[1] == '\n')) {
		record->line_ends++;
		return end_record(record, cursor, at, at + 1 + (*at == '\r'));
	}
	set_flaw(record, *at == '\r' ? FLAW_LINE_END : FLAW_QUOTE);
	record->field_count--;
	cursor->at = at;
	return split_unquoted(record, cursor, open);
}

static enum step split_quoted(struct csv_record *record, struct cursor *cursor)
{
	const char *open = cursor->at, *close;
	int has_doubled = 0;

	close = find_close(cursor, open + 1, &has_doubled);
	if (!close)
		return cursor->is_end ? STEP_OPEN_QUOTE : STEP_MORE;
	record->line_ends += count_line_ends(open, close);
	if (has_doubled) {
		/* once, for all of the record: fields point into it */
		if (record->unescaped.size == 0)
			buf_reserve(&record->unescaped, (size_t)(cursor->end - record->raw));
		add_unescaped(record, open, close, cursor->dialect.quote);
	} else {
		add_field(record, open, open + 1, (size_t)(close - open - 1));
	}
	return after_close(record, cursor, open, close);
}

static int64_t split_by_field(struct csv_record *record, struct cursor *cursor)
{
	enum step step = STEP_FIELD;

	while (step == STEP_FIELD) {
		if (cursor->at < cursor->end && *cursor->at == cursor->dialect.quote)
			step = split_quoted(record, cursor);
		else
			step = split_unquoted(record, cursor, cursor->at);
	}
	if (step == STEP_RECORD)
		return cursor->at - record->raw;
	return step == STEP_MORE ? CSV_RECORD_MORE : CSV_RECORD_OPEN_QUOTE;
}

int64_t csv_record_split(struct csv_record *record, struct csv_dialect dialect, const char *text,
                         size_t size, int is_end)
{
	struct cursor cursor = {
		.at = text, .end = text + size, .dialect = dialect, .is_end = is_end};
	const char *lf = memchr(text, '\n', size);
	const char *stop = lf ? line_end(text, lf) : cursor.end;

	record->raw = text;
	record->field_count = record->line_ends = 0;
	record->flaw = FLAW_NONE;
	record->unescaped.size = 0;
	if (!lf && !is_end)
		return CSV_RECORD_MORE;
	if (memchr(text, dialect.quote, (size_t)(stop - text)))
		return split_by_field(record, &cursor);

	record->raw_size = (size_t)(stop - text);
	record->line_ends = lf != NULL;
	if (memchr(text, '\r', record->raw_size))
		record->flaw = FLAW_LINE_END;
	split_plain(record, dialect.delimiter, text, stop);
	return lf ? lf + 1 - text : (int64_t)size;
}

/* Blanks at the ends are kept by every reader when they are inside of quotes. */
static int needs_quotes(const char *text, size_t size)
{
	if (size == 0)
		return 0;
	if (text[0] == ' ' || text[size - 1] == ' ')
		return 1;
	for (size_t i = 0; i < size; i++)
		if (text[i] == ',' || text[i] == '"' || text[i] == '\r' || text[i] == '\n')
			return 1;
	return 0;
}

void csv_record_append_field(struct buf *buf, const char *text, size_t size, int quoted)
{
	const char *next;

	if (!quoted && !needs_quotes(text, size)) {
		buf_append(buf, text, size);
		return;
	}
	buf_char(buf, '"');
	while ((next = memchr(text, '"', size))) {
		size_t part = (size_t)(next + 1 - text);

		buf_append(buf, text, part);
		buf_char(buf, '"');
		text += part;
		size -= part;
	}
	buf_append(buf, text, size);
	buf_char(buf, '"');
}
