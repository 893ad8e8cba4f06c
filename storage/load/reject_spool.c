/* reject_spool.c - a file of CSV lines that grows and is cut */
#include "storage/load/reject_spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/crypto.h"
#include "lib/file.h"
#include "lib/mem.h"

enum { PENDING_BYTES = 64 * 1024, COPY_BYTES = 256 * 1024 };

static char *path_of(const struct reject_spool *spool, int64_t fence)
{
	struct buf path = {0};

	buf_printf(&path, "%s-%" PRId64 ".rejects", spool->base, fence);
	return buf_take(&path);
}

void reject_spool_init(struct reject_spool *spool, const char *folder, const char *load_id,
                       int64_t fence)
{
	char digest[CRYPTO_SHA256_HEX_SIZE];
	struct buf base = {0};

	memset(spool, 0, sizeof(*spool));
	spool->fd = -1;
	spool->dialect = (struct csv_dialect){',', '"'};
	csv_record_init(&spool->record);
	crypto_sha256_hex(load_id, strlen(load_id), digest);
	buf_printf(&base, "%s/load-%.32s", folder, digest);
	spool->base = buf_take(&base);
	spool->path = path_of(spool, fence);
}

void reject_spool_release(struct reject_spool *spool)
{
	if (spool->fd >= 0)
		close(spool->fd);
	spool->fd = -1;
	free(spool->base);
	free(spool->path);
	spool->base = spool->path = NULL;
	buf_release(&spool->pending);
	csv_record_release(&spool->record);
}

static int failed(const struct reject_spool *spool, struct err *err)
{
	return err_errno(err, errno, "could not write rejects to '%s'", spool->path);
}

static int open_file(struct reject_spool *spool, int flags, struct err *err)
{
	char *slash = strrchr(spool->path, '/');
	int result;

	*slash = '\0';
	result = file_make_folder(spool->path, err);
	*slash = '/';
	if (result < 0)
		return -1;
	spool->fd = open(spool->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
	return spool->fd < 0 ? failed(spool, err) : 0;
}

/* Copies the first `bytes` of an earlier attempt's file; 1, 0 when it does not have them, -1. */
static int copy_from(struct reject_spool *spool, const char *path, int64_t bytes, struct err *err)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	auto_free char *block = NULL;
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0 || status.st_size < bytes)
		return 0;
	if (spool->fd < 0 && open_file(spool, O_TRUNC, err) < 0)
		return -1;
	block = mem_alloc(COPY_BYTES);
	while (spool->bytes < bytes) {
		int64_t left = bytes - spool->bytes;
		ssize_t got = pread(fd, block, left < COPY_BYTES ? (size_t)left : COPY_BYTES,
		                    spool->bytes);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || file_write_all(spool->fd, block, (size_t)got) < 0)
			return failed(spool, err);
		spool->bytes += got;
	}
	return 1;
}

/* The latest file that is long enough begins with what the last checkpoint counted: each attempt copied
 * that before it wrote more. */
static int copy_latest(struct reject_spool *spool, int64_t fence, int64_t bytes, struct err *err)
{
	int found = 0;

	for (int64_t earlier = fence - 1; earlier > 0 && found == 0; earlier--) {
		auto_free char *path = path_of(spool, earlier);

		found = copy_from(spool, path, bytes, err);
	}
	if (found == 0)
		return err_set(
			err, ERR_DAMAGED,
			"the rejects of the load's first part are gone: '%s-*.rejects' should have "
			"%" PRId64 " bytes",
			spool->base, bytes);
	return found < 0 ? -1 : reject_spool_sync(spool, err);
}

int reject_spool_resume(struct reject_spool *spool, int64_t fence, int64_t bytes, struct err *err)
{
	free(spool->path);
	spool->path = path_of(spool, fence);
	if (bytes > 0 && copy_latest(spool, fence, bytes, err) < 0)
		return -1;
	for (int64_t earlier = fence - 1; earlier > 0; earlier--) {
		auto_free char *path = path_of(spool, earlier);

		unlink(path);
	}
	return 0;
}

int reject_spool_cut(struct reject_spool *spool, int64_t bytes, struct err *err)
{
	buf_clear(&spool->pending);
	if (spool->fd < 0)
		return 0;
	if (ftruncate(spool->fd, bytes) < 0 || lseek(spool->fd, bytes, SEEK_SET) < 0)
		return failed(spool, err);
	spool->bytes = spool->synced_bytes = bytes;
	return 0;
}

static int flush(struct reject_spool *spool, struct err *err)
{
	if (spool->fd < 0 && open_file(spool, O_TRUNC, err) < 0)
		return -1;
	if (file_write_all(spool->fd, spool->pending.data, spool->pending.size) < 0)
		return failed(spool, err);
	spool->bytes += (int64_t)spool->pending.size;
	buf_clear(&spool->pending);
	return 0;
}

static int end_line(struct reject_spool *spool, struct err *err)
{
	buf_append(&spool->pending, "\r\n", 2);
	return spool->pending.size < PENDING_BYTES ? 0 : flush(spool, err);
}

int reject_spool_is_begun(const struct reject_spool *spool)
{
	return spool->bytes > 0 || spool->pending.size > 0;
}

int reject_spool_begin(struct reject_spool *spool, const char *const *names, size_t count,
                       struct err *err)
{
	buf_text(&spool->pending, "line,column,code,reason");
	for (size_t i = 0; i < count; i++) {
		buf_char(&spool->pending, ',');
		csv_record_append_field(&spool->pending, names[i], strlen(names[i]), 0);
	}
	return end_line(spool, err);
}

/* The record as such may be no CSV. */
static int is_malformed(enum flaw_code code)
{
	return code == FLAW_QUOTE || code == FLAW_LINE_END || code == FLAW_ENCODING ||
	       code == FLAW_NUL;
}

/* The record in our own dialect: as it stands where it is well-formed in that already. */
static void append_raw(struct reject_spool *spool, const struct stage_entry *entry)
{
	const struct csv_record *record = &spool->record;
	size_t count;

	if (spool->dialect.delimiter == ',' && spool->dialect.quote == '"' &&
	    !is_malformed(entry->code)) {
		buf_append(&spool->pending, entry->raw, entry->raw_size);
		return;
	}
	if (entry->raw_size == 0 ||
	    csv_record_split(&spool->record, spool->dialect, entry->raw, entry->raw_size, 1) <= 0)
		return;
	count = record->field_count < CSV_RECORD_FIELDS ? record->field_count : CSV_RECORD_FIELDS;
	for (size_t i = 0; i < count; i++) {
		const struct csv_field *field = &record->fields[i];

		if (i > 0)
			buf_char(&spool->pending, ',');
		csv_record_append_field(&spool->pending, field->text, field->size,
		                        field->is_quoted);
	}
}

int reject_spool_add(struct reject_spool *spool, const struct stage_entry *entry, struct err *err)
{
	buf_printf(&spool->pending, "%" PRId64 ",", entry->line);
	if (entry->column)
		csv_record_append_field(&spool->pending, entry->column->name,
		                        strlen(entry->column->name), 0);
	buf_printf(&spool->pending, ",%s,", flaw_name(entry->code));
	csv_record_append_field(&spool->pending, entry->detail, strlen(entry->detail), 0);
	buf_char(&spool->pending, ',');
	append_raw(spool, entry);
	return end_line(spool, err);
}

int reject_spool_sync(struct reject_spool *spool, struct err *err)
{
	if (spool->pending.size > 0 && flush(spool, err) < 0)
		return -1;
	if (spool->bytes == spool->synced_bytes)
		return 0;
	if (fsync(spool->fd) < 0)
		return failed(spool, err);
	spool->synced_bytes = spool->bytes;
	return 0;
}

static int copy(struct reject_spool *spool, struct object_writer *writer, struct err *err)
{
	auto_free char *block = mem_alloc(COPY_BYTES);
	int64_t at = 0;

	while (at < spool->bytes) {
		ssize_t got = pread(spool->fd, block, COPY_BYTES, at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return err_set(err, ERR_DAMAGED, "could not read the rejects in '%s'",
			               spool->path);
		if (object_store_write(writer, block, (size_t)got, err) < 0)
			return -1;
		at += got;
	}
	return 0;
}

int reject_spool_publish(struct reject_spool *spool, const struct object_ref *target,
                         struct err *err)
{
	struct object_writer *writer;

	if (reject_spool_sync(spool, err) < 0 || object_store_create(target, &writer, err) < 0)
		return -1;
	if (copy(spool, writer, err) < 0) {
		object_store_abort(writer);
		return -1;
	}
	return object_store_commit(writer, NULL, err);
}

void reject_spool_remove(struct reject_spool *spool)
{
	if (spool->fd >= 0)
		unlink(spool->path);
}
