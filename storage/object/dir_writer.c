/* dir_writer.c - temporary file, fsync, rename, fsync of the folder */
#include "storage/object/dir_writer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/crypto.h"
#include "lib/fault.h"
#include "lib/file.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "storage/object/beneath.h"
#include "storage/object/dir_folder.h"

enum { NAME_SIZE = 64, RENAME_TRIES = 16 };

struct dir_writer {
	struct object_writer base;
	struct arena arena; /* texts of the ref */
	struct object_ref ref;
	char *path;       /* below the root */
	int root, folder; /* of the temporary file: its folder */
	int fd;           /* the temporary file, locked while this writer lives */
	char name[NAME_SIZE];
};

/* A temporary file whose lock can be had belongs to no living writer. The name may be gone again
 * before this writer has the lock, so what was locked is looked for under it once more. */
static int open_temp(int folder, const char *name, int flags)
{
	struct stat by_fd, by_name;
	int fd = openat(folder, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0666);

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &by_fd) == 0 &&
	    fstatat(folder, name, &by_name, AT_SYMLINK_NOFOLLOW) == 0 &&
	    by_fd.st_ino == by_name.st_ino)
		return fd;
	close(fd);
	errno = EAGAIN;
	return -1;
}

static void sweep_one(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		unlinkat(folder, name, 0);
	close(fd);
}

/* Removes what killed writers left, once in the life of a store. */
static void sweep(struct dir_folder *store, int folder)
{
	const struct dirent *entry;
	int first, fd;
	DIR *stream;

	pthread_mutex_lock(&store->mutex);
	first = !store->swept;
	store->swept = 1;
	pthread_mutex_unlock(&store->mutex);
	if (!first)
		return;
	fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stream = fd < 0 ? NULL : fdopendir(fd);
	if (!stream)
		return;
	while ((entry = readdir(stream))) /* NOLINT(concurrency-mt-unsafe): a stream of our own */
		if (entry->d_name[0] != '.')
			sweep_one(folder, entry->d_name);
	closedir(stream);
}

/* Objects: a name of its own below `.tmp`. */
static int temp_of_object(struct dir_writer *writer, struct dir_folder *store)
{
	writer->folder = beneath_make(writer->root, DIR_FOLDER_TEMP);
	if (writer->folder < 0)
		return -1;
	sweep(store, writer->folder);
	do {
		uint64_t number;

		crypto_random(&number, sizeof(number));
		snprintf(writer->name, sizeof(writer->name), "%016" PRIx64, number);
		writer->fd = open_temp(writer->folder, writer->name, O_EXCL);
	} while (writer->fd < 0 && (errno == EAGAIN || errno == EEXIST));
	return writer->fd;
}

static int make_folder(const struct dir_folder *store, int root, const char *path)
{
	size_t size = (size_t)(dir_folder_name(path) - path);
	auto_free char *parent = mem_strndup(path, size > 0 ? size - 1 : 0);
	int fd = dir_folder_open_path(store, root, parent, O_RDONLY | O_DIRECTORY);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	return beneath_make(root, parent);
}

/* Plain files: a hidden name beside the target that follows from its name, so that the next write
 * of the same file takes over what a killed one left. */
static int temp_of_file(struct dir_writer *writer, const struct dir_folder *store)
{
	char digest[CRYPTO_SHA256_HEX_SIZE];
	const char *name = dir_folder_name(writer->path);

	writer->folder = make_folder(store, writer->root, writer->path);
	if (writer->folder < 0)
		return -1;
	crypto_sha256_hex(name, strlen(name), digest);
	snprintf(writer->name, sizeof(writer->name), "%s-%.32s", DIR_FOLDER_HIDDEN, digest);
	writer->fd = open_temp(writer->folder, writer->name, 0);
	if (writer->fd >= 0 && ftruncate(writer->fd, 0) < 0)
		return -1;
	return writer->fd;
}

static int write_failed(const struct object_ref *ref, int errno_value, struct err *err)
{
	if (errno_value == ENOTDIR)
		return err_set(
			err, ERR_CONFLICT,
			"'%s' cannot be written: the beginning of its key is an object already, and "
			"in a folder a name is a file or a folder, never both",
			ref->text);
	if (errno_value == EISDIR || errno_value == ENOTEMPTY || errno_value == EEXIST)
		return err_set(
			err, ERR_CONFLICT,
			"'%s' cannot be written: other keys begin with it and a slash, and in a "
			"folder a name is a file or a folder, never both",
			ref->text);
	if (errno_value == EXDEV || errno_value == ELOOP)
		return err_set(err, ERR_DENIED, "'%s' is a link that leads out of its folder",
		               ref->text);
	if (errno_value == EAGAIN)
		return err_set(err, ERR_BUSY, "somebody else is writing '%s'", ref->text);
	return err_errno(err, errno_value, "could not write '%s'", ref->text);
}

/* Says early what the rename would say after everything was written. */
static int check_target(const struct dir_writer *writer, const struct dir_folder *store,
                        struct err *err)
{
	struct stat status;
	auto_close int fd = dir_folder_open_path(store, writer->root, writer->path, O_PATH);

	if (fd < 0)
		return errno == ENOENT ? 0 : write_failed(&writer->ref, errno, err);
	if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode))
		return write_failed(&writer->ref, EISDIR, err);
	return 0;
}

static int check_bucket(const struct dir_writer *writer, const struct dir_folder *store,
                        struct err *err)
{
	if (store->flags & (DIR_STORE_FILES | DIR_STORE_CREATE_BUCKETS))
		return 0;
	auto_close int fd = beneath_open(writer->root, writer->ref.bucket, O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return err_set(err, ERR_NOT_FOUND,
		               "'%s' cannot be written: there is no bucket '%s'", writer->ref.text,
		               writer->ref.bucket);
	return 0;
}

static void writer_free(struct dir_writer *writer)
{
	if (writer->fd >= 0)
		close(writer->fd);
	if (writer->folder >= 0)
		close(writer->folder);
	if (writer->root >= 0)
		close(writer->root);
	arena_release(&writer->arena);
	free(writer->path);
	free(writer);
}

static struct dir_writer *writer_new(const struct object_ref *ref)
{
	struct dir_writer *writer = mem_alloc(sizeof(*writer));

	arena_init(&writer->arena);
	writer->base.store = ref->store;
	writer->ref.store = ref->store;
	writer->ref.bucket = arena_strdup(&writer->arena, ref->bucket);
	writer->ref.key = arena_strdup(&writer->arena, ref->key);
	writer->ref.text = arena_strdup(&writer->arena, ref->text);
	writer->path = dir_folder_path(ref);
	writer->root = writer->folder = writer->fd = -1;
	return writer;
}

static int writer_begin(struct dir_writer *writer, struct dir_folder *store, struct err *err)
{
	int result;

	if (!(store->flags & DIR_STORE_FILES) && file_make_folder(store->root, err) < 0)
		return -1;
	writer->root = dir_folder_root(store, err);
	if (writer->root < 0 || check_bucket(writer, store, err) < 0 ||
	    check_target(writer, store, err) < 0)
		return -1;
	result = store->flags & DIR_STORE_FILES ? temp_of_file(writer, store)
	                                        : temp_of_object(writer, store);
	return result < 0 ? write_failed(&writer->ref, errno, err) : 0;
}

int dir_writer_create(const struct object_ref *ref, struct object_writer **writer, struct err *err)
{
	struct dir_folder *store = dir_folder_of(ref->store);
	struct dir_writer *dir;

	if (dir_folder_check(ref, err) < 0)
		return -1;
	dir = writer_new(ref);
	if (writer_begin(dir, store, err) < 0) {
		writer_free(dir);
		return -1;
	}
	*writer = &dir->base;
	return 0;
}

int dir_writer_write(struct object_writer *writer, const void *bytes, size_t size, struct err *err)
{
	const struct dir_writer *dir = container_of(writer, struct dir_writer, base);

	if (file_write_all(dir->fd, bytes, size) < 0)
		return write_failed(&dir->ref, errno, err);
	return 0;
}

/* A delete may take the emptied folder away between making it and the rename: then once more. */
static int publish(const struct dir_writer *dir)
{
	const struct dir_folder *store = dir_folder_of(dir->ref.store);

	for (int i = 0; i < RENAME_TRIES; i++) {
		auto_close int target = make_folder(store, dir->root, dir->path);

		if (target < 0 && errno != ENOENT)
			return -1;
		if (target < 0)
			continue;
		if (renameat(dir->folder, dir->name, target, dir_folder_name(dir->path)) == 0)
			return fsync(target);
		if (errno != ENOENT)
			return -1;
	}
	return -1;
}

int dir_writer_commit(struct object_writer *writer, struct object_stat *stat, struct err *err)
{
	struct dir_writer *dir = container_of(writer, struct dir_writer, base);
	struct stat status;
	int result = -1;

	FAULT("object.written");
	if (fsync(dir->fd) < 0 || fstat(dir->fd, &status) < 0 || publish(dir) < 0) {
		write_failed(&dir->ref, errno, err);
		unlinkat(dir->folder, dir->name, 0);
	} else {
		FAULT("object.published");
		dir_folder_stat(&status, dir->ref.key, stat);
		result = 0;
	}
	writer_free(dir);
	return result;
}

void dir_writer_abort(struct object_writer *writer)
{
	struct dir_writer *dir = container_of(writer, struct dir_writer, base);

	unlinkat(dir->folder, dir->name, 0);
	writer_free(dir);
}
