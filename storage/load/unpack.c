/* unpack.c - packed or plain, by the first bytes */
#include "storage/load/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/late.h"
#include "lib/mem.h"

enum { BLOCK_BYTES = 256 * 1024, MAGIC_BYTES = 6, TRAILER_BYTES = 8 };

/* libarchive, once it is loaded. */
static struct {
	__typeof__(archive_read_new) *read_new;
	__typeof__(archive_read_support_format_raw) *support_raw;
	__typeof__(archive_read_support_filter_gzip) *support_gzip;
	__typeof__(archive_read_support_filter_zstd) *support_zstd;
	__typeof__(archive_read_support_filter_bzip2) *support_bzip2;
	__typeof__(archive_read_support_filter_xz) *support_xz;
	__typeof__(archive_read_open) *read_open;
	__typeof__(archive_read_next_header) *read_next_header;
	__typeof__(archive_read_data) *read_data;
	__typeof__(archive_read_free) *read_free;
	__typeof__(archive_error_string) *error_string;
	__typeof__(archive_set_error) *set_error;
	struct err err; /* why there is none */
} library;

struct unpack {
	struct load_input input;
	struct archive *archive; /* NULL: the source is plain */
	const char *format;      /* of a packed one */
	int64_t bytes;
	char *block; /* the source's next bytes */
	size_t filled, used;
	int is_broken; /* the source failed; `err` says how */

	/* of gzip, whose checksum libarchive passes over */
	int has_checksum;
	uint32_t crc, size;                   /* of what came out, modulo 2^32 */
	unsigned char trailer[TRAILER_BYTES]; /* the last bytes that went in */
	struct err err;
};

static const struct {
	const char *name;
	size_t size;
	const char *magic;
	__typeof__(archive_read_support_filter_gzip) **support;
	int has_checksum; /* for us to look at */
} formats[] = {
	{"gzip", 2, "\x1f\x8b", &library.support_gzip, 1},
	{"zstd", 4, "\x28\xb5\x2f\xfd", &library.support_zstd, 0},
	{"bzip2", 3, "BZh", &library.support_bzip2, 0},
	{"xz", 6, "\xfd\x37zXZ\x00", &library.support_xz, 0},
};

static void load_library(void)
{
	static const struct late_symbol symbols[] = {
		{"archive_read_new", &library.read_new},
		{"archive_read_support_format_raw", &library.support_raw},
		{"archive_read_support_filter_gzip", &library.support_gzip},
		{"archive_read_support_filter_zstd", &library.support_zstd},
		{"archive_read_support_filter_bzip2", &library.support_bzip2},
		{"archive_read_support_filter_xz", &library.support_xz},
		{"archive_read_open", &library.read_open},
		{"archive_read_next_header", &library.read_next_header},
		{"archive_read_data", &library.read_data},
		{"archive_read_free", &library.read_free},
		{"archive_error_string", &library.error_string},
		{"archive_set_error", &library.set_error},
	};

	if (late_load("libarchive.so.13", symbols, countof(symbols), &library.err) == 0)
		library.err.code = ERR_NONE;
}

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

static void keep_trailer(struct unpack *unpack, const char *bytes, size_t size)
{
	size_t kept = size < TRAILER_BYTES ? TRAILER_BYTES - size : 0;

	memmove(unpack->trailer, unpack->trailer + TRAILER_BYTES - kept, kept);
	memcpy(unpack->trailer + kept, bytes + size - (TRAILER_BYTES - kept), TRAILER_BYTES - kept);
}

static la_ssize_t give_block(struct archive *archive, void *data, const void **bytes)
{
	struct unpack *unpack = data;
	size_t size;

	if (unpack->used == unpack->filled && fill(unpack, &unpack->err) < 0) {
		unpack->is_broken = 1;
		library.set_error(archive, EIO, "the source failed");
		return -1;
	}
	*bytes = unpack->block + unpack->used;
	size = unpack->filled - unpack->used;
	unpack->used = unpack->filled;
	keep_trailer(unpack, *bytes, size);
	return (la_ssize_t)size;
}

static int archive_failed(const struct unpack *unpack, struct err *err)
{
	const char *why = library.error_string(unpack->archive);

	if (unpack->is_broken) {
		*err = unpack->err;
		return -1;
	}
	return err_set(err, ERR_INVALID,
	               "the input is packed with %s and ends early or is damaged at byte %lld: %s",
	               unpack->format, (long long)unpack->bytes, why ? why : "no reason is known");
}

static int open_archive(struct unpack *unpack, __typeof__(library.support_gzip) *support,
                        struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct archive_entry *entry;

	pthread_once(&once, load_library);
	if (library.err.code != ERR_NONE) {
		*err = library.err;
		return -1;
	}
	unpack->archive = library.read_new();
	if (!unpack->archive)
		return err_set(err, ERR_FAILED, "could not prepare unpacking");
	library.support_raw(unpack->archive);
	/* a warning says that an outside program is used: then the library is too small for us */
	if ((*support)(unpack->archive) != ARCHIVE_OK)
		return err_set(err, ERR_FAILED,
		               "the input is packed with %s, which is not built in",
		               unpack->format);
	if (library.read_open(unpack->archive, unpack, NULL, give_block, NULL) != ARCHIVE_OK ||
	    library.read_next_header(unpack->archive, &entry) != ARCHIVE_OK)
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
		unpack->has_checksum = formats[i].has_checksum;
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
	if (unpack->archive)
		library.read_free(unpack->archive);
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

/* CRC-32 of RFC 1952, four bits at a time. */
static uint32_t add_crc(uint32_t crc, const unsigned char *bytes, size_t size)
{
	static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
	                                   0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
	                                   0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
	                                   0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};

	crc = ~crc;
	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

static uint32_t little_endian(const unsigned char *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* A trailer of another size is that of the last member of several: it tells nothing of the others. */
static int check_trailer(const struct unpack *unpack, struct err *err)
{
	if (!unpack->has_checksum || little_endian(unpack->trailer + 4) != unpack->size ||
	    little_endian(unpack->trailer) == unpack->crc)
		return 0;
	return err_set(err, ERR_INVALID,
	               "the input is packed with %s and is damaged: its checksum differs",
	               unpack->format);
}

int unpack_read(struct unpack *unpack, void *bytes, size_t size, size_t *got, struct err *err)
{
	la_ssize_t count;

	if (!unpack->archive)
		return read_plain(unpack, bytes, size, got, err);
	count = library.read_data(unpack->archive, bytes, size);
	if (count < 0)
		return archive_failed(unpack, err);
	*got = (size_t)count;
	if (count == 0)
		return check_trailer(unpack, err);
	if (unpack->has_checksum) {
		unpack->crc = add_crc(unpack->crc, bytes, *got);
		unpack->size += (uint32_t)*got;
	}
	return 0;
}

int64_t unpack_bytes(const struct unpack *unpack)
{
	return unpack->bytes;
}
