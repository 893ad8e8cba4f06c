/* sqlite_test.c - files, locks and the log of SQLite */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/db/checkpointer.h"
#include "storage/db/db.h"
#include "tests/place.h"
#include "tests/suite.h"

static struct place place;
static struct err err;

static void set_up(void)
{
	place_make(&place);
}

static void tear_down(void)
{
	place_remove(&place);
}

static void exec(struct db *db, const char *sql)
{
	ck_assert_msg(db_exec(db, sql, &err) == 0, "%s", err.text);
}

static int64_t number(struct db *db, const char *sql)
{
	struct db_stmt *stmt = db_cached(db, sql, &err);
	int64_t value;

	ck_assert_msg(stmt && db_step(stmt, &err) == 1, "%s", err.text);
	value = db_column_int(stmt, 0);
	db_reset(stmt);
	return value;
}

static void expect_no_open(const char *url, unsigned flags, enum err_code code, const char *text)
{
	const struct db_options options = {.flags = flags};

	ck_assert_ptr_null(db_open(url, &options, &err));
	ck_assert_msg(err.code == code, "%s", err.text);
	ck_assert_msg(strstr(err.text, text) != NULL, "%s", err.text);
}

START_TEST(what_cannot_be_opened_says_why)
{
	char url[160];
	struct db *db;

	expect_no_open("mysql://u:secret@h/d", 0, ERR_USAGE, "no database is known for 'mysql'");
	ck_assert_ptr_null(strstr(err.text, "secret"));
	expect_no_open("nothing", 0, ERR_USAGE, "sqlite:PATH");
	expect_no_open("sqlite:", 0, ERR_USAGE, "names no file");
	expect_no_open(place.url, 0, ERR_NOT_FOUND, "the file does not exist");
	ck_assert(!file_exists(place.path));

	snprintf(url, sizeof(url), "sqlite:%s", place.folder);
	expect_no_open(url, DB_CREATE, ERR_INVALID, "it is a folder");
	snprintf(url, sizeof(url), "sqlite:%s/no/such/data.db", place.folder);
	expect_no_open(url, DB_CREATE, ERR_NOT_FOUND, "/no/such' does not exist");
	snprintf(url, sizeof(url), "sqlite:%s/data.db/below", place.folder);
	db = place_open(&place);
	db_close(db);
	expect_no_open(url, DB_CREATE, ERR_NOT_FOUND, "not a directory");
}
END_TEST

START_TEST(a_file_of_another_kind_is_left_alone)
{
	static const char text[] = "id,name\n1,Ann\nthis is no database, whatever its name says, "
				   "and it is long enough to hold a header of one hundred bytes\n";
	auto_buf struct buf contents = {0};

	ck_assert_int_eq(file_write_atomic(place.path, text, sizeof(text) - 1, &err), 0);
	expect_no_open(place.url, DB_CREATE, ERR_DAMAGED, "not a SQLite database");
	ck_assert_int_eq(file_read(place.path, 1000, &contents, &err), 0);
	ck_assert_str_eq(buf_string(&contents), text);
}
END_TEST

START_TEST(a_reader_cannot_write)
{
	const struct db_options options = {.flags = DB_READ_ONLY};
	struct db *db = place_open(&place), *reader;

	exec(db, "CREATE TABLE t (v BIGINT)");
	reader = db_open(place.url, &options, &err);
	ck_assert_ptr_nonnull(reader);
	ck_assert_int_eq(db_exec(reader, "INSERT INTO t VALUES (1)", &err), -1);
	ck_assert_int_eq(err.code, ERR_DENIED);
	ck_assert_int_eq(number(reader, "SELECT count(*) FROM t"), 0);
	db_close(reader);
	db_close(db);
}
END_TEST

START_TEST(the_settings_are_the_safe_ones)
{
	struct db *db = place_open(&place);

	ck_assert_int_eq(number(db, "PRAGMA foreign_keys"), 1);
	ck_assert_int_eq(number(db, "PRAGMA synchronous"), 2);
	ck_assert_int_eq(number(db, "PRAGMA wal_autocheckpoint"), 0);
	ck_assert_int_eq(number(db, "PRAGMA journal_size_limit"), 64 << 20);
	ck_assert_int_eq(number(db, "PRAGMA cache_size"), -2048);
	ck_assert_int_eq(number(db, "SELECT 'A' LIKE 'a'"), 0);
	db_close(db);
}
END_TEST

static const char *const forbidden[] = {
	"PRAGMA foreign_keys=OFF",    "PRAGMA synchronous=0",  "PRAGMA journal_mode=DELETE",
	"ATTACH 'other.db' AS other", "PRAGMA query_only=OFF", "DETACH main",
};

START_TEST(a_statement_cannot_switch_the_safeties_off)
{
	struct db *db = place_open(&place);

	ck_assert_int_eq(db_exec(db, forbidden[_i], &err), -1);
	ck_assert_int_eq(err.code, ERR_DENIED);
	ck_assert_int_eq(number(db, "PRAGMA foreign_keys"), 1);
	db_close(db);
}
END_TEST

START_TEST(a_stranger_with_the_lock_makes_us_busy_not_locked)
{
	struct db *db = place_open(&place);
	sqlite3 *stranger = NULL;

	exec(db, "CREATE TABLE t (v BIGINT)");
	ck_assert_int_eq(sqlite3_open(place.path, &stranger), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(stranger, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	db_set_timeout_ms(db, 30);
	ck_assert_int_eq(db_exec(db, "INSERT INTO t VALUES (1)", &err), -1);
	ck_assert_int_eq(err.code, ERR_BUSY);
	ck_assert_ptr_null(strstr(err.text, "locked"));
	ck_assert_int_eq(number(db, "SELECT count(*) FROM t"), 0);
	sqlite3_close(stranger);
	exec(db, "INSERT INTO t VALUES (1)");
	db_close(db);
}
END_TEST

static void set_file_limit(rlim_t bytes)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_full_disk_costs_the_transaction_and_nothing_else)
{
	struct db *db = place_open(&place);

	signal(SIGXFSZ, SIG_IGN);
	exec(db, "CREATE TABLE t (v BLOB); INSERT INTO t VALUES (zeroblob(1000))");
	set_file_limit(200 * 1024);
	ck_assert_int_eq(db_exec(db, "INSERT INTO t VALUES (zeroblob(1000000))", &err), -1);
	ck_assert_msg(err.code == ERR_NO_SPACE, "%s", err.text);
	ck_assert(!db_in_transaction(db));
	ck_assert_int_eq(number(db, "SELECT count(*) FROM t"), 1);
	set_file_limit(RLIM_INFINITY);
	exec(db, "INSERT INTO t VALUES (zeroblob(1000000))");
	ck_assert_int_eq(number(db, "SELECT count(*) FROM t"), 2);
	db_close(db);
}
END_TEST

static off_t size_of_log(void)
{
	char path[128];
	struct stat info;

	snprintf(path, sizeof(path), "%s-wal", place.path);
	return stat(path, &info) == 0 ? info.st_size : 0;
}

START_TEST(the_log_grows_once_and_is_then_overwritten)
{
	struct db *db = place_open(&place);
	off_t size;

	exec(db, "CREATE TABLE t (v BIGINT)");
	ck_assert_msg(db_grow_wal(db, 500, &err) == 0, "%s", err.text);
	size = size_of_log();
	ck_assert_int_ge(size, 450 * 4096);
	ck_assert_int_eq(number(db, "SELECT count(*) FROM sqlite_schema"), 1);
	for (int i = 0; i < 50; i++)
		exec(db, "INSERT INTO t VALUES (1)");
	ck_assert_int_ge(db_wal_pages(db), 50);
	ck_assert_int_lt(db_wal_pages(db), 200);
	ck_assert_int_eq(size_of_log(), size);
	ck_assert_int_eq(db_checkpoint(db, &err), 0);
	exec(db, "INSERT INTO t VALUES (1)");
	ck_assert_int_lt(db_wal_pages(db), 10);
	db_close(db);
}
END_TEST

START_TEST(the_checkpointer_keeps_the_log_short)
{
	struct db *db = place_open(&place);
	struct checkpointer *checkpointer;

	exec(db, "CREATE TABLE t (v BLOB)");
	checkpointer = checkpointer_start(place.url, 100, &err);
	ck_assert_ptr_nonnull(checkpointer);
	for (int i = 0; i < 100; i++) {
		exec(db, "INSERT INTO t VALUES (zeroblob(40000))");
		checkpointer_tell(checkpointer, db_wal_pages(db));
	}
	checkpointer_stop(checkpointer);
	/* all of it is moved by now, so this one begins at the front */
	exec(db, "INSERT INTO t VALUES (zeroblob(1))");
	ck_assert_int_lt(db_wal_pages(db), 10);
	db_close(db);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("files");

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, what_cannot_be_opened_says_why);
	tcase_add_test(cases, a_file_of_another_kind_is_left_alone);
	tcase_add_test(cases, a_reader_cannot_write);
	tcase_add_test(cases, the_settings_are_the_safe_ones);
	tcase_add_loop_test(cases, a_statement_cannot_switch_the_safeties_off, 0,
	                    countof(forbidden));
	tcase_add_test(cases, a_stranger_with_the_lock_makes_us_busy_not_locked);
	tcase_add_test(cases, a_full_disk_costs_the_transaction_and_nothing_else);
	tcase_add_test(cases, the_log_grows_once_and_is_then_overwritten);
	tcase_add_test(cases, the_checkpointer_keeps_the_log_short);
	tcase_set_timeout(cases, 60);
	return suite_run("sqlite", cases);
}
