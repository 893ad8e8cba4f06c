/* dir_folder.c - keys as paths that cannot leave the root */
#include "storage/object/dir_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "storage/object/beneath.h"
#include "storage/object/uri.h"

enum { PART_BYTES = 255 };

struct dir_folder *dir_folder_of(struct object_store *store)
{
	return container_of(store, struct dir_folder, store);
}

int dir_folder_root(const struct dir_folder *folder, struct err *err)
{
	int fd = open(folder->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		err_errno(err, errno, "could not open the folder '%s'", folder->root);
	return fd;
}

char *dir_folder_path(const struct object_ref *ref)
{
	size_t bucket = strlen(ref->bucket), key = strlen(ref->key);
	char *path = mem_alloc(bucket + key + 2);

	memcpy(path, ref->bucket, bucket);
	if (bucket > 0)
		path[bucket++] = '/';
	memcpy(path + bucket, ref->key, key);
	return path;
}

const char *dir_folder_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int check_part(const struct object_ref *ref, const char *part, size_t size, struct err *err)
{
	const char *why = NULL;

	if (size == 0)
		why = "a part between slashes is empty";
	else if (size == 1 && part[0] == '.')
		why = "'.' is no name of a file";
	else if (size == 2 && part[0] == '.' && part[1] == '.')
		why = "'..' would leave the folder";
	else if (size > PART_BYTES)
		why = "a part between slashes has more than 255 bytes";
	else if (str_starts_with(part, DIR_FOLDER_HIDDEN))
		why = "such names are temporary files";
	if (!why)
		return 0;
	return err_set(err, ERR_USAGE, "'%.120s' cannot be a file: %s", ref->text, why);
}

int dir_folder_check(const struct object_ref *ref, struct err *err)
{
	const struct dir_folder *folder = dir_folder_of(ref->store);
	const char *part = ref->key;

	if (!(folder->flags & DIR_STORE_FILES) &&
	    (uri_check_bucket(ref->bucket, err) < 0 || uri_check_key(ref->key, err) < 0))
		return -1;
	/* what the user may open anyway needs no clean path */
	if (folder->flags & DIR_STORE_UNBOUNDED)
		return 0;
	for (;;) {
		size_t size = strcspn(part, "/");

		if (check_part(ref, part, size, err) < 0)
			return -1;
		if (part[size] == '\0')
			return 0;
		part += size + 1;
	}
}

int dir_folder_open_path(const struct dir_folder *folder, int root, const char *path, int flags)
{
	if (folder->flags & DIR_STORE_UNBOUNDED)
		return openat(root, *path ? path : ".", flags | O_CLOEXEC);
	return beneath_open(root, path, flags, 0);
}

int dir_folder_open_parent(const struct dir_folder *folder, int root, const char *path)
{
	size_t size = (size_t)(dir_folder_name(path) - path);
	auto_free char *parent = mem_strndup(path, size > 0 ? size - 1 : 0);

	return dir_folder_open_path(folder, root, parent, O_RDONLY | O_DIRECTORY);
}

static int open_failed(const struct object_ref *ref, int errno_value, struct err *err)
{
	const struct dir_folder *folder = dir_folder_of(ref->store);

	if (errno_value == EXDEV || errno_value == ELOOP)
		return err_set(err, ERR_DENIED, "'%s' is a link that leads out of its folder",
		               ref->text);
	if (errno_value == ENXIO)
		return err_set(err, ERR_INVALID, "'%s' is no regular file", ref->text);
	if (errno_value == ENOENT || errno_value == ENOTDIR)
		return err_set(err, ERR_NOT_FOUND, "%s '%s' does not exist",
		               folder->flags & DIR_STORE_FILES ? "file" : "object", ref->text);
	return err_errno(err, errno_value, "could not open '%s'", ref->text);
}

int dir_folder_open(const struct object_ref *ref, int flags, struct err *err)
{
	const struct dir_folder *folder = dir_folder_of(ref->store);
	auto_free char *path = NULL;
	int fd;

	if (dir_folder_check(ref, err) < 0)
		return -1;
	auto_close int root = open(folder->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return open_failed(ref, errno, err);
	path = dir_folder_path(ref);
	fd = dir_folder_open_path(folder, root, path, flags);
	if (fd < 0)
		return open_failed(ref, errno, err);
	return fd;
}

void dir_folder_stat(const struct stat *status, const char *key, struct object_stat *stat)
{
	uint64_t modified_ns =
		(uint64_t)status->st_mtim.tv_sec * 1000000000U + (uint64_t)status->st_mtim.tv_nsec;

	stat->size_bytes = S_ISREG(status->st_mode) ? (int64_t)status->st_size : -1;
	stat->modified_us = (int64_t)(modified_ns / 1000);
	snprintf(stat->etag, sizeof(stat->etag), "%" PRIx64 "-%" PRIx64 "-%" PRIx64,
	         (uint64_t)status->st_size, modified_ns, (uint64_t)status->st_ino);
	stat->content_type = object_store_content_type(key);
}
