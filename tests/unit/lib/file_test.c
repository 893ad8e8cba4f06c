/* file_test.c - whole files and folders, and what the program logs */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "tests/suite.h"

static char folder[64];
static struct arena arena;
static struct err err;

static void open_folder(void)
{
	snprintf(folder, sizeof(folder), "/tmp/millrace-file-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	arena_init(&arena);
}

static void remove_folder(void)
{
	ck_assert_int_eq(file_remove_tree(folder, &err), 0);
	ck_assert(!file_exists(folder));
	arena_release(&arena);
}

static const char *path(const char *name)
{
	return arena_printf(&arena, "%s/%s", folder, name);
}

static void write_text(const char *name, const char *text)
{
	ck_assert_msg(file_write_atomic(path(name), text, strlen(text), &err) == 0, "%s", err.text);
}

START_TEST(a_file_is_written_whole_and_read_back)
{
	auto_buf struct buf contents = {0};
	struct stat status;
	char **names;
	size_t count;

	write_text("a", "first");
	write_text("a", "");
	write_text("a", "second");
	ck_assert_int_eq(file_read(path("a"), 6, &contents, &err), 0);
	ck_assert_str_eq(buf_string(&contents), "second");
	ck_assert_int_eq(stat(path("a"), &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0644);
	/* nothing temporary is left */
	ck_assert_int_eq(file_list(folder, "", &arena, &names, &count, &err), 0);
	ck_assert_uint_eq(count, 1);
}
END_TEST

START_TEST(what_cannot_be_read_says_why)
{
	auto_buf struct buf contents = {0};

	write_text("a", "1234567");
	ck_assert_int_eq(file_read(path("a"), 6, &contents, &err), -1);
	ck_assert_int_eq(err.code, ERR_LIMIT);
	ck_assert_int_eq(file_read(path("none"), 6, &contents, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.text, "/none'"));
	ck_assert_int_eq(file_read(folder, 6, &contents, &err), -1);
	ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

START_TEST(what_cannot_be_written_leaves_nothing)
{
	char **names;
	size_t count;

	ck_assert_int_eq(file_write_atomic(path("no/where"), "x", 1, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_int_eq(mkdir(path("taken"), 0777), 0);
	ck_assert_int_eq(file_write_atomic(path("taken"), "x", 1, &err), -1);
	ck_assert_int_eq(file_list(folder, "", &arena, &names, &count, &err), 0);
	ck_assert_uint_eq(count, 1);
	ck_assert_str_eq(names[0], "taken");
}
END_TEST

START_TEST(folders_are_made_to_any_depth)
{
	write_text("file", "");
	ck_assert_int_eq(file_make_folder(path("a/b//c/"), &err), 0);
	ck_assert_int_eq(file_make_folder(path("a/b/c"), &err), 0);
	ck_assert(file_exists(path("a/b/c")));
	ck_assert_int_eq(file_make_folder(path("file"), &err), -1);
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_int_eq(file_make_folder(path("file/x"), &err), -1);
	ck_assert_int_eq(file_make_folder("", &err), -1);
	ck_assert_int_eq(file_make_folder("/", &err), 0);
}
END_TEST

START_TEST(a_tree_goes_and_what_its_links_show_stays)
{
	ck_assert_int_eq(file_make_folder(path("tree/deep/er"), &err), 0);
	ck_assert_int_eq(file_make_folder(path("kept"), &err), 0);
	write_text("tree/deep/er/f", "x");
	write_text("kept/f", "x");
	ck_assert_int_eq(symlink(path("kept"), path("tree/link")), 0);
	ck_assert_int_eq(symlink(path("kept/f"), path("tree/deep/link")), 0);
	ck_assert_int_eq(file_remove_tree(path("tree"), &err), 0);
	ck_assert(!file_exists(path("tree")));
	ck_assert(file_exists(path("kept/f")));
	ck_assert_int_eq(file_remove_tree(path("tree"), &err), 0);
}
END_TEST

START_TEST(names_come_sorted_by_suffix_without_hidden_ones)
{
	char **names;
	size_t count;

	write_text("b.yaml", "");
	write_text("a.yaml", "");
	write_text("c.yml", "");
	write_text(".d.yaml", "");
	ck_assert_int_eq(file_list(folder, ".yaml", &arena, &names, &count, &err), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(names[0], "a.yaml");
	ck_assert_str_eq(names[1], "b.yaml");
	ck_assert_int_eq(file_list(path("none"), "", &arena, &names, &count, &err), 0);
	ck_assert_uint_eq(count, 0);
	ck_assert_int_eq(file_list(path("a.yaml"), "", &arena, &names, &count, &err), -1);
}
END_TEST

static const struct join_case {
	const char *base, *path, *joined;
} join_cases[] = {
	{"/a", "b", "/a/b"},      {"/a/", "b/", "/a/b"},
	{"/a", "/b", "/b"},       {"/a", "", "/a"},
	{"/a", ".", "/a"},        {"/a", "./b/.//c", "/a/b/c"},
	{"/a/b", "../c", "/a/c"}, {"/a/b", "../../c", "/c"},
	{"/a", "..", "/"},        {"/a", "../..", "/"},
	{"/", "..", "/"},         {"/a", "../../../c", "/c"},
	{"/a", "..b", "/a/..b"},  {"/a", "...", "/a/..."},
	{"a", "b", "a/b"},        {"a", "..", "."},
	{"a", "../..", ".."},     {"a", "../../..", "../.."},
	{"a", "../../b", "../b"}, {".", "a", "a"},
	{"", "a", "a"},           {"", "", "."},
	{"", "..", ".."},
};

START_TEST(paths_are_joined_by_text_alone)
{
	const struct join_case *c = &join_cases[_i];

	ck_assert_str_eq(file_join(&arena, c->base, c->path), c->joined);
}
END_TEST

START_TEST(the_last_part_of_a_path)
{
	ck_assert_str_eq(file_basename("/a/b.c"), "b.c");
	ck_assert_str_eq(file_basename("b.c"), "b.c");
	ck_assert_str_eq(file_basename("/a/"), "");
	ck_assert_str_eq(file_basename(""), "");
}
END_TEST

/* Runs with stderr in a file and gives what was written. */
static const char *logged(enum log_format format, const char *text)
{
	auto_buf struct buf contents = {0};
	int kept = dup(STDERR_FILENO);
	int fd = open(path("log"), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

	fflush(stderr);
	dup2(fd, STDERR_FILENO);
	log_init(format, LOG_LEVEL_WARN);
	log_info("test", "not shown");
	log_warn("test", "%s", text);
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(fd);
	ck_assert_int_eq(file_read(path("log"), 1 << 20, &contents, &err), 0);
	return arena_strdup(&arena, buf_string(&contents));
}

START_TEST(an_event_is_one_line_of_text)
{
	ck_assert_str_eq(logged(LOG_FORMAT_TEXT, "could not open 'a\nb' bytes=7"),
	                 "millrace: warn: test: could not open 'a b' bytes=7\n");
}
END_TEST

START_TEST(an_event_is_one_line_of_json)
{
	static const char text[] = "could not open 'a\n\"b\"'";
	const char *line = logged(LOG_FORMAT_AUTO, text); /* a file is no terminal */
	auto_json json_t *value = json_parse(line, strlen(line), &err);

	ck_assert_ptr_nonnull(value);
	ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
	ck_assert_str_eq(json_get_text(value, "text", ""), text);
	ck_assert_str_eq(json_get_text(value, "level", ""), "warn");
	ck_assert_str_eq(json_get_text(value, "area", ""), "test");
	ck_assert_uint_eq(strlen(json_get_text(value, "time", "")), 27);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("file");

	tcase_add_checked_fixture(tests, open_folder, remove_folder);
	tcase_add_test(tests, a_file_is_written_whole_and_read_back);
	tcase_add_test(tests, what_cannot_be_read_says_why);
	tcase_add_test(tests, what_cannot_be_written_leaves_nothing);
	tcase_add_test(tests, folders_are_made_to_any_depth);
	tcase_add_test(tests, a_tree_goes_and_what_its_links_show_stays);
	tcase_add_test(tests, names_come_sorted_by_suffix_without_hidden_ones);
	tcase_add_loop_test(tests, paths_are_joined_by_text_alone, 0, (int)countof(join_cases));
	tcase_add_test(tests, the_last_part_of_a_path);
	tcase_add_test(tests, an_event_is_one_line_of_text);
	tcase_add_test(tests, an_event_is_one_line_of_json);
	return suite_run("file", tests);
}
