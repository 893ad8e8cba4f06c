/* mirror.c - old rows into a backup table */
#include "plugins/table/mirror.h"

#include <stdlib.h>
#include <string.h>

/* Rows of ids in (after, up_to]. */
struct batch {
	struct retention *job;
	struct mr_db *db;
	int64_t after, up_to;
	int64_t count;
};

/* What a statement is about: where the columns come from, and which rows. */
enum { OLD = 1 << 0, IN_BACKUP = 1 << 1 };

/* ` FROM table WHERE "id" > $2 AND "id" <= $3`, of old rows also `AND "column" < $1` */
static void add_rows(const struct batch *batch, FILE *sql, unsigned which)
{
	const struct retention *job = batch->job;

	fputs(" FROM ", sql);
	retention_add_name(sql, which & IN_BACKUP ? job->backup_to : job->table);
	fputs(" WHERE \"id\" > $2 AND \"id\" <= $3", sql);
	if (!(which & OLD))
		return;
	fputs(" AND ", sql);
	retention_add_name(sql, job->column);
	fputs(" < $1", sql);
}

static void add_select(const struct batch *batch, FILE *sql, unsigned which)
{
	fputs("SELECT ", sql);
	retention_add_columns(batch->job, sql);
	add_rows(batch, sql, which);
}

static void bind(const struct batch *batch, struct mr_value values[3])
{
	values[0] = retention_cutoff(batch->job);
	values[1] = (struct mr_value){.type = MR_INT, .as.i = batch->after};
	values[2] = (struct mr_value){.type = MR_INT, .as.i = batch->up_to};
}

static mr_status execute(const struct batch *batch, struct retention_text *sql, const char *what,
                         int64_t *affected)
{
	const struct mr_host *host = batch->job->task->host;
	struct mr_value values[3];
	mr_status status;

	fclose(sql->stream);
	bind(batch, values);
	status = host->db_exec(batch->job->task, batch->db, sql->text, values, 3, affected);
	free(sql->text);
	return status == MR_OK ? MR_OK : retention_failed(batch->job, status, what);
}

/* How far the next batch goes; `count` 0: there is none. */
static mr_status find_batch(struct batch *batch)
{
	const struct retention *job = batch->job;
	const struct mr_host *host = job->task->host;
	struct mr_value values[3];
	const struct mr_rows *rows = NULL;
	const char *const *names;
	struct retention_text sql;
	size_t columns;
	mr_status status;

	if (retention_text_open(&sql) < 0)
		return retention_no_memory(job);
	batch->up_to = INT64_MAX;
	bind(batch, values);
	fputs("SELECT max(\"id\"), count(*) FROM (SELECT \"id\"", sql.stream);
	add_rows(batch, sql.stream, OLD);
	fprintf(sql.stream, " ORDER BY \"id\" LIMIT %d) AS batch", RETENTION_BATCH_ROWS);
	fclose(sql.stream);
	status = host->db_query(job->task, batch->db, sql.text, values, 3, &names, &columns);
	if (status == MR_OK)
		status = host->db_next(job->task, batch->db, &rows);
	free(sql.text);
	if (status != MR_OK)
		return retention_failed(job, status, "the old rows cannot be found");
	batch->up_to = rows->values[0].as.i;
	batch->count = rows->values[1].as.i;
	return MR_OK;
}

/* A row that is in the backup already, equal in every column, is not copied again. */
static mr_status copy(const struct batch *batch)
{
	struct retention_text sql;
	int64_t affected;

	if (retention_text_open(&sql) < 0)
		return retention_no_memory(batch->job);
	fputs("INSERT INTO ", sql.stream);
	retention_add_name(sql.stream, batch->job->backup_to);
	fputs(" (", sql.stream);
	retention_add_columns(batch->job, sql.stream);
	fputs(") ", sql.stream);
	add_select(batch, sql.stream, OLD);
	fputs(" EXCEPT ", sql.stream);
	add_select(batch, sql.stream, IN_BACKUP);
	return execute(batch, &sql, "the rows cannot be copied", &affected);
}

static mr_status hash_rows(const struct batch *batch, struct retention_hash *hash, int64_t *count)
{
	const struct retention *job = batch->job;
	const struct mr_host *host = job->task->host;
	const struct mr_rows *rows;
	mr_status status;

	while ((status = host->db_next(job->task, batch->db, &rows)) == MR_OK) {
		for (size_t i = 0; i < rows->count; i++) {
			struct retention_text line;

			if (retention_text_open(&line) < 0)
				return retention_no_memory(job);
			retention_add_line(job, rows->values + i * rows->columns, line.stream);
			fclose(line.stream);
			retention_hash_add(hash, line.text, line.size);
			free(line.text);
		}
		*count += (int64_t)rows->count;
	}
	return status == MR_END ? MR_OK : status;
}

/* The hash of the rows of a query in order of their ids. */
static mr_status hash_query(const struct batch *batch, struct retention_text *sql, int64_t *count,
                            char hex[RETENTION_HASH_SIZE])
{
	const struct retention *job = batch->job;
	struct retention_hash *hash = retention_hash_new();
	const char *const *names;
	struct mr_value values[3];
	size_t columns;
	mr_status status;

	fputs(" ORDER BY \"id\"", sql->stream);
	fclose(sql->stream);
	bind(batch, values);
	*count = 0;
	status = hash ? job->task->host->db_query(job->task, batch->db, sql->text, values, 3,
	                                          &names, &columns)
	              : retention_no_memory(job);
	if (status == MR_OK)
		status = hash_rows(batch, hash, count);
	if (hash)
		retention_hash_end(hash, hex);
	free(sql->text);
	return status;
}

/* Reads back what is in both tables and compares it with what is to be deleted. */
static mr_status verify(const struct batch *batch)
{
	char wanted[RETENTION_HASH_SIZE] = "", found[RETENTION_HASH_SIZE] = "";
	int64_t wanted_count = 0, found_count = 0;
	struct retention_text sql;
	mr_status status;

	if (retention_text_open(&sql) < 0)
		return retention_no_memory(batch->job);
	add_select(batch, sql.stream, OLD);
	status = hash_query(batch, &sql, &wanted_count, wanted);
	if (status != MR_OK || retention_text_open(&sql) < 0)
		return status == MR_OK ? retention_no_memory(batch->job) : status;
	add_select(batch, sql.stream, IN_BACKUP);
	fputs(" INTERSECT ", sql.stream);
	add_select(batch, sql.stream, OLD);
	status = hash_query(batch, &sql, &found_count, found);
	if (status != MR_OK)
		return status;
	if (wanted_count == batch->count && found_count == wanted_count &&
	    strcmp(wanted, found) == 0)
		return MR_OK;
	return mr_fail(batch->job->task, MR_FAIL,
	               "the copy in '%s' is not what was copied (%lld of %lld rows); nothing of "
	               "it was deleted",
	               batch->job->backup_to, (long long)found_count, (long long)wanted_count);
}

static mr_status remove_rows(const struct batch *batch)
{
	struct retention_text sql;
	int64_t affected = 0;
	mr_status status;

	if (retention_text_open(&sql) < 0)
		return retention_no_memory(batch->job);
	fputs("DELETE", sql.stream);
	add_rows(batch, sql.stream, OLD);
	status = execute(batch, &sql, "the rows cannot be deleted", &affected);
	if (status == MR_OK && affected != batch->count)
		return mr_fail(batch->job->task, MR_FAIL,
		               "%lld rows would go, but %lld were copied; nothing was deleted",
		               (long long)affected, (long long)batch->count);
	return status;
}

static mr_status move(struct batch *batch)
{
	mr_status status = find_batch(batch);

	if (status != MR_OK || !batch->count)
		return status;
	status = copy(batch);
	if (status == MR_OK)
		status = verify(batch);
	if (status == MR_OK)
		status = remove_rows(batch);
	if (status == MR_OK)
		status = batch->job->task->host->db_commit(batch->job->task, batch->db);
	return status;
}

static mr_status move_all(struct retention *job)
{
	const struct mr_host *host = job->task->host;
	struct batch batch = {.job = job};
	mr_status status;

	do {
		batch.count = 0;
		status = host->db_open(job->task, NULL, &batch.db);
		if (status != MR_OK)
			return status;
		status = move(&batch);
		host->db_close(job->task, batch.db);
		if (status != MR_OK)
			return status;
		batch.after = batch.up_to;
		job->copied += batch.count;
		job->deleted += batch.count;
		host->progress(job->task, job->deleted, 0, "rows", NULL);
	} while (batch.count);
	if (job->deleted)
		retention_set_backup(job, job->backup_to);
	return MR_OK;
}

/* -- the backup table -- */

static int is_there(const struct retention *job)
{
	const struct mr_db_options options = {.size = sizeof(options), .flags = MR_DB_READ_ONLY};
	const struct mr_host *host = job->task->host;
	const char *const *names;
	struct retention_text sql;
	struct mr_db *db;
	size_t columns;
	int found;

	if (retention_text_open(&sql) < 0)
		return 0;
	fputs("SELECT ", sql.stream);
	retention_add_columns(job, sql.stream);
	fputs(" FROM ", sql.stream);
	retention_add_name(sql.stream, job->backup_to);
	fputs(" WHERE 1 = 0", sql.stream);
	fclose(sql.stream);
	found = host->db_open(job->task, &options, &db) == MR_OK;
	if (found) {
		found = host->db_query(job->task, db, sql.text, NULL, 0, &names, &columns) == MR_OK;
		host->db_close(job->task, db);
	}
	free(sql.text);
	return found;
}

static mr_status execute_once(const struct retention *job, struct mr_db *db,
                              struct retention_text *sql)
{
	mr_status status;

	fclose(sql->stream);
	status = job->task->host->db_exec(job->task, db, sql->text, NULL, 0, NULL);
	free(sql->text);
	return status;
}

/* Columns and an index on the id, which is not unique: the backup keeps what it gets. */
static mr_status make(const struct retention *job, struct mr_db *db)
{
	struct retention_text sql;
	char index[512];
	mr_status status;

	if (retention_text_open(&sql) < 0)
		return MR_RETRY;
	fputs("CREATE TABLE ", sql.stream);
	retention_add_name(sql.stream, job->backup_to);
	fputs(" AS SELECT ", sql.stream);
	retention_add_columns(job, sql.stream);
	fputs(" FROM ", sql.stream);
	retention_add_name(sql.stream, job->table);
	fputs(" WHERE 1 = 0", sql.stream);
	status = execute_once(job, db, &sql);
	if (status != MR_OK || retention_text_open(&sql) < 0)
		return status == MR_OK ? MR_RETRY : status;
	snprintf(index, sizeof(index), "%s_id", job->backup_to);
	fputs("CREATE INDEX ", sql.stream);
	retention_add_name(sql.stream, index);
	fputs(" ON ", sql.stream);
	retention_add_name(sql.stream, job->backup_to);
	fputs(" (\"id\")", sql.stream);
	return execute_once(job, db, &sql);
}

mr_status mirror_run(struct retention *job)
{
	const struct mr_host *host = job->task->host;
	struct mr_db *db;
	mr_status status = MR_OK;

	if (is_there(job))
		return move_all(job);
	status = host->db_open(job->task, NULL, &db);
	if (status != MR_OK)
		return status;
	status = make(job, db);
	if (status == MR_OK)
		status = host->db_commit(job->task, db);
	host->db_close(job->task, db);
	if (status != MR_OK)
		return retention_failed(job, status, "the backup table cannot be made");
	return move_all(job);
}
