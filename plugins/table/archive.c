/* archive.c - old rows into a CSV object
 *
 * The plan is a watermark: {"uri"} of a copy that is being written, or {"uri", "rows", "sha256"} of one
 * that was verified and whose rows are being deleted. It changes in transactions under the fence of the
 * attempt, so of two attempts the older one can neither verify nor delete once the newer one has begun.
 */
#include "plugins/table/archive.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "plugins/table/sweep.h"

enum {
	READ_BYTES = 64 * 1024,
	NAME_BYTES = 256,
	URI_BYTES = 8 * 1024,
};

struct plan {
	char *uri;
	int64_t rows;
	char sha256[RETENTION_HASH_SIZE]; /* "" while it is written */
};

static void name_plan(const struct retention *job, char name[NAME_BYTES])
{
	snprintf(name, NAME_BYTES, "retention.%s", job->table);
}

/* -- the plan -- */

static mr_status read_plan(const struct retention *job, struct plan *plan)
{
	char name[NAME_BYTES];
	const char *text, *sha256;
	json_t *stored;
	mr_status status;

	name_plan(job, name);
	status = job->task->host->watermark_get(job->task, name, &text);
	if (status != MR_OK)
		return status == MR_END ? MR_OK : status;
	stored = json_loads(text, 0, NULL);
	sha256 = json_string_value(json_object_get(stored, "sha256"));
	if (json_is_string(json_object_get(stored, "uri")))
		plan->uri = strdup(json_string_value(json_object_get(stored, "uri")));
	plan->rows = json_integer_value(json_object_get(stored, "rows"));
	if (sha256)
		snprintf(plan->sha256, sizeof(plan->sha256), "%s", sha256);
	json_decref(stored);
	return MR_OK;
}

/* NULL: there is none any more. */
static mr_status write_plan(const struct retention *job, struct mr_db *db, const struct plan *plan)
{
	char name[NAME_BYTES];
	json_t *value = json_null();
	char *text;
	mr_status status;

	if (plan && *plan->sha256)
		value = json_pack("{s:s, s:I, s:s}", "uri", plan->uri, "rows",
		                  (json_int_t)plan->rows, "sha256", plan->sha256);
	else if (plan)
		value = json_pack("{s:s}", "uri", plan->uri);
	text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(value);
	if (!text)
		return retention_no_memory(job);
	name_plan(job, name);
	status = job->task->host->watermark_set(job->task, db, name, text);
	free(text);
	return status;
}

/* The same in a transaction of its own. */
static mr_status store_plan(const struct retention *job, const struct plan *plan)
{
	const struct mr_host *host = job->task->host;
	struct mr_db *db;
	mr_status status = host->db_open(job->task, NULL, &db);

	if (status != MR_OK)
		return status;
	status = write_plan(job, db, plan);
	if (status == MR_OK)
		status = host->db_commit(job->task, db);
	host->db_close(job->task, db);
	return status;
}

/* -- names -- */

/* `objects://a/user.csv` to `objects://a/user-20261121T020000Z-3f9a1c.csv`; below a URI that ends in
 * '/' the table's name stands in front. */
static mr_status name_copy(const struct retention *job, struct plan *plan)
{
	const char *to = job->backup_to, *end = to + strlen(to);
	struct timespec now;
	unsigned char noise[3];
	char stamp[32];
	struct tm parts;

	clock_gettime(CLOCK_REALTIME, &now);
	if (!gmtime_r(&now.tv_sec, &parts) ||
	    getrandom(noise, sizeof(noise), 0) != (ssize_t)sizeof(noise))
		return mr_fail(job->task, MR_RETRY, "could not make a name for the copy");
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &parts);
	if (end - to > 4 && strcmp(end - 4, ".csv") == 0)
		end -= 4;
	plan->uri = malloc(URI_BYTES);
	if (!plan->uri)
		return retention_no_memory(job);
	snprintf(plan->uri, URI_BYTES, "%.*s%s-%s-%02x%02x%02x.csv", (int)(end - to), to,
	         end[-1] == '/' ? job->table : "", stamp, noise[0], noise[1], noise[2]);
	return MR_OK;
}

/* -- writing the copy -- */

struct writing {
	const struct retention *job;
	struct mr_db *db;
	struct mr_object *object;
	struct retention_hash *hash;
	int64_t rows;
};

static mr_status write_text(struct writing *writing, struct retention_text *text)
{
	const struct retention *job = writing->job;
	mr_status status;

	fclose(text->stream);
	retention_hash_add(writing->hash, text->text, text->size);
	status = job->task->host->object_write(job->task, writing->object, text->text, text->size);
	free(text->text);
	return status;
}

static mr_status write_header(struct writing *writing)
{
	const struct retention *job = writing->job;
	struct retention_text text;

	if (retention_text_open(&text) < 0)
		return retention_no_memory(job);
	for (size_t i = 0; i < job->column_count; i++) {
		if (i)
			fputc(',', text.stream);
		retention_add_text(job->columns[i].name, strlen(job->columns[i].name), text.stream);
	}
	fputs("\r\n", text.stream);
	return write_text(writing, &text);
}

static mr_status write_rows(struct writing *writing, const struct mr_rows *rows)
{
	struct retention_text text;

	if (retention_text_open(&text) < 0)
		return retention_no_memory(writing->job);
	for (size_t i = 0; i < rows->count; i++)
		retention_add_line(writing->job, rows->values + i * rows->columns, text.stream);
	writing->rows += (int64_t)rows->count;
	writing->job->task->host->progress(writing->job->task, writing->rows, 0, "rows", "copied");
	return write_text(writing, &text);
}

static mr_status query_old(struct writing *writing)
{
	const struct retention *job = writing->job;
	const struct mr_value cutoff = retention_cutoff(job);
	const char *const *names;
	struct retention_text sql;
	size_t columns;
	mr_status status;

	if (retention_text_open(&sql) < 0)
		return retention_no_memory(job);
	fputs("SELECT ", sql.stream);
	retention_add_columns(job, sql.stream);
	fputs(" FROM ", sql.stream);
	retention_add_name(sql.stream, job->table);
	fputs(" WHERE ", sql.stream);
	retention_add_name(sql.stream, job->column);
	fputs(" < $1 ORDER BY \"id\"", sql.stream);
	fclose(sql.stream);
	status = job->task->host->db_query(job->task, writing->db, sql.text, &cutoff, 1, &names,
	                                   &columns);
	free(sql.text);
	return status;
}

static mr_status write_all(struct writing *writing, struct plan *plan)
{
	const struct retention *job = writing->job;
	const struct mr_host *host = job->task->host;
	const struct mr_rows *rows;
	mr_status status = query_old(writing);

	if (status == MR_OK)
		status = write_header(writing);
	while (status == MR_OK) {
		status = host->db_next(job->task, writing->db, &rows);
		if (status == MR_OK)
			status = write_rows(writing, rows);
	}
	if (status == MR_END)
		status = host->object_commit(job->task, writing->object, NULL);
	plan->rows = writing->rows;
	return status;
}

static mr_status write_copy(const struct retention *job, struct plan *plan)
{
	const struct mr_db_options options = {.size = sizeof(options), .flags = MR_DB_READ_ONLY};
	struct writing writing = {.job = job, .hash = retention_hash_new()};
	const struct mr_host *host = job->task->host;
	mr_status status;

	if (!writing.hash)
		return retention_no_memory(job);
	status = host->object_open(job->task, plan->uri, MR_WRITE, &writing.object);
	if (status == MR_OK) {
		status = host->db_open(job->task, &options, &writing.db);
		if (status == MR_OK)
			status = write_all(&writing, plan);
		host->db_close(job->task, writing.db);
		host->object_close(job->task, writing.object);
	}
	retention_hash_end(writing.hash, plan->sha256);
	return status;
}

/* -- reading it back -- */

static mr_status hash_object(const struct retention *job, const char *uri,
                             char hex[RETENTION_HASH_SIZE])
{
	const struct mr_host *host = job->task->host;
	struct retention_hash *hash = retention_hash_new();
	char *bytes = malloc(READ_BYTES);
	struct mr_object *object = NULL;
	mr_status status = MR_RETRY;
	size_t got;

	if (hash && bytes)
		status = host->object_open(job->task, uri, MR_READ, &object);
	while (status == MR_OK) {
		status = host->object_read(job->task, object, bytes, READ_BYTES, &got);
		if (status == MR_OK)
			retention_hash_add(hash, bytes, got);
	}
	host->object_close(job->task, object);
	if (hash)
		retention_hash_end(hash, hex);
	free(bytes);
	return status == MR_END ? MR_OK : status;
}

/* MR_END: the copy is gone, or is not what was written. */
static mr_status verify(const struct retention *job, const struct plan *plan)
{
	struct mr_object_stat stat = {.size = sizeof(stat)};
	char found[RETENTION_HASH_SIZE] = "";
	mr_status status = job->task->host->object_stat(job->task, plan->uri, &stat);

	if (status == MR_OK)
		status = hash_object(job, plan->uri, found);
	if (status != MR_OK)
		return status;
	return strcmp(found, plan->sha256) == 0 ? MR_OK : MR_END;
}

/* -- deleting -- */

/* Deletes the rows of a copy that was verified just now, then forgets the plan. */
static mr_status sweep(struct retention *job, const struct plan *plan)
{
	mr_status status = sweep_run(job, plan->uri);

	if (status == MR_OK)
		status = store_plan(job, NULL);
	if (status != MR_OK)
		return status;
	job->copied += plan->rows;
	retention_set_backup(job, plan->uri);
	return MR_OK;
}

/* Goes on with a copy that an attempt before has verified. */
static mr_status go_on(struct retention *job, const struct plan *plan)
{
	mr_status status = verify(job, plan);

	if (status == MR_OK)
		return sweep(job, plan);
	if (status != MR_END)
		return status;
	status = store_plan(job, NULL);
	if (status != MR_OK)
		return status;
	return mr_fail(
		job->task, MR_FAIL,
		"the copy '%s' of %lld rows is gone or damaged, rows that were deleted by it "
		"before are lost with it; nothing more was deleted, the next run copies anew",
		plan->uri, (long long)plan->rows);
}

/* -- all of it -- */

static mr_status has_old_rows(struct retention *job, int *found)
{
	const struct mr_db_options options = {.size = sizeof(options), .flags = MR_DB_READ_ONLY};
	struct writing writing = {.job = job};
	const struct mr_host *host = job->task->host;
	const struct mr_rows *rows;
	mr_status status = host->db_open(job->task, &options, &writing.db);

	if (status != MR_OK)
		return status;
	status = query_old(&writing);
	if (status == MR_OK)
		status = host->db_next(job->task, writing.db, &rows);
	host->db_close(job->task, writing.db);
	*found = status == MR_OK;
	return status == MR_END ? MR_OK : status;
}

static mr_status copy_and_sweep(struct retention *job, struct plan *plan)
{
	mr_status status = write_copy(job, plan);

	if (status == MR_OK)
		status = verify(job, plan);
	if (status == MR_END)
		return mr_fail(job->task, MR_RETRY,
		               "the copy '%s' is not what was written; nothing was deleted",
		               plan->uri);
	if (status == MR_OK)
		status = store_plan(job, plan);
	return status == MR_OK ? sweep(job, plan) : status;
}

/* What an attempt before has begun to write was not verified: no row was deleted by it. */
static mr_status begin_anew(struct retention *job, const struct plan *before)
{
	struct plan plan = {0};
	int found = 0;
	mr_status status = has_old_rows(job, &found);

	if (status == MR_OK && found)
		status = name_copy(job, &plan);
	if (status == MR_OK && (found || before->uri))
		status = store_plan(job, found ? &plan : NULL);
	/* from here on an attempt that was given up cannot verify it any more */
	if (status == MR_OK && before->uri) {
		status = job->task->host->object_delete(job->task, before->uri);
		status = status == MR_END ? MR_OK : status;
	}
	if (status == MR_OK && found)
		status = copy_and_sweep(job, &plan);
	free(plan.uri);
	return status;
}

/* Reads the plan in a writing transaction: who is older than this attempt changes it no more. */
static mr_status take_over(const struct retention *job, struct plan *plan)
{
	const struct mr_host *host = job->task->host;
	struct mr_db *db;
	mr_status status = host->db_open(job->task, NULL, &db);

	if (status != MR_OK)
		return status;
	status = read_plan(job, plan);
	if (status == MR_OK)
		status = host->db_commit(job->task, db);
	host->db_close(job->task, db);
	return status;
}

mr_status archive_run(struct retention *job)
{
	struct plan plan = {0};
	mr_status status = take_over(job, &plan);

	if (status == MR_OK && plan.uri && *plan.sha256) {
		status = go_on(job, &plan);
		free(plan.uri);
		plan.uri = NULL;
	}
	if (status == MR_OK)
		status = begin_anew(job, &plan);
	free(plan.uri);
	return status;
}
