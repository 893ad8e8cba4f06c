/* load_resume_test.c - loads that are killed, given up or run out of disk */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/str.h"
#include "storage/load/load_input.h"
#include "tests/drivers/load_fixture.h"
#include "tests/suite.h"

static struct load_fixture f;

static void set_up(void)
{
	static const char *const tables[] = {
		"table: team\n"
		"columns:\n"
		"  - {name: code, type: string, max_length: 8, unique: true}\n",
		"table: person\n"
		"columns:\n"
		"  - {name: name, type: string, min_length: 1, max_length: 20, required: true}\n"
		"  - {name: team_id, references: team, required: true}\n"
		"  - {name: size, type: int, min: 1, max: 300, default: 170}\n"
		"unique: [[name, team_id]]\n",
	};

	load_fixture_init(&f, tables, countof(tables));
	load_fixture_csv(&f, "team", "id,code\n1,red\n", NULL);
}

static void tear_down(void)
{
	load_fixture_release(&f);
}

/* A source that kills its process when `left` bytes were given. */
struct deadly {
	const char *at;
	size_t left, rest;
};

static int deadly_read(void *data, void *bytes, size_t size, size_t *got, struct err *unused)
{
	struct deadly *deadly = data;

	(void)size;
	(void)unused;
	if (deadly->left == 0 && deadly->rest > 0)
		raise(SIGKILL);
	*got = deadly->left > 0 ? 1 : 0;
	if (*got) {
		memcpy(bytes, deadly->at++, 1);
		deadly->left--;
	}
	return 0;
}

static const char *load_deadly(const char *text, size_t dies_at, const char *source)
{
	struct deadly deadly = {text, dies_at, strlen(text) - dies_at};
	struct load_input input = {
		.read = deadly_read, .data = &deadly, .size_bytes = -1, .source = source};

	return load_fixture_input(&f, "person", &input, "{'chunk_rows': 3}", "load/1");
}

START_TEST(a_killed_load_goes_on_and_doubles_nothing)
{
	struct buf text = {0};
	size_t at;

	buf_text(&text, "name,team_id,size\n");
	for (int i = 1; i <= 50; i++)
		buf_printf(&text, "P%d,%d,%d\n", i, i % 7 == 0 ? 99 : 1, i % 10 == 0 ? 0 : 100);
	/* killed again and again, each time a little later */
	for (at = 1; at < text.size; at += 23) {
		int status;
		pid_t child;

		db_close(f.db);
		child = fork();
		if (child == 0) {
			f.db = load_fixture_connect(&f);
			load_deadly(text.data, at, "x 1");
			_exit(0);
		}
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		f.db = load_fixture_connect(&f);
	}
	ck_assert_str_eq(load_deadly(text.data, text.size, "x 2"),
	                 "conflict: load 'load/1' cannot go on: its source changed since it began");
	ck_assert_str_eq(load_deadly(text.data, text.size, "x 1"),
	                 "received=50 inserted=38 rejected=12 foreign_key=7 too_small=5 chunks");
	ck_assert_str_eq(load_fixture_rows(&f, "SELECT count(*), count(DISTINCT name),"
	                                       " count(DISTINCT created_at) FROM person"),
	                 "38|38|1");
	/* each bad row once */
	ck_assert_uint_eq(load_fixture_lines(load_fixture_rejects(&f)), 13);
	/* a load that is done tells its first result and needs no source */
	ck_assert_str_eq(load_deadly("", 0, "x 3"),
	                 "received=50 inserted=38 rejected=12 foreign_key=7 too_small=5 chunks");
	ck_assert_str_eq(load_fixture_rows(&f, "SELECT count(*) FROM person"), "38");
	buf_release(&text);
}
END_TEST

START_TEST(a_load_that_was_taken_over_commits_nothing)
{
	static const char csv[] = "name,team_id\nAnn,1\nBob,9\nCy,1\nDan,9\nEve,1\n";
	struct load_input_memory memory = {csv, sizeof(csv) - 1, 0}, again = memory;
	struct load_input input = load_input_memory(&memory),
			  input_again = load_input_memory(&again);
	struct load_request request = {.table = "person", .load_id = "a/b"};
	struct load_options options;
	struct load_context other = f.context;
	struct load *first, *second;
	struct err err;

	/* the first has stored two chunks when it is given up, and has rows left to write */
	load_options_init(&options);
	options.chunk_rows = 2;
	other.db = load_fixture_connect(&f);
	ck_assert_int_eq(load_open(&f.context, &request, &options, &first, &err), 0);
	ck_assert_int_eq(load_csv(first, &input, NULL, &err), 0);
	ck_assert_int_eq(load_open(&other, &request, &options, &second, &err), 0);
	ck_assert_int_eq(load_commit(first, &err), -1);
	ck_assert_int_eq(err.code, ERR_STALE);
	load_close(first);

	ck_assert_int_eq(load_resume_line(second), 5);
	ck_assert_int_eq(load_csv(second, &input_again, NULL, &err), 0);
	ck_assert_msg(load_commit(second, &err) == 0, "%s", err.text);
	f.rejects = arena_strdup(&f.arena, load_result(second)->rejects);
	load_close(second);
	db_close(other.db);
	ck_assert_str_eq(load_fixture_rows(&f, "SELECT name FROM person ORDER BY id"),
	                 "Ann;Cy;Eve");
	ck_assert_str_eq(load_fixture_rejects(&f), "line,column,code,reason,name,team_id\r\n"
	                                           "3,team_id,foreign_key,*,Bob,9\r\n"
	                                           "5,team_id,foreign_key,*,Dan,9\r\n");
}
END_TEST

static int cancel_third(void *data)
{
	int *asked = data;

	return ++*asked == 3;
}

START_TEST(a_load_that_waits_for_its_turn_can_be_cancelled)
{
	struct db *other = load_fixture_connect(&f);
	struct err err;
	int asked = 0;

	f.context.db = f.db;
	f.context.is_cancelled = cancel_third;
	f.context.data = &asked;
	ck_assert_int_eq(db_begin(other, DB_WRITE, &err), 0);
	ck_assert_str_eq(load_fixture_csv(&f, "person", "name,team_id\nAnn,1\n", NULL),
	                 "cancelled: the load was cancelled");
	db_close(other);
	f.context.is_cancelled = NULL;
	ck_assert_str_eq(load_fixture_csv(&f, "person", "name,team_id\nAnn,1\n", NULL),
	                 "received=1 inserted=1");
}
END_TEST

START_TEST(only_a_known_load_can_be_resumed)
{
	struct load_request request = {
		.table = "person", .load_id = "nobody", .flags = LOAD_MUST_EXIST};
	struct load_options options;
	struct load *load;
	struct err err;

	load_options_init(&options);
	ck_assert_int_eq(load_open(&f.context, &request, &options, &load, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	request = (struct load_request){.table = "persons"};
	ck_assert_int_eq(load_open(&f.context, &request, &options, &load, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

/* No file may grow past `bytes`: what a full disk is like. */
static void bound_files(rlim_t bytes)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Where the disk is full: the prepared rows, the database's log. */
static const rlim_t full_disks[] = {1 << 20, 5 << 20};

START_TEST(a_full_disk_stores_nothing_and_says_so)
{
	struct buf text = {0};
	int rows = 60000;

	buf_text(&text, "name,team_id,size\n");
	for (int i = 0; i < rows; i++)
		buf_printf(&text, "P%d,1,\n", i);
	bound_files(full_disks[_i]);
	load_fixture_bytes(&f, "person", text.data, text.size, NULL);
	bound_files(RLIM_INFINITY);
	ck_assert_msg(str_starts_with(f.text, "no_space: "), "%s", f.text);
	ck_assert_str_eq(load_fixture_rows(&f, "SELECT count(*) FROM person"), "0");
	load_fixture_bytes(&f, "person", text.data, text.size, NULL);
	ck_assert_int_eq(f.result.received, rows);
	buf_release(&text);
}
END_TEST

int main(int argc, char **argv)
{
	TCase *cases = load_fixture_cases(argc, argv);

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, a_killed_load_goes_on_and_doubles_nothing);
	tcase_add_test(cases, a_load_that_was_taken_over_commits_nothing);
	tcase_add_test(cases, only_a_known_load_can_be_resumed);
	/* the turns of writers and the files of the database are SQLite's */
	if (!load_fixture_is_postgres())
		tcase_add_test(cases, a_load_that_waits_for_its_turn_can_be_cancelled);
	tcase_add_loop_test(cases, a_full_disk_stores_nothing_and_says_so, 0,
	                    load_fixture_is_postgres() ? 1 : (int)countof(full_disks));
	tcase_set_timeout(cases, 120);
	return suite_run("load resume", cases);
}
