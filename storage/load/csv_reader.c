/* csv_reader.c - a window over the unpacked bytes that always holds a whole record */
#include "storage/load/csv_reader.h"

#include <stdlib.h>
#include <string.h>

#include "lib/limits.h"
#include "lib/mem.h"
#include "storage/load/unpack.h"

enum { WINDOW_BYTES = 256 * 1024 };

struct csv_reader {
	struct unpack *unpack;
	struct csv_dialect dialect;
	struct csv_record record;
	char *window;
	size_t capacity;
	size_t at, filled; /* what is not split yet */
	int is_end;        /* nothing comes behind `filled` */
	int is_begun;
	int64_t line; /* of the record that was given last */
	int64_t next_line;
};

struct csv_reader *csv_reader_open(const struct load_input *input, struct csv_dialect dialect,
                                   struct err *err)
{
	struct unpack *unpack = unpack_open(input, err);
	struct csv_reader *reader;

	if (!unpack)
		return NULL;
	reader = mem_alloc(sizeof(*reader));
	reader->unpack = unpack;
	reader->dialect = dialect;
	reader->capacity = WINDOW_BYTES;
	reader->window = mem_resize(NULL, reader->capacity, 1);
	reader->next_line = 1;
	csv_record_init(&reader->record);
	return reader;
}

void csv_reader_close(struct csv_reader *reader)
{
	if (!reader)
		return;
	unpack_close(reader->unpack);
	csv_record_release(&reader->record);
	free(reader->window);
	free(reader);
}

int64_t csv_reader_line(const struct csv_reader *reader)
{
	return reader->line;
}

int64_t csv_reader_bytes(const struct csv_reader *reader)
{
	return unpack_bytes(reader->unpack);
}

static int too_long(const struct csv_reader *reader, struct err *err)
{
	return err_set(err, ERR_INVALID,
	               "line %lld: the record is longer than %d MiB; a quote may not be closed",
	               (long long)reader->next_line, LIMIT_RECORD_BYTES / 1024 / 1024);
}

/* Brings more behind what is not split yet: moves that to the front, and grows when it fills all. */
static int fill(struct csv_reader *reader, struct err *err)
{
	size_t left = reader->filled - reader->at, got;

	if (reader->at > 0)
		memmove(reader->window, reader->window + reader->at, left);
	reader->at = 0;
	reader->filled = left;
	if (left == reader->capacity) {
		if (left > LIMIT_RECORD_BYTES)
			return too_long(reader, err);
		reader->capacity *= 2;
		reader->window = mem_resize(reader->window, reader->capacity, 1);
	}
	if (unpack_read(reader->unpack, reader->window + left, reader->capacity - left, &got, err) <
	    0)
		return err_prefix(err, "line %lld", (long long)reader->next_line);
	reader->filled += got;
	reader->is_end = got == 0;
	return 0;
}

/* Both byte order marks, and text without one: ASCII in UTF-16 has a NUL in every other byte. */
static int is_utf16(const unsigned char *bytes, size_t size)
{
	if (size < 2)
		return 0;
	if ((bytes[0] == 0xff && bytes[1] == 0xfe) || (bytes[0] == 0xfe && bytes[1] == 0xff))
		return 1;
	if (size < 4)
		return 0;
	return (bytes[0] && !bytes[1] && bytes[2] && !bytes[3]) ||
	       (!bytes[0] && bytes[1] && !bytes[2] && bytes[3]);
}

static int begin(struct csv_reader *reader, struct err *err)
{
	const size_t bom_size = 3;

	reader->is_begun = 1;
	while (!reader->is_end && reader->filled < 4)
		if (fill(reader, err) < 0)
			return -1;
	if (is_utf16((const unsigned char *)reader->window, reader->filled))
		return err_set(err, ERR_INVALID, "line 1: the input is UTF-16, UTF-8 is due");
	if (reader->filled >= bom_size && memcmp(reader->window, "\xef\xbb\xbf", bom_size) == 0)
		reader->at = bom_size;
	return 0;
}

/* The next record, empty lines too. */
static int split(struct csv_reader *reader, struct err *err)
{
	int64_t size;

	for (;;) {
		if (reader->at == reader->filled && reader->is_end)
			return 0;
		size = reader->at == reader->filled
		               ? CSV_RECORD_MORE
		               : csv_record_split(&reader->record, reader->dialect,
		                                  reader->window + reader->at,
		                                  reader->filled - reader->at, reader->is_end);
		if (size != CSV_RECORD_MORE)
			break;
		if (fill(reader, err) < 0)
			return -1;
	}
	if (size == CSV_RECORD_OPEN_QUOTE)
		return err_set(err, ERR_INVALID, "line %lld: a quote is never closed",
		               (long long)reader->next_line);
	if (reader->record.raw_size > LIMIT_RECORD_BYTES)
		return too_long(reader, err);
	reader->line = reader->next_line;
	reader->next_line += (int64_t)reader->record.line_ends;
	reader->at += (size_t)size;
	return 1;
}

int csv_reader_next(struct csv_reader *reader, const struct csv_record **record, struct err *err)
{
	int result;

	if (!reader->is_begun && begin(reader, err) < 0)
		return -1;
	do
		result = split(reader, err);
	while (result > 0 && reader->record.raw_size == 0);
	*record = &reader->record;
	return result;
}
