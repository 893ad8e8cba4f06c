/* dir_list.c - a walk through folders that stops when the page is full */
#include "storage/object/dir_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/limits.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "storage/object/beneath.h"
#include "storage/object/dir_folder.h"
#include "storage/object/uri.h"

struct walk {
	const char *prefix, *after;
	size_t limit;
	struct arena *arena;
	struct object_page *page;
	struct buf key; /* of the entry being looked at; a folder's ends in a slash */
};

struct names {
	char **items; /* folders end in a slash */
	size_t count, capacity;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_release(struct names *names)
{
	vec_foreach(char **, name, names)
		free(*name);
	vec_release(names);
}

/* DT_DIR, DT_REG or something that is no object. */
static int kind_of(int folder, const struct dirent *entry)
{
	struct stat status;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	if (fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return DT_UNKNOWN;
	return S_ISDIR(status.st_mode) ? DT_DIR : S_ISREG(status.st_mode) ? DT_REG : DT_UNKNOWN;
}

static void add_name(struct names *names, int folder, const struct dirent *entry)
{
	int kind = kind_of(folder, entry);
	size_t size = strlen(entry->d_name);
	char *name;

	if (str_equal(entry->d_name, ".") || str_equal(entry->d_name, "..") ||
	    str_starts_with(entry->d_name, DIR_FOLDER_HIDDEN) || (kind != DT_DIR && kind != DT_REG))
		return;
	name = mem_alloc(size + 2);
	memcpy(name, entry->d_name, size);
	if (kind == DT_DIR)
		name[size] = '/';
	*vec_push(names) = name;
}

static int read_names(int folder, struct names *names)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!stream) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while ((entry = readdir(stream))) /* NOLINT(concurrency-mt-unsafe): a stream of our own */
		add_name(names, folder, entry);
	closedir(stream);
	if (names->count > 0)
		qsort(names->items, names->count, sizeof(*names->items), compare_names);
	return 0;
}

/* Whether `text` and `other` agree as far as the shorter goes. */
static int share_beginning(const char *text, const char *other)
{
	return str_starts_with(text, other) || str_starts_with(other, text);
}

static void take_object(struct walk *walk, int folder, const char *name)
{
	const char *key = buf_string(&walk->key);
	struct object_entry *entry;
	struct stat status;

	if (!str_starts_with(key, walk->prefix) || strcmp(key, walk->after) <= 0)
		return;
	/* gone since the folder was read */
	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (walk->page->count == walk->limit) {
		walk->page->has_more = 1;
		return;
	}
	entry = &walk->page->entries[walk->page->count++];
	entry->key = arena_strdup(walk->arena, key);
	dir_folder_stat(&status, key, &entry->stat);
}

static int is_worth_a_look(const struct walk *walk)
{
	const char *key = buf_string(&walk->key);

	if (walk->key.size > LIMIT_PATH_BYTES || !share_beginning(key, walk->prefix))
		return 0;
	/* everything below comes before `after` */
	return strcmp(key, walk->after) > 0 || str_starts_with(walk->after, key);
}

/* Folders that cannot be read any more are as good as gone. */
static void walk_folder(struct walk *walk, int folder)
{
	size_t base = walk->key.size;
	struct names names = {0};

	if (read_names(folder, &names) < 0)
		return;
	for (size_t i = 0; i < names.count && !walk->page->has_more; i++) {
		const char *name = names.items[i];

		buf_text(&walk->key, name);
		if (!str_ends_with(name, "/")) {
			take_object(walk, folder, name);
		} else if (is_worth_a_look(walk)) {
			auto_close int below = openat(
				folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			if (below >= 0)
				walk_folder(walk, below);
		}
		walk->key.size = base;
		walk->key.data[base] = '\0';
	}
	names_release(&names);
}

/* Where the walk begins: the folder that the prefix names as far as its last slash. */
static int open_base(const struct object_ref *prefix, int root, struct buf *key)
{
	const struct dir_folder *folder = dir_folder_of(prefix->store);
	size_t size = (size_t)(dir_folder_name(prefix->key) - prefix->key);
	struct object_ref base = *prefix;
	auto_free char *text = mem_strndup(prefix->key, size > 0 ? size - 1 : 0);
	auto_free char *path = NULL;
	struct err unclean;

	base.key = text;
	/* no key has such a beginning */
	if (*text && dir_folder_check(&base, &unclean) < 0)
		return -1;
	path = dir_folder_path(&base);
	if (str_ends_with(path, "/"))
		path[strlen(path) - 1] = '\0';
	if (size > 0)
		buf_append(key, prefix->key, size);
	return dir_folder_open_path(folder, root, path, O_RDONLY | O_DIRECTORY);
}

static int check_bucket(const struct object_ref *prefix, int root, struct err *err)
{
	if (dir_folder_of(prefix->store)->flags & DIR_STORE_FILES)
		return 0;
	if (uri_check_bucket(prefix->bucket, err) < 0)
		return -1;
	auto_close int fd =
		root < 0 ? -1 : beneath_open(root, prefix->bucket, O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return err_set(err, ERR_NOT_FOUND, "there is no bucket '%s'", prefix->bucket);
	return 0;
}

int dir_list(const struct object_ref *prefix, const char *after, size_t limit, struct arena *arena,
             struct object_page *page, struct err *err)
{
	const struct dir_folder *folder = dir_folder_of(prefix->store);
	struct walk walk = {
		.prefix = prefix->key,
		.after = after,
		.limit = limit,
		.arena = arena,
		.page = page,
	};
	auto_close int root = open(folder->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (check_bucket(prefix, root, err) < 0)
		return -1;
	auto_close int base = open_base(prefix, root, &walk.key);
	if (base >= 0)
		walk_folder(&walk, base);
	buf_release(&walk.key);
	return 0;
}
