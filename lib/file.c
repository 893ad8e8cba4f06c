/* file.c - whole files and folders */
#include "lib/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"

static int read_rest(int fd, size_t max_size, const char *path, struct buf *contents,
                     struct err *err)
{
	enum { CHUNK = 64 * 1024 };
	ssize_t got;

	while ((got = read(fd, buf_reserve(contents, CHUNK), CHUNK)) > 0) {
		contents->size += (size_t)got;
		contents->data[contents->size] = '\0';
		if (contents->size > max_size)
			return err_set(err, ERR_LIMIT, "'%s' is larger than %zu bytes", path,
			               max_size);
	}
	if (got < 0)
		return err_errno(err, errno, "could not read '%s'", path);
	return 0;
}

int file_read(const char *path, size_t max_size, struct buf *contents, struct err *err)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return err_errno(err, errno, "could not open '%s'", path);
	if (S_ISDIR(status.st_mode))
		return err_set(err, ERR_INVALID, "'%s' is a directory", path);
	return read_rest(fd, max_size, path, contents, err);
}

int file_write_all(int fd, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size) {
		ssize_t written = write(fd, at, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		at += written;
		size -= (size_t)written;
	}
	return 0;
}

/* Makes a rename in the folder of `path` last. */
static int sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	auto_free char *folder =
		slash ? mem_strndup(path, (size_t)(slash - path) + 1) : mem_strdup(".");
	auto_close int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -1 : fsync(fd);
}

int file_write_atomic(const char *path, const void *bytes, size_t size, struct err *err)
{
	struct buf temporary = {0};
	int fd, result = -1;

	buf_printf(&temporary, "%s.XXXXXX", path);
	fd = mkostemp(temporary.data, O_CLOEXEC);
	if (fd < 0) {
		err_errno(err, errno, "could not create '%s'", path);
		goto released;
	}
	if (file_write_all(fd, bytes, size) < 0 || fchmod(fd, 0644) < 0 || fsync(fd) < 0 ||
	    rename(temporary.data, path) < 0) {
		err_errno(err, errno, "could not write '%s'", path);
		unlink(temporary.data);
		goto closed;
	}
	result = sync_folder(path);
	if (result < 0)
		err_errno(err, errno, "could not sync the folder of '%s'", path);
closed:
	close(fd);
released:
	buf_release(&temporary);
	return result;
}

int file_make_folder(const char *path, struct err *err)
{
	auto_free char *copy = mem_strdup(path);
	struct stat status;

	for (char *at = copy + 1; at[-1]; at++) {
		char kept = *at;

		if (kept != '/' && kept)
			continue;
		*at = '\0';
		if (mkdir(copy, 0777) < 0 && errno != EEXIST)
			return err_errno(err, errno, "could not create the folder '%s'", copy);
		*at = kept;
	}
	if (stat(path, &status) < 0)
		return err_errno(err, errno, "could not create the folder '%s'", path);
	if (!S_ISDIR(status.st_mode))
		return err_set(err, ERR_INVALID, "'%s' is not a folder", path);
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)status;
	(void)kind;
	(void)where;
	return remove(path);
}

int file_remove_tree(const char *path, struct err *err)
{
	enum { OPEN_FOLDERS = 16 };

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): only FTW_CHDIR touches what threads share */
	if (nftw(path, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
		return err_errno(err, errno, "could not remove '%s'", path);
	return 0;
}

int file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int file_list(const char *folder, const char *suffix, struct arena *arena, char ***names,
              size_t *count, struct err *err)
{
	struct {
		char **items;
		size_t count, capacity;
	} found = {0};
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	if (!dir && errno != ENOENT)
		return err_errno(err, errno, "could not open the folder '%s'", folder);
	while (dir && (entry = readdir(dir))) { /* NOLINT(concurrency-mt-unsafe): own stream */
		if (entry->d_name[0] != '.' && str_ends_with(entry->d_name, suffix))
			*vec_push(&found) = arena_strdup(arena, entry->d_name);
	}
	if (dir)
		closedir(dir);
	if (found.count)
		qsort(found.items, found.count, sizeof(*found.items), compare_names);
	*names = arena_array(arena, found.count, sizeof(**names));
	if (found.count)
		memcpy(*names, found.items, found.count * sizeof(**names));
	*count = found.count;
	vec_release(&found);
	return 0;
}

/* Drops the last part of `out`; -1 when there is none to drop. */
static int drop_part(struct buf *out)
{
	const char *slash = out->size ? memrchr(out->data, '/', out->size) : NULL;
	const char *part = slash ? slash + 1 : out->data;

	if (!out->size || str_equal(part, ".."))
		return -1;
	/* the slash of the root stays, and the root has nothing above it */
	out->size = !slash ? 0 : slash == out->data ? 1 : (size_t)(slash - out->data);
	out->data[out->size] = '\0';
	return 0;
}

/* Appends the parts of `path` to `out`, which starts with a slash when it is absolute. */
static void add_parts(struct buf *out, const char *path)
{
	while (*path) {
		size_t length = strcspn(path, "/");
		int is_here = length == 0 || (length == 1 && *path == '.');
		int is_up = length == 2 && memcmp(path, "..", 2) == 0;

		if (!is_here && (!is_up || drop_part(out) < 0)) {
			if (out->size && out->data[out->size - 1] != '/')
				buf_char(out, '/');
			buf_append(out, path, length);
		}
		path += length;
		path += *path == '/';
	}
}

char *file_join(struct arena *arena, const char *base, const char *path)
{
	struct buf out = {0};
	char *joined;

	if (*path == '/' || *base == '/')
		buf_char(&out, '/');
	if (*path != '/')
		add_parts(&out, base);
	add_parts(&out, path);
	joined = arena_strdup(arena, out.size ? out.data : ".");
	buf_release(&out);
	return joined;
}

const char *file_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
