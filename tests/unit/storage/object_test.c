/* object_test.c - URIs and the directory store: names, escapes, atomic writes, order of keys */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/str.h"
#include "storage/object/beneath.h"
#include "storage/object/dir_store.h"
#include "storage/object/object_registry.h"
#include "storage/object/uri.h"
#include "tests/suite.h"

static struct arena arena;
static char folder[64];
static struct object_registry *registry;
static struct err err;

static void set_up(void)
{
	arena_init(&arena);
	str_copy(folder, sizeof(folder), "/tmp/millrace-object-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	registry = object_registry_new(OBJECT_REGISTRY_CREATE_BUCKETS);
	ck_assert_int_eq(object_registry_add(registry, "objects",
	                                     arena_printf(&arena, "dir:%s/objects", folder), &err),
	                 0);
	object_registry_add_root(registry, arena_printf(&arena, "%s/files/", folder));
	ck_assert_int_eq(mkdir(arena_printf(&arena, "%s/files", folder), 0777), 0);
}

static void tear_down(void)
{
	object_registry_free(registry);
	ck_assert_int_eq(file_remove_tree(folder, &err), 0);
	arena_release(&arena);
}

static const char *path(const char *below)
{
	return arena_printf(&arena, "%s/%s", folder, below);
}

static struct object_ref at(const char *uri)
{
	struct object_ref ref;

	ck_assert_msg(object_registry_resolve(registry, uri, &arena, &ref, &err) == 0, "%s",
	              err.text);
	return ref;
}

static int put(const char *uri, const char *text)
{
	struct object_ref ref;
	struct object_writer *writer;

	if (object_registry_resolve(registry, uri, &arena, &ref, &err) < 0 ||
	    object_store_create(&ref, &writer, &err) < 0)
		return -1;
	if (object_store_write(writer, text, strlen(text), &err) < 0) {
		object_store_abort(writer);
		return -1;
	}
	return object_store_commit(writer, NULL, &err);
}

static const char *get_range(const char *uri, struct object_range range)
{
	struct object_ref ref;
	struct object_reader *reader;
	char text[256];
	size_t size = 0, got;

	if (object_registry_resolve(registry, uri, &arena, &ref, &err) < 0 ||
	    object_store_open(&ref, range, &reader, &err) < 0)
		return err_name(err.code);
	do {
		ck_assert_int_eq(object_store_read(reader, text + size, 3, &got, &err), 0);
		size += got;
	} while (got > 0);
	object_store_close(reader);
	return arena_strndup(&arena, text, size);
}

static const char *get(const char *uri)
{
	return get_range(uri, (struct object_range){0, -1});
}

/* The keys, by pages of two, with a blank between keys and a bar between pages. */
static const char *keys(const char *uri)
{
	struct object_ref ref;
	struct object_page page;
	const char *after = "", *text = "";

	ck_assert_int_eq(object_registry_resolve_prefix(registry, uri, &arena, &ref, &err), 0);
	do {
		if (object_store_list(&ref, after, 2, &arena, &page, &err) < 0)
			return err_name(err.code);
		for (size_t i = 0; i < page.count; i++) {
			after = page.entries[i].key;
			text = arena_printf(&arena, "%s%s%s", text, *text ? " " : "", after);
		}
		if (page.has_more)
			text = arena_printf(&arena, "%s |", text);
	} while (page.has_more);
	return text;
}

static const struct {
	const char *text, *store, *bucket, *key; /* store NULL: refused, bucket is in the error */
} uris[] = {
	{"objects://in/a.csv", "objects", "in", "a.csv"},
	{"objects://in/any key ü+&=%20.csv", "objects", "in", "any key ü+&=%20.csv"},
	{"cold-2://In.x_y/a/b//c?d#e", "cold-2", "In.x_y", "a/b//c?d#e"},
	{"file:///tmp/x y.csv", "file", "", "/tmp/x y.csv"},
	{"file://tmp/x.csv", NULL, "three slashes", NULL},
	{"objects://in", NULL, "key is missing", NULL},
	{"objects://in/", NULL, "key is missing", NULL},
	{"objects:///x", NULL, "bucket is missing", NULL},
	{"objects://../x", NULL, "begin with a letter", NULL},
	{"objects://a b/x", NULL, "may only have", NULL},
	{"objects://aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg/x", NULL,
         "at most 63", NULL},
	{"objects://in/\xff", NULL, "not UTF-8", NULL},
	{"in/a.csv", NULL, "a URI is due", NULL},
	{"://in/a.csv", NULL, "a URI is due", NULL},
	{"", NULL, "a URI is due", NULL},
};

START_TEST(a_uri_has_store_bucket_and_raw_key)
{
	struct uri uri;
	int result = uri_parse(uris[_i].text, &arena, &uri, &err);

	if (!uris[_i].store) {
		ck_assert_int_eq(result, -1);
		ck_assert_msg(strstr(err.text, uris[_i].bucket), "%s", err.text);
		return;
	}
	ck_assert_int_eq(result, 0);
	ck_assert_str_eq(uri.store, uris[_i].store);
	ck_assert_str_eq(uri.bucket, uris[_i].bucket);
	ck_assert_str_eq(uri.key, uris[_i].key);
}
END_TEST

START_TEST(what_is_written_is_read_whole_and_by_range)
{
	struct object_stat stat;
	struct object_ref ref = at("objects://in/a/b.csv");

	ck_assert_int_eq(put("objects://in/a/b.csv", "hello, world"), 0);
	ck_assert_str_eq(get("objects://in/a/b.csv"), "hello, world");
	ck_assert_str_eq(get_range("objects://in/a/b.csv", (struct object_range){7, 3}), "wor");
	ck_assert_str_eq(get_range("objects://in/a/b.csv", (struct object_range){7, -1}), "world");
	ck_assert_str_eq(get_range("objects://in/a/b.csv", (struct object_range){99, 1}), "");
	ck_assert_int_eq(object_store_stat(&ref, &stat, &err), 0);
	ck_assert_int_eq(stat.size_bytes, 12);
	ck_assert_str_eq(stat.content_type, "text/csv");
	ck_assert_int_gt(stat.modified_us, 0);
}
END_TEST

START_TEST(an_object_is_seen_after_its_commit_only)
{
	struct object_ref ref = at("objects://in/x");
	struct object_writer *writer;
	struct object_stat before, after;

	ck_assert_int_eq(put("objects://in/x", "old"), 0);
	ck_assert_int_eq(object_store_stat(&ref, &before, &err), 0);
	ck_assert_int_eq(object_store_create(&ref, &writer, &err), 0);
	ck_assert_int_eq(object_store_write(writer, "new", 3, &err), 0);
	ck_assert_str_eq(get("objects://in/x"), "old");
	ck_assert_str_eq(keys("objects://in/"), "x");
	ck_assert_int_eq(object_store_commit(writer, &after, &err), 0);
	ck_assert_str_eq(get("objects://in/x"), "new");
	ck_assert_str_ne(before.etag, after.etag);

	ck_assert_int_eq(object_store_create(&ref, &writer, &err), 0);
	object_store_abort(writer);
	ck_assert_str_eq(get("objects://in/x"), "new");
	ck_assert_int_eq(rmdir(path("objects/.tmp")), 0);
}
END_TEST

START_TEST(keys_come_in_byte_order_by_pages)
{
	static const char *const names[] = {"b",  "a/c",   "a.b", "a/b/c", "a-b",
	                                    "a0", "a/b.x", "Z",   "é"};

	for (size_t i = 0; i < countof(names); i++)
		ck_assert_int_eq(put(arena_printf(&arena, "objects://in/%s", names[i]), "1"), 0);
	ck_assert_str_eq(keys("objects://in"), "Z a-b | a.b a/b.x | a/b/c a/c | a0 b | é");
	ck_assert_str_eq(keys("objects://in/a/"), "a/b.x a/b/c | a/c");
	ck_assert_str_eq(keys("objects://in/a/b"), "a/b.x a/b/c");
	ck_assert_str_eq(keys("objects://in/a"), "a-b a.b | a/b.x a/b/c | a/c a0");
	ck_assert_str_eq(keys("objects://in/none/"), "");
	ck_assert_str_eq(keys("objects://in/../in/a"), "");
	ck_assert_str_eq(keys("objects://out/"), "not_found");
}
END_TEST

/* Keys that would climb out or cannot be files; what the store says. */
static const struct {
	const char *uri;
	enum err_code code;
} hostile[] = {
	{"objects://in/../../outside", ERR_USAGE},
	{"objects://in/a/../../../outside", ERR_USAGE},
	{"objects://in//outside", ERR_USAGE},
	{"objects://in/a//b", ERR_USAGE},
	{"objects://in/a/", ERR_USAGE},
	{"objects://in/.", ERR_USAGE},
	{"objects://in/..", ERR_USAGE},
	{"objects://in/link", ERR_DENIED},
	{"objects://in/link/passwd", ERR_DENIED},
	{"objects://in/absolute", ERR_DENIED},
	{"objects://in/up/outside", ERR_DENIED},
	{"objects://in/loop", ERR_DENIED},
	{"objects://.tmp/x", ERR_USAGE},
	{"objects://in/.millrace-tmp-1", ERR_USAGE},
	{"file:///etc/passwd", ERR_DENIED},
	{"cold://in/x", ERR_USAGE},
};

START_TEST(no_key_leaves_the_root)
{
	ck_assert_int_eq(put("objects://in/a/b", "1"), 0);
	ck_assert_int_eq(file_write_atomic(path("outside"), "secret", 6, &err), 0);
	ck_assert_int_eq(symlink("../../outside", path("objects/in/link")), 0);
	ck_assert_int_eq(symlink("/etc/passwd", path("objects/in/absolute")), 0);
	ck_assert_int_eq(symlink("../..", path("objects/in/up")), 0);
	ck_assert_int_eq(symlink("loop", path("objects/in/loop")), 0);

	ck_assert_str_eq(get(hostile[_i].uri), err_name(hostile[_i].code));
	ck_assert_int_eq(put(hostile[_i].uri, "overwritten"), -1);
	ck_assert_str_eq(err_name(err.code), err_name(hostile[_i].code));
	ck_assert_int_eq(access(path("outside"), F_OK), 0);
	ck_assert_str_eq(keys("objects://in/"), "a/b");
}
END_TEST

START_TEST(without_openat2_no_component_is_followed)
{
	auto_close int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd;

	ck_assert_int_eq(mkdir(path("in"), 0777), 0);
	ck_assert_int_eq(file_write_atomic(path("in/x"), "1", 1, &err), 0);
	ck_assert_int_eq(symlink("in", path("link")), 0);
	fd = beneath_open_by_component(root, "in/x", O_RDONLY, 0);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(beneath_open_by_component(root, "link/x", O_RDONLY, 0), -1);
	ck_assert_int_eq(errno, ENOTDIR);
	ck_assert_int_eq(beneath_open_by_component(root, "link", O_RDONLY, 0), -1);
	ck_assert_int_eq(errno, ELOOP);
}
END_TEST

START_TEST(a_name_is_a_file_or_a_folder_never_both)
{
	ck_assert_int_eq(put("objects://in/a/b", "1"), 0);
	ck_assert_int_eq(put("objects://in/a", "2"), -1);
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_int_eq(put("objects://in/a/b/c", "2"), -1);
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_str_eq(get("objects://in/a"), "not_found");
	ck_assert_str_eq(get("objects://in/a/b/c"), "not_found");
	ck_assert_str_eq(keys("objects://in/"), "a/b");
}
END_TEST

START_TEST(an_emptied_folder_does_not_stand_in_the_way)
{
	struct object_ref ref = at("objects://in/a/b/c");

	ck_assert_int_eq(put("objects://in/a/b/c", "1"), 0);
	ck_assert_int_eq(object_store_delete(&ref, &err), 0);
	ck_assert_int_eq(object_store_delete(&ref, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_int_eq(put("objects://in/a", "2"), 0);
	ck_assert_str_eq(keys("objects://in"), "a");
}
END_TEST

START_TEST(a_missing_bucket_is_made_only_when_allowed)
{
	struct object_registry *strict = object_registry_new(0);
	struct object_ref ref;
	struct object_writer *writer;

	ck_assert_int_eq(object_registry_add(strict, "objects",
	                                     arena_printf(&arena, "dir:%s/s", folder), &err),
	                 0);
	ck_assert_int_eq(object_registry_resolve(strict, "objects://new/x", &arena, &ref, &err), 0);
	ck_assert_int_eq(object_store_create(&ref, &writer, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_int_eq(mkdir(path("s/new"), 0777), 0);
	ck_assert_int_eq(object_store_create(&ref, &writer, &err), 0);
	ck_assert_int_eq(object_store_commit(writer, NULL, &err), 0);
	object_registry_free(strict);
}
END_TEST

START_TEST(files_below_a_root_are_objects_too)
{
	const char *uri = arena_printf(&arena, "file://%s/files/new/x.csv", folder);
	struct object_ref from, to = at("objects://in/copy");
	struct object_stat stat;

	ck_assert_int_eq(put(uri, "a,b"), 0);
	ck_assert_str_eq(get(uri), "a,b");
	from = at(uri);
	ck_assert_int_eq(object_store_copy(&from, &to, &stat, &err), 0);
	ck_assert_int_eq(stat.size_bytes, 3);
	ck_assert_str_eq(get("objects://in/copy"), "a,b");
	ck_assert_str_eq(get(arena_printf(&arena, "file://%s/files/new", folder)), "invalid");
	ck_assert_str_eq(get(arena_printf(&arena, "file://%s/filesystem", folder)), "denied");
	ck_assert_str_eq(get(arena_printf(&arena, "file://%s/files/../x", folder)), "usage");
	ck_assert_str_eq(keys(arena_printf(&arena, "file://%s/files/", folder)), "new/x.csv");
	ck_assert_int_eq(mkfifo(path("files/pipe"), 0600), 0);
	ck_assert_str_eq(get(arena_printf(&arena, "file://%s/files/pipe", folder)), "invalid");
}
END_TEST

START_TEST(two_writers_of_one_file_take_turns)
{
	struct object_ref ref = at(arena_printf(&arena, "file://%s/files/x", folder));
	struct object_writer *first, *second;

	ck_assert_int_eq(object_store_create(&ref, &first, &err), 0);
	ck_assert_int_eq(object_store_create(&ref, &second, &err), -1);
	ck_assert_int_eq(err.code, ERR_BUSY);
	object_store_abort(first);
	ck_assert_int_eq(object_store_create(&ref, &second, &err), 0);
	object_store_abort(second);
}
END_TEST

START_TEST(what_a_killed_writer_left_goes_with_the_next_write)
{
	struct object_ref ref = at("objects://in/x");
	struct object_registry *other = object_registry_new(OBJECT_REGISTRY_CREATE_BUCKETS);
	struct object_writer *writer;
	int status;
	pid_t child;

	/* a living writer's file stays */
	ck_assert_int_eq(object_store_create(&ref, &writer, &err), 0);
	child = fork();
	if (child == 0) {
		struct object_writer *lost;

		_exit(object_store_create(&ref, &lost, &err) < 0 ||
		      object_store_write(lost, "half", 4, &err) < 0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(object_registry_add(other, "objects",
	                                     arena_printf(&arena, "dir:%s/objects", folder), &err),
	                 0);
	ck_assert_int_eq(object_registry_resolve(other, "objects://in/y", &arena, &ref, &err), 0);
	{
		struct object_writer *next;

		ck_assert_int_eq(object_store_create(&ref, &next, &err), 0);
		ck_assert_int_eq(object_store_commit(next, NULL, &err), 0);
	}
	ck_assert_int_eq(object_store_commit(writer, NULL, &err), 0);
	ck_assert_str_eq(keys("objects://in"), "x y");
	ck_assert_int_eq(rmdir(path("objects/.tmp")), 0);
	object_registry_free(other);
}
END_TEST

START_TEST(a_folder_cannot_sign)
{
	struct object_ref ref = at("objects://in/x");
	char *url;

	ck_assert_int_eq(object_store_presign(&ref, OBJECT_METHOD_GET, 60, &arena, &url, &err), -1);
	ck_assert_int_eq(err.code, ERR_USAGE);
	ck_assert_ptr_nonnull(strstr(err.text, "only an S3 store"));
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("object");

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_loop_test(cases, a_uri_has_store_bucket_and_raw_key, 0, (int)countof(uris));
	tcase_add_test(cases, what_is_written_is_read_whole_and_by_range);
	tcase_add_test(cases, an_object_is_seen_after_its_commit_only);
	tcase_add_test(cases, keys_come_in_byte_order_by_pages);
	tcase_add_loop_test(cases, no_key_leaves_the_root, 0, (int)countof(hostile));
	tcase_add_test(cases, without_openat2_no_component_is_followed);
	tcase_add_test(cases, a_name_is_a_file_or_a_folder_never_both);
	tcase_add_test(cases, an_emptied_folder_does_not_stand_in_the_way);
	tcase_add_test(cases, a_missing_bucket_is_made_only_when_allowed);
	tcase_add_test(cases, files_below_a_root_are_objects_too);
	tcase_add_test(cases, two_writers_of_one_file_take_turns);
	tcase_add_test(cases, what_a_killed_writer_left_goes_with_the_next_write);
	tcase_add_test(cases, a_folder_cannot_sign);
	tcase_set_timeout(cases, 60);
	return suite_run("object", cases);
}
