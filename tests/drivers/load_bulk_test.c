/* load_bulk_test.c - large loads into PostgreSQL: each way, other writers, and what is killed
 *
 * Row by row is the judge: a dry run that goes that way says what the real load has to come to.
 */
#include <check.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/crypto.h"
#include "lib/str.h"
#include "storage/load/load_input.h"
#include "tests/count.h"
#include "tests/drivers/load_fixture.h"
#include "tests/suite.h"

#define STAMP "'2020-01-01T00:00:00.000000Z'"

enum { BY_ROWS = 1 << 30, TEAMS = 20, WRITERS = 3 };

static struct load_fixture f;

static void set_up(void)
{
	static const char *const tables[] = {
		"table: team\n"
		"columns:\n"
		"  - {name: code, type: string, max_length: 8, unique: true}\n"
		"soft_delete: true\n",
		"table: person\n"
		"columns:\n"
		"  - {name: name, type: string, min_length: 1, max_length: 20, unique: true}\n"
		"  - {name: team_id, references: team, required: true}\n"
		"  - {name: boss_id, references: team}\n"
		"  - {name: size, type: int, min: 1, max: 300, default: 170}\n",
		"table: note\n"
		"columns:\n"
		"  - {name: text, type: text}\n",
	};

	load_fixture_init(&f, tables, countof(tables));
	f.context.bulk_rows = 1;
	load_fixture_exec(&f,
	                  "INSERT INTO team (id, code, created_at, updated_at, version, deleted_at)"
	                  " SELECT i, 'T' || i, " STAMP ", " STAMP ", 1,"
	                  " CASE WHEN i = 20 THEN " STAMP "::timestamptz END"
	                  " FROM generate_series(1, 20) AS i");
}

static void tear_down(void)
{
	load_fixture_release(&f);
}

enum bad {
	BAD_ID,
	BAD_NAME,
	BAD_TEAM,
	BAD_HIDDEN_TEAM,
	BAD_BOSS,
	BAD_NUMBER,
	BAD_SIZE,
	BAD_COUNT = 10
};

/* One row in a hundred for each kind of bad one, when wanted. Ids and names count from `from`. */
static void append_rows(struct buf *csv, int from, int rows, int is_bad)
{
	buf_text(csv, "id,name,team_id,boss_id,size\n");
	for (int i = from; i < from + rows; i++) {
		const char *boss = i % 3 ? "" : "2";
		const char *sizes[BAD_COUNT] = {"", "", "", "", "", "x", "999", "", "", ""};
		int ids[BAD_COUNT] = {[BAD_ID] = i - 7}, names[BAD_COUNT] = {[BAD_NAME] = i - 3};
		int teams[BAD_COUNT] = {[BAD_TEAM] = 99, [BAD_HIDDEN_TEAM] = TEAMS};
		int bad = i % 10 ? BAD_COUNT - 1 : i / 10 % BAD_COUNT;

		bad = is_bad ? bad : BAD_COUNT - 1;
		buf_printf(csv, "%d,P%d,%d,%s,%s\n", ids[bad] ? ids[bad] : i,
		           names[bad] ? names[bad] : i,
		           teams[bad] ? teams[bad] : 1 + i % (TEAMS - 1),
		           bad == BAD_BOSS ? "77" : boss, sizes[bad]);
	}
}

/* What the load counts and lists, row by row and without effect. */
static const char *judge(const char *csv, const char *conflict, struct load_result *result)
{
	f.context.bulk_rows = BY_ROWS;
	load_fixture_csv(&f, "person", csv,
	                 arena_printf(&f.arena, "{'dry_run': true, %s}", conflict));
	f.context.bulk_rows = 1;
	*result = f.result;
	ck_assert_str_eq(result->strategy, "insert");
	return f.rejects ? load_fixture_rejects(&f) : "";
}

static void check_whole(void)
{
	ck_assert_str_eq(
		load_fixture_rows(&f, "SELECT count(*) - count(DISTINCT name) FROM person"), "0");
	ck_assert_str_eq(load_fixture_rows(&f, "SELECT count(*) FROM pg_constraint WHERE conrelid ="
	                                       " 'person'::regclass AND convalidated AND contype IN"
	                                       " ('p', 'f')"),
	                 "3");
	ck_assert_str_eq(load_fixture_rows(&f, "SELECT count(*) FROM pg_indexes"
	                                       " WHERE tablename = 'person'"),
	                 "4");
	ck_assert_str_eq(load_fixture_rows(
				 &f, "SELECT count(*) FROM pg_class"
				     " WHERE relname LIKE 'millrace\\_%' AND relpersistence = 't'"),
	                 "0");
}

static void load_as_judged(const char *csv, const char *conflict, const char *extra)
{
	struct load_result result;
	const char *rejects = judge(csv, conflict, &result);

	load_fixture_csv(&f, "person", csv, arena_printf(&f.arena, "{%s%s}", conflict, extra));
	ck_assert_msg(str_starts_with(f.text, "received="), "%s", f.text);
	ck_assert_int_eq(f.result.inserted, result.inserted);
	ck_assert_int_eq(f.result.updated, result.updated);
	ck_assert_int_eq(f.result.skipped, result.skipped);
	ck_assert_mem_eq(f.result.reasons, result.reasons, sizeof(result.reasons));
	ck_assert_str_eq(f.rejects ? load_fixture_rejects(&f) : "", rejects);
}

static const struct {
	const char *conflict, *extra, *strategy;
	int stored; /* of ten thousand rows those that are there before */
	int is_bad;
} loads[] = {
	{"'on_conflict': 'error'", "", "stage_replica", 0, 0},
	{"'on_conflict': 'error'", "", "stage_replica", 0, 1},
	{"'on_conflict': 'error'", "", "stage_replica", 5000, 1},
	{"'on_conflict': 'error'", "", "stage_replica", 10000, 1},
	{"'on_conflict': 'skip'", "", "stage_replica", 5000, 1},
	{"'on_conflict': 'update'", "", "stage_replica", 5000, 1},
	{"'on_conflict': 'update', 'conflict_key': 'name'", "", "stage_replica", 5000, 1},
	{"'on_conflict': 'skip'", ", 'chunk_rows': 3000", "stage_replica", 5000, 1},
	{"'on_conflict': 'error'", ", 'exclusive': true", "rebuild", 0, 1},
	{"'on_conflict': 'error'", ", 'exclusive': true", "stage_replica", 5000, 1},
};

START_TEST(a_large_load_comes_to_what_rows_come_to)
{
	int tens = count_of(1, 100);
	struct buf csv = {0}, before = {0};

	append_rows(&before, 1, loads[_i].stored * tens, 0);
	load_fixture_csv(&f, "person", before.data, NULL);
	append_rows(&csv, 1, 10000 * tens, loads[_i].is_bad);
	load_as_judged(csv.data, loads[_i].conflict, loads[_i].extra);
	ck_assert_str_eq(f.result.strategy, loads[_i].strategy);
	check_whole();
	buf_release(&csv);
	buf_release(&before);
}
END_TEST

/* docs/databases.md; older servers know no such grant. */
static void grant_as_documented(void)
{
	struct buf csv = {0};

	if (strtol(load_fixture_rows(&f, "SHOW server_version_num"), NULL, 10) < 150000)
		return;
	load_fixture_exec(&f, "DELETE FROM person;"
	                      " GRANT SET ON PARAMETER session_replication_role TO modest;"
	                      " SET ROLE modest");
	append_rows(&csv, 1, 5000, 1);
	load_as_judged(csv.data, "'on_conflict': 'error'", "");
	ck_assert_str_eq(f.result.strategy, "stage_replica");
	load_fixture_exec(&f, "RESET ROLE");
	check_whole();
	load_fixture_exec(&f, "REVOKE SET ON PARAMETER session_replication_role FROM modest");
	buf_release(&csv);
}

/* A role that may only read and write, and one that owns the tables. */
START_TEST(a_role_without_the_right_takes_the_next_way)
{
	struct buf csv = {0};

	load_fixture_exec(&f, "DROP ROLE IF EXISTS modest; CREATE ROLE modest;"
	                      " GRANT ALL ON ALL TABLES IN SCHEMA public, millrace_data TO modest;"
	                      " GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO modest;"
	                      " GRANT ALL ON SCHEMA millrace_data TO modest; SET ROLE modest");
	append_rows(&csv, 1, 5000, 1);
	load_as_judged(csv.data, "'on_conflict': 'error'", ", 'exclusive': true");
	ck_assert_str_eq(f.result.strategy, "stage");
	load_as_judged(csv.data, "'on_conflict': 'skip'", "");
	ck_assert_str_eq(f.result.strategy, "stage");
	load_fixture_exec(&f, "RESET ROLE");
	check_whole();
	load_fixture_exec(&f, "DELETE FROM person; ALTER TABLE person OWNER TO modest;"
	                      " ALTER TABLE team OWNER TO modest; GRANT CREATE ON SCHEMA public TO"
	                      " modest; SET ROLE modest");
	load_as_judged(csv.data, "'on_conflict': 'error'", ", 'exclusive': true");
	ck_assert_str_eq(f.result.strategy, "rebuild");
	load_fixture_exec(&f, "RESET ROLE");
	check_whole();
	grant_as_documented();
	load_fixture_exec(&f, "DROP OWNED BY modest CASCADE; DROP ROLE modest");
	buf_release(&csv);
}
END_TEST

START_TEST(a_trigger_of_the_table_is_heard)
{
	struct buf csv = {0};

	load_fixture_exec(&f, "CREATE FUNCTION note_it() RETURNS trigger LANGUAGE"
	                      " plpgsql AS $$ BEGIN NEW.size := 5; RETURN NEW; END $$;"
	                      " CREATE TRIGGER note_it BEFORE INSERT ON person FOR EACH ROW"
	                      " EXECUTE FUNCTION note_it()");
	append_rows(&csv, 1, 100, 0);
	load_fixture_csv(&f, "person", csv.data, NULL);
	ck_assert_str_eq(f.result.strategy, "stage");
	ck_assert_str_eq(load_fixture_rows(&f, "SELECT min(size), max(size) FROM person"), "5|5");
	buf_release(&csv);
}
END_TEST

START_TEST(a_table_without_keys_is_copied_into)
{
	load_fixture_csv(&f, "note", "text\na\nb\n\n\"\"\n", NULL);
	ck_assert_str_eq(f.text, "received=3 inserted=3");
	ck_assert_str_eq(f.result.strategy, "copy");
	ck_assert_str_eq(load_fixture_rows(&f, "SELECT id, text, version FROM note ORDER BY id"),
	                 "1|a|1;2|b|1;3||1");
	/* an id that others took leads to the way that gets around it */
	load_fixture_exec(&f, "INSERT INTO note (id, created_at, updated_at, version) VALUES"
	                      " (5, " STAMP ", " STAMP ", 1)");
	load_fixture_csv(&f, "note", "text\nc\nd\n", NULL);
	ck_assert_str_eq(f.text, "received=2 inserted=2");
	ck_assert_str_eq(f.result.strategy, "insert");
}
END_TEST

/* In a process of its own: 0 when the load was stored. */
static pid_t start_load(const char *csv, const char *options, const char *load_id)
{
	struct load_input_memory memory = {csv, strlen(csv), 0};
	struct load_input input = load_input_memory(&memory);
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid)
		return pid;
	load_fixture_connect(&f);
	load_fixture_input(&f, "person", &input, options, load_id);
	_exit(!str_starts_with(f.text, "received="));
}

START_TEST(writers_of_the_same_keys_never_double_them)
{
	pid_t writers[WRITERS];
	struct buf csv = {0};
	int status, rows = 4000;

	append_rows(&csv, 1, rows, 0);
	for (int round = 0; round < count_of(3, 50); round++) {
		for (int i = 0; i < WRITERS; i++)
			writers[i] = start_load(csv.data, "{'on_conflict': 'skip'}", NULL);
		for (int i = 0; i < WRITERS; i++) {
			ck_assert_int_eq(waitpid(writers[i], &status, 0), writers[i]);
			ck_assert_int_eq(status, 0);
		}
		ck_assert_str_eq(load_fixture_rows(&f, "SELECT count(*), max(id) FROM person"),
		                 arena_printf(&f.arena, "%d|%d", rows, rows));
		check_whole();
		load_fixture_exec(&f, "DELETE FROM person");
	}
	buf_release(&csv);
}
END_TEST

static void end_backends(void)
{
	load_fixture_rows(&f, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
	                      " datname = current_database() AND pid <> pg_backend_pid()");
}

static const char *const killed[] = {NULL, "{'chunk_rows': 1000}", "{'exclusive': true}"};

/* The loader, or the server's side of it. */
START_TEST(what_is_killed_leaves_nothing_or_whole_chunks)
{
	struct buf csv = {0};
	int status, rows = 6000;
	unsigned char dice[2];

	append_rows(&csv, 1, rows, 0);
	for (int round = 0; round < count_of(6, 50); round++) {
		const char *load_id = arena_printf(&f.arena, "load-%d-%d", _i, round);
		pid_t pid = start_load(csv.data, killed[_i], load_id);
		int64_t stored;

		crypto_random(dice, sizeof(dice));
		usleep(dice[0] * 400U);
		if (dice[1] % 2)
			ck_assert_int_eq(kill(pid, SIGKILL), 0);
		else
			end_backends();
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		end_backends();
		stored = strtoll(load_fixture_rows(&f, "SELECT count(*) FROM person"), NULL, 10);
		ck_assert_msg(stored == 0 || stored == rows || (_i == 1 && stored % 1000 == 0),
		              "%" PRId64, stored);
		check_whole();
		pid = start_load(csv.data, killed[_i], load_id);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_int_eq(status, 0);
		ck_assert_str_eq(load_fixture_rows(&f, "SELECT count(*) FROM person"), "6000");
		check_whole();
		load_fixture_exec(&f, "DELETE FROM person");
	}
	buf_release(&csv);
}
END_TEST

int main(int argc, char **argv)
{
	TCase *cases = load_fixture_cases(argc, argv);

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_loop_test(cases, a_large_load_comes_to_what_rows_come_to, 0, (int)countof(loads));
	tcase_add_test(cases, a_role_without_the_right_takes_the_next_way);
	tcase_add_test(cases, a_trigger_of_the_table_is_heard);
	tcase_add_test(cases, a_table_without_keys_is_copied_into);
	tcase_add_test(cases, writers_of_the_same_keys_never_double_them);
	tcase_add_loop_test(cases, what_is_killed_leaves_nothing_or_whole_chunks, 0,
	                    (int)countof(killed));
	tcase_set_timeout(cases, 3600);
	return suite_run("load bulk", cases);
}
