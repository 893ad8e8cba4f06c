/* object_store.h - where objects are: one interface, several drivers
 *
 * A driver (dir_store.h, later S3) embeds `struct object_store` and fills the table. Everything that
 * names one object takes a `struct object_ref`, which object_registry_resolve() makes of a URI; a ref
 * borrows its store and texts. A store may be used by several threads at once, a reader or writer by
 * one at a time. Errors name the object as `ref->text`: ERR_NOT_FOUND, ERR_DENIED, ERR_CONFLICT,
 * ERR_NO_SPACE, ERR_INVALID (a folder is no object), ERR_USAGE (a key the store cannot hold).
 */
#ifndef STORAGE_OBJECT_OBJECT_STORE_H
#define STORAGE_OBJECT_OBJECT_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"

enum {
	OBJECT_STORE_ETAG_SIZE = 72,
	OBJECT_STORE_PAGE = 1000, /* keys of one page, at most */
};

struct object_store;
struct object_reader;
struct object_writer;

/* One object of one store. */
struct object_ref {
	struct object_store *store;
	const char *bucket; /* "" where the store is a folder of files */
	const char *key;    /* of a list: the prefix, may be "" */
	const char *text;   /* the URI, for the user */
};

struct object_stat {
	int64_t size_bytes;  /* -1 when it cannot be known (a pipe) */
	int64_t modified_us; /* since the epoch, UTC */
	/* changes with each write of the object; of a folder: size, mtime and inode in hex */
	char etag[OBJECT_STORE_ETAG_SIZE];
	const char *content_type; /* by the key's ending where the store keeps none; static */
};

/* Which bytes: all is {0, -1}. */
struct object_range {
	int64_t offset, length; /* length -1: to the end */
};

struct object_entry {
	const char *key;
	struct object_stat stat;
};

struct object_page {
	struct object_entry *entries; /* in the byte order of their keys; memory is the arena's */
	size_t count;
	int has_more; /* go on with `after` = the last key */
};

enum object_method { OBJECT_METHOD_GET, OBJECT_METHOD_PUT };

/* What a driver does. Readers and writers are the driver's own; it embeds their first part. */
struct object_store_driver {
	const char *name;
	int (*open)(const struct object_ref *ref, struct object_range range,
	            struct object_reader **reader, struct err *err);
	int (*read)(struct object_reader *reader, void *bytes, size_t size, size_t *got,
	            struct err *err);
	void (*close)(struct object_reader *reader);
	int (*create)(const struct object_ref *ref, struct object_writer **writer, struct err *err);
	int (*write)(struct object_writer *writer, const void *bytes, size_t size, struct err *err);
	/* 0 or -1; the writer is freed either way */
	int (*commit)(struct object_writer *writer, struct object_stat *stat, struct err *err);
	void (*abort)(struct object_writer *writer);
	int (*stat)(const struct object_ref *ref, struct object_stat *stat, struct err *err);
	int (*list)(const struct object_ref *prefix, const char *after, size_t limit,
	            struct arena *arena, struct object_page *page, struct err *err);
	int (*remove)(const struct object_ref *ref, struct err *err);
	int (*presign)(const struct object_ref *ref, enum object_method method, int64_t expires_s,
	               struct arena *arena, char **url, struct err *err);
	void (*free)(struct object_store *store);
};

struct object_store {
	const struct object_store_driver *driver;
};

struct object_reader {
	struct object_store *store;
	struct object_stat stat; /* of the whole object, as it was when it was opened */
};

struct object_writer {
	struct object_store *store;
};

void object_store_free(struct object_store *store);

MUST_CHECK int object_store_open(const struct object_ref *ref, struct object_range range,
                                 struct object_reader **reader, struct err *err);
/* Up to `size` bytes; *got is 0 only at the end. */
MUST_CHECK int object_store_read(struct object_reader *reader, void *bytes, size_t size,
                                 size_t *got, struct err *err);
void object_store_close(struct object_reader *reader);

/* Nobody sees the object before object_store_commit(); an older one stays readable until then.
 * Without a commit nothing happened. */
MUST_CHECK int object_store_create(const struct object_ref *ref, struct object_writer **writer,
                                   struct err *err);
MUST_CHECK int object_store_write(struct object_writer *writer, const void *bytes, size_t size,
                                  struct err *err);
/* Frees the writer whatever happens; `stat` may be NULL. */
MUST_CHECK int object_store_commit(struct object_writer *writer, struct object_stat *stat,
                                   struct err *err);
/* Frees the writer and forgets what it wrote; NULL is fine, and so is a call after no commit. */
void object_store_abort(struct object_writer *writer);

MUST_CHECK int object_store_stat(const struct object_ref *ref, struct object_stat *stat,
                                 struct err *err);
/* The keys behind `after` ("" from the first) that begin with `prefix->key`, at most `limit` and
 * OBJECT_STORE_PAGE. A bucket that does not exist is ERR_NOT_FOUND. */
MUST_CHECK int object_store_list(const struct object_ref *prefix, const char *after, size_t limit,
                                 struct arena *arena, struct object_page *page, struct err *err);
/* Streams from one to the other; they may be of different stores. `stat` may be NULL. */
MUST_CHECK int object_store_copy(const struct object_ref *from, const struct object_ref *to,
                                 struct object_stat *stat, struct err *err);
MUST_CHECK int object_store_delete(const struct object_ref *ref, struct err *err);
/* A URL that is good for `expires_s` seconds without credentials; a folder refuses. */
MUST_CHECK int object_store_presign(const struct object_ref *ref, enum object_method method,
                                    int64_t expires_s, struct arena *arena, char **url,
                                    struct err *err);

/* "text/csv", …, by the key's ending; "application/octet-stream" when it says nothing. */
const char *object_store_content_type(const char *key);

#endif
