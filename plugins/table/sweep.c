/* sweep.c - deletes the rows that stand in a CSV object */
#include "plugins/table/sweep.h"

#include <stdlib.h>
#include <string.h>

enum {
	READ_BYTES = 256 * 1024,
	RECORD_BYTES = 256 << 20, /* what no row of a database comes near */
	ID_DIGITS = 18,
};

struct record {
	int64_t id;
	size_t at, size; /* in the buffer */
};

struct sweep {
	struct retention *job;
	struct mr_object *object;
	char *buffer; /* bytes of the object from the batch's begin on */
	size_t size, capacity;
	int has_ended; /* the object has no more bytes */
	struct record records[RETENTION_BATCH_ROWS];
	size_t count, done; /* records, and those that were compared */
	struct mr_value doomed[RETENTION_BATCH_ROWS];
	size_t doomed_count;
	size_t next; /* where the record behind the batch begins */
};

/* -- records -- */

static mr_status grow(struct sweep *sweep)
{
	char *grown;

	if (sweep->capacity - sweep->size >= READ_BYTES)
		return MR_OK;
	if (sweep->capacity > RECORD_BYTES)
		return mr_fail(sweep->job->task, MR_FAIL, "a record of the copy is over %d bytes",
		               RECORD_BYTES);
	grown = realloc(sweep->buffer, sweep->capacity * 2 + READ_BYTES);
	if (!grown)
		return retention_no_memory(sweep->job);
	sweep->buffer = grown;
	sweep->capacity = sweep->capacity * 2 + READ_BYTES;
	return MR_OK;
}

static mr_status read_more(struct sweep *sweep)
{
	size_t got = 0;
	mr_status status = grow(sweep);

	if (status == MR_OK)
		status = sweep->job->task->host->object_read(sweep->job->task, sweep->object,
		                                             sweep->buffer + sweep->size,
		                                             READ_BYTES, &got);
	sweep->has_ended = status == MR_END;
	sweep->size += got;
	return status == MR_END ? MR_OK : status;
}

/* The end of the record that begins at `at`, 0 when it is not in the buffer. */
static size_t find_end(const struct sweep *sweep, size_t at)
{
	int is_quoted = 0;

	for (; at < sweep->size; at++) {
		is_quoted ^= sweep->buffer[at] == '"';
		if (sweep->buffer[at] == '\n' && !is_quoted)
			return at + 1;
	}
	return 0;
}

/* Where the record at `at` ends; MR_END when there is none. */
static mr_status find_record(struct sweep *sweep, size_t at, size_t *end)
{
	while (!(*end = find_end(sweep, at))) {
		mr_status status;

		if (sweep->has_ended)
			return MR_END;
		status = read_more(sweep);
		if (status != MR_OK)
			return status;
	}
	return MR_OK;
}

/* The first field; ids are positive and below 2^53. */
static int64_t id_at(const char *text, size_t size)
{
	int64_t id = 0;

	for (size_t i = 0; i < size && i < ID_DIGITS && text[i] >= '0' && text[i] <= '9'; i++)
		id = id * 10 + (text[i] - '0');
	return id;
}

static mr_status fill(struct sweep *sweep)
{
	mr_status status = MR_OK;
	size_t end;

	memmove(sweep->buffer, sweep->buffer + sweep->next, sweep->size - sweep->next);
	sweep->size -= sweep->next;
	sweep->next = 0;
	sweep->count = 0;
	while (sweep->count < RETENTION_BATCH_ROWS && (!sweep->count || sweep->next < READ_BYTES)) {
		struct record *record = &sweep->records[sweep->count];

		status = find_record(sweep, sweep->next, &end);
		if (status != MR_OK)
			break;
		record->id = id_at(sweep->buffer + sweep->next, end - sweep->next);
		record->at = sweep->next;
		record->size = end - sweep->next;
		sweep->next = end;
		sweep->count++;
	}
	return status == MR_END ? MR_OK : status;
}

/* -- rows -- */

static void add_ids(FILE *sql, size_t count)
{
	fputs(" WHERE \"id\" IN (", sql);
	for (size_t i = 0; i < count; i++)
		fprintf(sql, "%s$%zu", i ? ", " : "", i + 1);
	fputc(')', sql);
}

/* Whether the row is what its record says; records of rows that are gone are passed over. */
static mr_status compare(struct sweep *sweep, const struct mr_value *row)
{
	const struct record *record;
	struct retention_text line;

	while (sweep->done < sweep->count && sweep->records[sweep->done].id < row[0].as.i)
		sweep->done++;
	if (sweep->done == sweep->count || sweep->records[sweep->done].id != row[0].as.i)
		return MR_OK;
	record = &sweep->records[sweep->done++];
	if (retention_text_open(&line) < 0)
		return retention_no_memory(sweep->job);
	retention_add_line(sweep->job, row, line.stream);
	fclose(line.stream);
	if (line.size == record->size &&
	    memcmp(line.text, sweep->buffer + record->at, line.size) == 0)
		sweep->doomed[sweep->doomed_count++] =
			(struct mr_value){.type = MR_INT, .as.i = record->id};
	else
		sweep->job->changed++;
	free(line.text);
	return MR_OK;
}

static mr_status query_rows(struct sweep *sweep, struct mr_db *db)
{
	struct mr_value ids[RETENTION_BATCH_ROWS];
	const char *const *names;
	struct retention_text sql;
	size_t columns;
	mr_status status;

	for (size_t i = 0; i < sweep->count; i++)
		ids[i] = (struct mr_value){.type = MR_INT, .as.i = sweep->records[i].id};
	if (retention_text_open(&sql) < 0)
		return retention_no_memory(sweep->job);
	fputs("SELECT ", sql.stream);
	retention_add_columns(sweep->job, sql.stream);
	fputs(" FROM ", sql.stream);
	retention_add_name(sql.stream, sweep->job->table);
	add_ids(sql.stream, sweep->count);
	fputs(" ORDER BY \"id\"", sql.stream);
	fclose(sql.stream);
	status = sweep->job->task->host->db_query(sweep->job->task, db, sql.text, ids, sweep->count,
	                                          &names, &columns);
	free(sql.text);
	return status;
}

static mr_status compare_rows(struct sweep *sweep, struct mr_db *db)
{
	const struct mr_rows *rows;
	mr_status status = query_rows(sweep, db);

	while (status == MR_OK) {
		status = sweep->job->task->host->db_next(sweep->job->task, db, &rows);
		for (size_t i = 0; status == MR_OK && i < rows->count; i++)
			status = compare(sweep, rows->values + i * rows->columns);
	}
	return status == MR_END ? MR_OK : status;
}

static mr_status delete_doomed(struct sweep *sweep, struct mr_db *db)
{
	const struct retention *job = sweep->job;
	struct retention_text sql;
	int64_t affected;
	mr_status status;

	if (!sweep->doomed_count)
		return MR_OK;
	if (retention_text_open(&sql) < 0)
		return retention_no_memory(job);
	fputs("DELETE FROM ", sql.stream);
	retention_add_name(sql.stream, job->table);
	add_ids(sql.stream, sweep->doomed_count);
	fclose(sql.stream);
	status = job->task->host->db_exec(job->task, db, sql.text, sweep->doomed,
	                                  sweep->doomed_count, &affected);
	free(sql.text);
	return status == MR_OK ? MR_OK
	                       : retention_failed(job, status, "the rows cannot be deleted");
}

static mr_status sweep_batch(struct sweep *sweep)
{
	const struct mr_host *host = sweep->job->task->host;
	struct mr_task *task = sweep->job->task;
	int64_t changed = sweep->job->changed;
	struct mr_db *db;
	mr_status status = host->db_open(task, NULL, &db);

	if (status != MR_OK)
		return status;
	sweep->done = 0;
	sweep->doomed_count = 0;
	status = compare_rows(sweep, db);
	if (status == MR_OK)
		status = delete_doomed(sweep, db);
	if (status == MR_OK)
		status = host->db_commit(task, db);
	host->db_close(task, db);
	if (status != MR_OK)
		return status;
	sweep->job->deleted += (int64_t)sweep->doomed_count;
	if (sweep->job->changed > changed)
		mr_log(task, MR_WARN, "%lld rows were changed since they were copied, they stay",
		       (long long)(sweep->job->changed - changed));
	host->progress(task, sweep->job->deleted, 0, "rows", "deleted");
	return MR_OK;
}

static mr_status sweep_object(struct sweep *sweep)
{
	mr_status status = find_record(sweep, 0, &sweep->next); /* the header line */

	while (status == MR_OK) {
		status = fill(sweep);
		if (status != MR_OK || !sweep->count)
			return status;
		status = sweep_batch(sweep);
	}
	return status == MR_END ? MR_OK : status;
}

mr_status sweep_run(struct retention *job, const char *uri)
{
	struct sweep *sweep = calloc(1, sizeof(*sweep));
	mr_status status;

	if (!sweep)
		return retention_no_memory(job);
	sweep->job = job;
	status = job->task->host->object_open(job->task, uri, MR_READ, &sweep->object);
	if (status == MR_OK)
		status = sweep_object(sweep);
	job->task->host->object_close(job->task, sweep->object);
	free(sweep->buffer);
	free(sweep);
	return status;
}
