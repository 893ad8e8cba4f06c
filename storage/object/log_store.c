/* log_store.c - logs of attempts as objects */
#include "storage/object/log_store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"

enum {
	PIECE_BYTES = 64 * 1024,
};

static int resolve(const struct log_store *store, const char *name, struct arena *arena,
                   struct object_ref *ref, struct err *err)
{
	size_t length = strlen(store->prefix);
	const char *slash = length && store->prefix[length - 1] == '/' ? "" : "/";

	return object_registry_resolve(store->objects,
	                               arena_printf(arena, "%s%s%s", store->prefix, slash, name),
	                               arena, ref, err);
}

int log_store_check(const struct log_store *store, struct err *err)
{
	struct object_ref ref;
	struct arena arena;
	int result;

	arena_init(&arena);
	result = resolve(store, "attempt=1.log", &arena, &ref, err);
	arena_release(&arena);
	return result;
}

static int copy_in(int fd, struct object_writer *writer, struct err *err)
{
	char piece[PIECE_BYTES];
	ssize_t got;

	while ((got = read(fd, piece, sizeof(piece))) > 0) {
		if (object_store_write(writer, piece, (size_t)got, err) < 0)
			return -1;
	}
	return got < 0 ? err_errno(err, errno, "could not read a log") : 0;
}

static int put(const struct object_ref *ref, int fd, struct err *err)
{
	struct object_writer *writer;

	if (object_store_create(ref, &writer, err) < 0)
		return -1;
	if (copy_in(fd, writer, err) < 0) {
		object_store_abort(writer);
		return -1;
	}
	return object_store_commit(writer, NULL, err);
}

int log_store_put(const struct log_store *store, const char *name, const char *path,
                  struct err *err)
{
	struct object_ref ref;
	struct arena arena;
	int fd = open(path, O_RDONLY | O_CLOEXEC), result;

	if (fd < 0)
		return err_errno(err, errno, "could not open '%s'", path);
	arena_init(&arena);
	result = resolve(store, name, &arena, &ref, err);
	if (result == 0)
		result = put(&ref, fd, err);
	arena_release(&arena);
	close(fd);
	return result;
}

static int copy_out(struct object_reader *reader, int fd, struct err *err)
{
	char piece[PIECE_BYTES];
	size_t got;

	do {
		if (object_store_read(reader, piece, sizeof(piece), &got, err) < 0)
			return -1;
		if (file_write_all(fd, piece, got) < 0)
			return err_errno(err, errno, "could not keep a log that was fetched");
	} while (got);
	return 0;
}

static int fetch(const struct object_ref *ref, int fd, struct err *err)
{
	struct object_reader *reader;
	int result;

	if (object_store_open(ref, (struct object_range){0, -1}, &reader, err) < 0)
		return -1;
	result = copy_out(reader, fd, err);
	object_store_close(reader);
	return result;
}

int log_store_fetch(const struct log_store *store, const char *name, const char *folder,
                    struct err *err)
{
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct object_ref ref;
	struct arena arena;
	int result;

	if (fd < 0)
		return err_errno(err, errno, "could not make a file in '%s'", folder);
	arena_init(&arena);
	result = resolve(store, name, &arena, &ref, err);
	if (result == 0)
		result = fetch(&ref, fd, err);
	arena_release(&arena);
	if (result == 0)
		return fd;
	close(fd);
	return -1;
}
