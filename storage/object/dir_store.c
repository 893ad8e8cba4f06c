/* dir_store.c - objects as files below a folder: names, readers, the driver's table */
#include "storage/object/dir_store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "storage/object/beneath.h"
#include "storage/object/dir_folder.h"
#include "storage/object/dir_list.h"
#include "storage/object/dir_writer.h"

struct dir_reader {
	struct object_reader base;
	int fd;
	int64_t left; /* bytes of the range not read yet; -1: to the end */
	char *text;   /* the URI, for errors */
};

static int open_regular(const struct object_ref *ref, struct stat *status, struct err *err)
{
	const struct dir_folder *folder = dir_folder_of(ref->store);
	int unbounded = folder->flags & DIR_STORE_UNBOUNDED;
	/* a pipe without a writer would hang whoever opens it */
	int fd = dir_folder_open(ref, O_RDONLY | (unbounded ? 0 : O_NONBLOCK), err);

	if (fd < 0)
		return -1;
	if (fstat(fd, status) < 0) {
		err_errno(err, errno, "could not read '%s'", ref->text);
	} else if (S_ISREG(status->st_mode) || (unbounded && !S_ISDIR(status->st_mode))) {
		return fd;
	} else if (folder->flags & DIR_STORE_FILES) {
		err_set(err, ERR_INVALID, "'%s' is %s", ref->text,
		        S_ISDIR(status->st_mode) ? "a folder" : "no regular file");
	} else {
		err_set(err, ERR_NOT_FOUND, "object '%s' does not exist", ref->text);
	}
	close(fd);
	return -1;
}

static int reader_open(const struct object_ref *ref, struct object_range range,
                       struct object_reader **reader, struct err *err)
{
	struct stat status;
	int fd = open_regular(ref, &status, err);
	struct dir_reader *dir;

	if (fd < 0)
		return -1;
	if (range.offset > 0 && lseek(fd, range.offset, SEEK_SET) < 0) {
		err_errno(err, errno, "could not read '%s' from byte %" PRId64, ref->text,
		          range.offset);
		close(fd);
		return -1;
	}
	dir = mem_alloc(sizeof(*dir));
	dir->base.store = ref->store;
	dir->fd = fd;
	dir->left = range.length;
	dir->text = mem_strdup(ref->text);
	dir_folder_stat(&status, ref->key, &dir->base.stat);
	*reader = &dir->base;
	return 0;
}

static int reader_read(struct object_reader *reader, void *bytes, size_t size, size_t *got,
                       struct err *err)
{
	struct dir_reader *dir = container_of(reader, struct dir_reader, base);
	ssize_t count;

	if (dir->left >= 0 && size > (size_t)dir->left)
		size = (size_t)dir->left;
	do
		count = read(dir->fd, bytes, size);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return err_errno(err, errno, "could not read '%s'", dir->text);
	if (dir->left >= 0)
		dir->left -= count;
	*got = (size_t)count;
	return 0;
}

static void reader_close(struct object_reader *reader)
{
	struct dir_reader *dir = container_of(reader, struct dir_reader, base);

	close(dir->fd);
	free(dir->text);
	free(dir);
}

static int stat_object(const struct object_ref *ref, struct object_stat *stat, struct err *err)
{
	struct stat status;
	auto_close int fd = open_regular(ref, &status, err);

	if (fd < 0)
		return -1;
	dir_folder_stat(&status, ref->key, stat);
	return 0;
}

/* Folders that have become empty would stand in the way of a key of their name. */
static void remove_empty_folders(const struct dir_folder *folder, int root, char *path)
{
	char *slash;

	while ((slash = strrchr(path, '/'))) {
		*slash = '\0';
		/* the bucket, or a user's own folder, stays */
		if (!strchr(path, '/') || (folder->flags & DIR_STORE_FILES))
			return;
		if (unlinkat(root, path, AT_REMOVEDIR) < 0)
			return;
	}
}

static int remove_object(const struct object_ref *ref, struct err *err)
{
	const struct dir_folder *folder = dir_folder_of(ref->store);
	struct stat status;
	auto_close int fd = open_regular(ref, &status, err);
	auto_close int root = fd < 0 ? -1 : dir_folder_root(folder, err);
	auto_free char *path = NULL;
	int parent;

	if (fd < 0 || root < 0)
		return -1;
	path = dir_folder_path(ref);
	parent = dir_folder_open_parent(folder, root, path);
	if (parent < 0)
		return err_errno(err, errno, "could not delete '%s'", ref->text);
	if (unlinkat(parent, dir_folder_name(path), 0) < 0) {
		err_errno(err, errno, "could not delete '%s'", ref->text);
		close(parent);
		return -1;
	}
	fsync(parent);
	close(parent);
	remove_empty_folders(folder, root, path);
	return 0;
}

static int presign(const struct object_ref *ref, enum object_method method, int64_t expires_s,
                   struct arena *arena, char **url, struct err *err)
{
	(void)method;
	(void)expires_s;
	(void)arena;
	(void)url;
	return err_set(err, ERR_USAGE,
	               "'%s' cannot be signed: it is in a local folder, only an S3 store has URLs",
	               ref->text);
}

static void store_free(struct object_store *store)
{
	struct dir_folder *folder = container_of(store, struct dir_folder, store);

	pthread_mutex_destroy(&folder->mutex);
	free(folder->root);
	free(folder);
}

static const struct object_store_driver driver = {
	.name = "dir",
	.open = reader_open,
	.read = reader_read,
	.close = reader_close,
	.create = dir_writer_create,
	.write = dir_writer_write,
	.commit = dir_writer_commit,
	.abort = dir_writer_abort,
	.stat = stat_object,
	.list = dir_list,
	.remove = remove_object,
	.presign = presign,
	.free = store_free,
};

struct object_store *dir_store_new(const char *root, unsigned flags)
{
	struct dir_folder *folder = mem_alloc(sizeof(*folder));

	folder->store.driver = &driver;
	folder->root = mem_strdup(root);
	folder->flags = flags;
	pthread_mutex_init(&folder->mutex, NULL);
	return &folder->store;
}
