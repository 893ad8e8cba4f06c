/* unpack.c - packed or plain, by the first bytes */
#include "storage/load/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

enum { BLOCK_BYTES = 256 * 1024, MAGIC_BYTES = 6 };

struct unpack {
	struct load_input input;
	struct archive *archive; /* NULL: the source is plain */
	const char *format;      /* of a packed one */
	int64_t bytes;
	char *block; /* the source's next bytes */
	size_t filled, used;
	int is_broken; /* the source failed; `err` says how */
	struct err err;
};

static const struct {
	const char *name;
	size_t size;
	const char *magic;
	int (*support)(struct archive *archive);
} formats[] = {
	{"gzip", 2, "\x1f\x8b", archive_read_support_filter_gzip},
	{"zstd", 4, "\x28\xb5\x2f\xfd", archive_read_support_filter_zstd},
	{"bzip2", 3, "BZh", archive_read_support_filter_bzip2},
	{"xz", 6, "\xfd\x37zXZ\x00", archive_read_support_filter_xz},
};

/* Reads a block; nothing is left of the last one. */
static int fill(struct unpack *unpack, struct err *err)
{
	unpack->used = unpack->filled = 0;
	if (unpack->input.read(unpack->input.data, unpack->block, BLOCK_BYTES, &unpack->filled,
	                       err) < 0)
		return -1;
	unpack->bytes += (int64_t)unpack->filled;
	return 0;
}

/* The first bytes may come one by one, as of a pipe. */
static int fill_magic(struct unpack *unpack, struct err *err)
{
	size_t got;

	while (unpack->filled < MAGIC_BYTES) {
		if (unpack->input.read(unpack->input.data, unpack->block + unpack->filled,
		                       BLOCK_BYTES - unpack->filled, &got, err) < 0)
			return -1;
		if (got == 0)
			break;
		unpack->filled += got;
	}
	unpack->bytes = (int64_t)unpack->filled;
	return 0;
}

static la_ssize_t give_block(struct archive *archive, void *data, const void **bytes)
{
	struct unpack *unpack = data;
	size_t size;

	if (unpack->used == unpack->filled && fill(unpack, &unpack->err) < 0) {
		unpack->is_broken = 1;
		archive_set_error(archive, EIO, "the source failed");
		return -1;
	}
	*bytes = unpack->block + unpack->used;
	size = unpack->filled - unpack->used;
	unpack->used = unpack->filled;
	return (la_ssize_t)size;
}

static int archive_failed(const struct unpack *unpack, struct err *err)
{
	const char *why = archive_error_string(unpack->archive);

	if (unpack->is_broken) {
		*err = unpack->err;
		return -1;
	}
	return err_set(err, ERR_INVALID,
	               "the input is packed with %s and ends early or is damaged at byte %lld: %s",
	               unpack->format, (long long)unpack->bytes, why ? why : "no reason is known");
}

static int open_archive(struct unpack *unpack, int (*support)(struct archive *), struct err *err)
{
	struct archive_entry *entry;

	unpack->archive = archive_read_new();
	if (!unpack->archive)
		return err_set(err, ERR_FAILED, "could not prepare unpacking");
	archive_read_support_format_raw(unpack->archive);
	/* a warning says that an outside program is used: then the library is too small for us */
	if (support(unpack->archive) != ARCHIVE_OK)
		return err_set(err, ERR_FAILED,
		               "the input is packed with %s, which is not built in",
		               unpack->format);
	if (archive_read_open(unpack->archive, unpack, NULL, give_block, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(unpack->archive, &entry) != ARCHIVE_OK)
		return archive_failed(unpack, err);
	return 0;
}

static int open_by_magic(struct unpack *unpack, struct err *err)
{
	if (fill_magic(unpack, err) < 0)
		return -1;
	for (size_t i = 0; i < countof(formats); i++) {
		if (unpack->filled < formats[i].size ||
		    memcmp(unpack->block, formats[i].magic, formats[i].size) != 0)
			continue;
		unpack->format = formats[i].name;
		return open_archive(unpack, formats[i].support, err);
	}
	return 0;
}

struct unpack *unpack_open(const struct load_input *input, struct err *err)
{
	struct unpack *unpack = mem_alloc(sizeof(*unpack));

	unpack->input = *input;
	unpack->block = mem_alloc(BLOCK_BYTES);
	if (open_by_magic(unpack, err) < 0) {
		unpack_close(unpack);
		return NULL;
	}
	return unpack;
}

void unpack_close(struct unpack *unpack)
{
	if (!unpack)
		return;
	archive_read_free(unpack->archive);
	free(unpack->block);
	free(unpack);
}

static int read_plain(struct unpack *unpack, void *bytes, size_t size, size_t *got, struct err *err)
{
	/* past the first bytes straight to where they are wanted */
	if (unpack->used == unpack->filled) {
		if (unpack->input.read(unpack->input.data, bytes, size, got, err) < 0)
			return -1;
		unpack->bytes += (int64_t)*got;
		return 0;
	}
	*got = unpack->filled - unpack->used;
	if (*got > size)
		*got = size;
	memcpy(bytes, unpack->block + unpack->used, *got);
	unpack->used += *got;
	return 0;
}

int unpack_read(struct unpack *unpack, void *bytes, size_t size, size_t *got, struct err *err)
{
	la_ssize_t count;

	if (!unpack->archive)
		return read_plain(unpack, bytes, size, got, err);
	count = archive_read_data(unpack->archive, bytes, size);
	if (count < 0)
		return archive_failed(unpack, err);
	*got = (size_t)count;
	return 0;
}

int64_t unpack_bytes(const struct unpack *unpack)
{
	return unpack->bytes;
}
