/* load_csv.c - a CSV source into a load */
#include <string.h>

#include "lib/str.h"
#include "storage/load/csv_layout.h"
#include "storage/load/csv_reader.h"
#include "storage/load/load.h"
#include "storage/load/load_state.h"
#include "storage/load/load_write.h"
#include "storage/load/record_check.h"

enum { TICK_ROWS = 1024 };

/* A source being read. */
struct feed {
	struct load *load;
	struct csv_reader *reader;
	struct csv_layout layout;
	struct record_check check;
};

/* A load goes on only with what it began with. */
static int check_source(struct load *load, const struct load_input *input, struct err *err)
{
	const char *source = input->source ? input->source : "";

	if (load->resume_line > 0 && !str_equal(load->record.source, source))
		return err_set(err, ERR_CONFLICT,
		               "load '%.80s' cannot go on: its source changed since it began",
		               load->record.load_id);
	load->record.source = arena_strdup(&load->arena, source);
	return 0;
}

static int read_header(struct feed *feed, const struct load_options *format, struct err *err)
{
	struct load *load = feed->load;
	const struct csv_record *record;
	int result = csv_reader_next(feed->reader, &record, err);

	if (result < 0)
		return -1;
	if (format->columns)
		return csv_layout_from_columns(load->table, format, &load->arena, &feed->layout,
		                               err);
	if (result == 0)
		return err_set(err, ERR_INVALID, "line 1: the input is empty, a header is due");
	if (csv_layout_from_header(load->table, format, record, &load->arena, &feed->layout, err) <
	    0)
		return err_prefix(err, "line %lld", (long long)csv_reader_line(feed->reader));
	return 0;
}

static int take_record(struct feed *feed, const struct csv_record *record, struct err *err)
{
	struct load *load = feed->load;
	struct stage_entry entry = {.line = csv_reader_line(feed->reader)};

	load->bytes = csv_reader_bytes(feed->reader);
	load->rows_read++;
	if (load->rows_read % TICK_ROWS == 0 && load_write_tick(load, err) < 0)
		return -1;
	if (entry.line <= load->resume_line)
		return 0;
	record_check_record(&feed->check, &feed->layout, record, &entry);
	return load_write_take(load, &entry, err);
}

/* Input without a header that begins with one is a corrected rejects object of such input. */
static int is_rejects_header(const struct feed *feed, const struct csv_record *record)
{
	return csv_layout_is_rejects(record) &&
	       record->field_count == feed->layout.field_count + CSV_LAYOUT_REJECT_FIELDS;
}

static int read_records(struct feed *feed, int may_be_rejects, struct err *err)
{
	const struct csv_record *record;
	int more = csv_reader_next(feed->reader, &record, err);

	if (more > 0 && may_be_rejects && is_rejects_header(feed, record)) {
		feed->layout.leading = CSV_LAYOUT_REJECT_FIELDS;
		more = csv_reader_next(feed->reader, &record, err);
	}
	while (more > 0) {
		if (take_record(feed, record, err) < 0)
			return -1;
		more = csv_reader_next(feed->reader, &record, err);
	}
	feed->load->bytes = csv_reader_bytes(feed->reader);
	return more;
}

static int read_source(struct feed *feed, const struct load_options *format, struct err *err)
{
	struct load *load = feed->load;
	struct csv_layout *layout = &feed->layout;
	int has_header = !(format->flags & LOAD_NO_HEADER);

	if (has_header && read_header(feed, format, err) < 0)
		return -1;
	if (!has_header &&
	    csv_layout_from_columns(load->table, format, &load->arena, layout, err) < 0)
		return -1;
	if (load_write_begin(load, layout->loaded, layout->width, layout->names,
	                     layout->field_count, err) < 0)
		return -1;
	record_check_init(&feed->check, layout->width, format->null_text);
	if (read_records(feed, !has_header, err) < 0)
		return -1;
	return load_write_tick(load, err);
}

int load_csv(struct load *load, const struct load_input *input, const struct load_options *format,
             struct err *err)
{
	struct feed feed = {.load = load};
	struct csv_dialect dialect;
	int result;

	if (load_is_done(load))
		return 0;
	if (load->phase != LOAD_OPENED)
		return err_set(err, ERR_CONFLICT,
		               "a load has one source, and this one has it already");
	if (!format)
		format = &load->options;
	if (check_source(load, input, err) < 0)
		return -1;
	dialect = (struct csv_dialect){format->delimiter, format->quote};
	load->spool.dialect = dialect;
	load->bytes_total = input->size_bytes;
	feed.reader = csv_reader_open(input, dialect, err);
	if (!feed.reader)
		return -1;
	result = read_source(&feed, format, err);
	record_check_release(&feed.check);
	csv_reader_close(feed.reader);
	return result;
}
