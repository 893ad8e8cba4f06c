/* load_large_test.c - the shipped tables: the shape of real files, a million rows, a second writer */
#include <check.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "storage/load/dump.h"
#include "storage/load/load_input.h"
#include "tests/count.h"
#include "tests/drivers/load_fixture.h"
#include "tests/suite.h"

#define USER_COLUMNS "{'columns': ['id', 'name', 'datetime', 'department_id', 'job_id']"

enum { DEPARTMENTS = 12, JOBS = 183, HIRES = 1999, BAD_HIRES = 70, FILE_BYTES = 1 << 24 };
enum { ANONYMOUS_KB = 64 * 1024 };

static struct load_fixture f;
static const char *source_root = ".";

static void set_up(void)
{
	struct buf path = {0};

	buf_printf(&path, "%s/catalog", source_root);
	load_fixture_init_with(&f, path.data);
	buf_release(&path);
}

static void tear_down(void)
{
	load_fixture_release(&f);
}

static void append_department(struct buf *csv, int id)
{
	buf_printf(csv, "%d,Department %d\r\n", id, id);
}

static void append_job(struct buf *csv, int id)
{
	buf_printf(csv, "%d,Job %d\r\n", id, id);
}

/* 70 rows lack one field each: name 19, datetime 14, department 21, job 16. */
static void append_hire(struct buf *csv, int id)
{
	int lacks = id % 28 == 0 && id / 28 <= BAD_HIRES ? id / 28 : 0;

	buf_printf(csv, "%d,", id);
	if (lacks < 1 || lacks > 19)
		buf_printf(csv, "Person %d", id);
	buf_char(csv, ',');
	if (lacks < 20 || lacks > 33)
		buf_printf(csv, "2021-%02d-%02dT%02d:00:00Z", id % 12 + 1, id % 28 + 1, id % 24);
	buf_char(csv, ',');
	if (lacks < 34 || lacks > 54)
		buf_printf(csv, "%d", id % DEPARTMENTS + 1);
	buf_char(csv, ',');
	if (lacks < 55)
		buf_printf(csv, "%d", id % JOBS + 1);
	buf_text(csv, "\r\n");
}

/* The real file where there is one, else one of the same shape. */
static void read_or_make(struct buf *csv, const char *name, void (*append)(struct buf *, int),
                         int count)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): tests only */
	const char *given = getenv("MILLRACE_SHARED_DATA");
	const char *path =
		given ? arena_printf(&f.arena, "%s/%s", given, name)
		      : arena_printf(&f.arena, "%s/../shared/data/%s", source_root, name);
	struct err err;

	buf_clear(csv);
	if (file_exists(path)) {
		ck_assert_msg(file_read(path, FILE_BYTES, csv, &err) == 0, "%s", err.text);
		return;
	}
	for (int id = 1; id <= count; id++)
		append(csv, id);
}

START_TEST(the_three_files_are_loaded_and_loaded_again)
{
	static const char good[] = "received=1999 inserted=1929 rejected=70 required=70";
	struct buf csv = {0};

	read_or_make(&csv, "departments.csv", append_department, DEPARTMENTS);
	ck_assert_str_eq(load_fixture_bytes(&f, "department", csv.data, csv.size,
	                                    "{'columns': ['id', 'department']}"),
	                 "received=12 inserted=12");
	read_or_make(&csv, "jobs.csv", append_job, JOBS);
	ck_assert_str_eq(
		load_fixture_bytes(&f, "job", csv.data, csv.size, "{'columns': ['id', 'job']}"),
		"received=183 inserted=183");
	read_or_make(&csv, "hired_employees.csv", append_hire, HIRES);
	ck_assert_msg(str_starts_with(load_fixture_bytes(&f, "user", csv.data, csv.size,
	                                                 USER_COLUMNS ", 'on_error': 'stop'}"),
	                              "invalid: nothing was stored: line "),
	              "%s", f.text);
	ck_assert_str_eq(load_fixture_rows(&f, "SELECT count(*) FROM user"), "0");
	ck_assert_str_eq(load_fixture_bytes(&f, "user", csv.data, csv.size,
	                                    USER_COLUMNS ", 'dry_run': true}"),
	                 "received=1999 inserted=1929 rejected=70 required=70 dry");
	ck_assert_str_eq(load_fixture_bytes(&f, "user", csv.data, csv.size, USER_COLUMNS "}"),
	                 good);
	ck_assert_uint_eq(load_fixture_lines(load_fixture_rejects(&f)), BAD_HIRES + 1);
	ck_assert_str_eq(load_fixture_bytes(&f, "user", csv.data, csv.size,
	                                    USER_COLUMNS ", 'on_conflict': 'skip'}"),
	                 "received=1999 inserted=0 skipped=1929 rejected=70 required=70");
	ck_assert_str_eq(
		load_fixture_rows(&f, "SELECT count(*), max(version), count(DISTINCT created_at)"
	                              " FROM user"),
		"1929|1|1");
	buf_release(&csv);
}
END_TEST

/* Rows made as they are read, so that the test itself holds none. */
struct source {
	int64_t next, count;
	char line[128];
	size_t size, at;
};

static uint64_t scramble(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static void next_line(struct source *source)
{
	int64_t id = source->next++;
	uint64_t noise = scramble((uint64_t)id);

	source->at = 0;
	source->size = (size_t)snprintf(
		source->line, sizeof(source->line),
		"%" PRId64 ",Name %" PRIx64 ",20%02d-%02d-%02dT%02d:%02d:00Z,%d,%d\n", id, noise,
		(int)(noise % 22), (int)(noise % 12) + 1, (int)(noise % 28) + 1, (int)(noise % 24),
		(int)(noise % 60), (int)(noise % DEPARTMENTS) + 1, (int)(noise % JOBS) + 1);
}

static int read_source(void *data, void *bytes, size_t size, size_t *got, struct err *err)
{
	struct source *source = data;

	(void)err;
	*got = 0;
	while (*got < size) {
		size_t part;

		if (source->at == source->size) {
			if (source->next > source->count)
				return 0;
			next_line(source);
		}
		part = source->size - source->at;
		if (part > size - *got)
			part = size - *got;
		memcpy((char *)bytes + *got, source->line + source->at, part);
		source->at += part;
		*got += part;
	}
	return 0;
}

static void add_parents(void)
{
	struct buf csv = {0};

	for (int id = 1; id <= DEPARTMENTS; id++)
		append_department(&csv, id);
	load_fixture_bytes(&f, "department", csv.data, csv.size,
	                   "{'columns': ['id', 'department']}");
	buf_clear(&csv);
	for (int id = 1; id <= JOBS; id++)
		append_job(&csv, id);
	load_fixture_bytes(&f, "job", csv.data, csv.size, "{'columns': ['id', 'job']}");
	buf_release(&csv);
}

static const char *load_source(int64_t first, int64_t count, const char *options)
{
	struct source source = {.next = first, .count = first + count - 1};
	struct load_input input = {.read = read_source, .data = &source, .size_bytes = -1};

	return load_fixture_input(&f, "user", &input, options, NULL);
}

static int64_t most_kb; /* of anonymous memory, as far as it was looked at */

static int64_t anonymous_kb(void)
{
	char text[4096];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, text, sizeof(text) - 1);
	const char *line;

	close(fd);
	ck_assert_int_gt(size, 0);
	text[size] = '\0';
	line = strstr(text, "RssAnon:");
	return line ? strtoll(line + strlen("RssAnon:"), NULL, 10) : 0;
}

/* Asked now and then by the loader: as good a moment as any. */
static int look_at_memory(void *data)
{
	int64_t kb = anonymous_kb();

	(void)data;
	if (kb > most_kb)
		most_kb = kb;
	return 0;
}

/* Sanitizers have memory of their own. */
#if defined(__SANITIZE_ADDRESS__)
enum { LARGE_ROWS = 20000, LARGE_ROWS_TORTURE = 20000, IS_MEASURED = 0 };
#else
enum { LARGE_ROWS = 1000000, LARGE_ROWS_TORTURE = 5000000, IS_MEASURED = 1 };
#endif

START_TEST(memory_does_not_grow_with_the_rows)
{
	int64_t rows = count_of(LARGE_ROWS, LARGE_ROWS_TORTURE), more = rows / 10;

	add_parents();
	f.context.is_cancelled = look_at_memory;
	load_source(1, rows, USER_COLUMNS "}");
	ck_assert_str_eq(f.text, arena_printf(&f.arena, "received=%" PRId64 " inserted=%" PRId64,
	                                      rows, rows));
	/* and again behind what is there, row by row, in chunks, with every row but the new ones skipped */
	load_source(rows + 1, more, USER_COLUMNS ", 'chunk_rows': 10000}");
	load_source(rows - more, 3 * more,
	            USER_COLUMNS ", 'chunk_rows': 'auto', 'on_conflict': 'skip'}");
	ck_assert_int_eq(f.result.skipped, more * 2 + 1);
	ck_assert_str_eq(load_fixture_rows(&f, "SELECT count(*) FROM user"),
	                 arena_printf(&f.arena, "%" PRId64, rows + more + more - 1));
	ck_assert_int_gt(most_kb, 0);
	if (IS_MEASURED)
		ck_assert_int_lt(most_kb, ANONYMOUS_KB);
}
END_TEST

/* A second connection that writes one row after the other while a load runs. */
struct small_writer {
	struct db *db;
	atomic_int stop;
	int written;
	struct err err;
};

static int write_small(struct small_writer *writer)
{
	static const char insert[] =
		"INSERT INTO department (department, created_at, updated_at, version) VALUES"
		" ($1, '2021-01-01T00:00:00.000000Z', '2021-01-01T00:00:00.000000Z', 1)";
	struct db_stmt *stmt = db_cached(writer->db, insert, &writer->err);
	char name[32];

	if (!stmt)
		return -1;
	snprintf(name, sizeof(name), "Small %d", writer->written);
	db_bind_text(stmt, 1, name);
	if (db_run(stmt, &writer->err) < 0)
		return -1;
	writer->written++;
	return 0;
}

static void *run_small_writer(void *data)
{
	struct small_writer *writer = data;

	while (!atomic_load(&writer->stop))
		if (write_small(writer) < 0)
			return writer;
	return NULL;
}

START_TEST(a_small_writer_gets_its_turns_during_a_load_in_chunks)
{
	struct small_writer writer = {0};
	int64_t rows = count_of(60000, 1000000);
	pthread_t thread;
	void *failed;

	add_parents();
	writer.db = load_fixture_connect(&f);
	f.context.db = f.db;
	ck_assert_int_eq(pthread_create(&thread, NULL, run_small_writer, &writer), 0);
	load_source(1, rows, USER_COLUMNS ", 'chunk_rows': 'auto'}");
	atomic_store(&writer.stop, 1);
	ck_assert_int_eq(pthread_join(thread, &failed), 0);
	ck_assert_msg(!failed, "%s", writer.err.text);
	ck_assert_int_eq(f.result.inserted, rows);
	ck_assert_int_gt(f.result.chunks, 1);
	ck_assert_int_gt(writer.written, 1);
	ck_assert_str_eq(load_fixture_rows(&f, "SELECT count(*) FROM department"),
	                 arena_printf(&f.arena, "%d", DEPARTMENTS + writer.written));
	db_close(writer.db);
}
END_TEST

static int append_output(void *data, const void *bytes, size_t size, struct err *err)
{
	(void)err;
	buf_append(data, bytes, size);
	return 0;
}

static const char *dump(const struct dump_request *request)
{
	struct buf text = {0};
	struct dump_output output = {append_output, &text};
	struct dump_result result;
	const char *copy;
	struct err err;

	if (dump_run(f.db, f.catalog, request, &output, &result, &err) < 0) {
		buf_release(&text);
		return arena_printf(&f.arena, "%s: %s", err_name(err.code), err.text);
	}
	ck_assert_int_eq(result.bytes, (int64_t)text.size);
	copy = arena_strndup(&f.arena, text.data, text.size);
	buf_release(&text);
	return copy;
}

START_TEST(a_dump_is_what_the_loader_takes_back)
{
	const struct dump_request department = {.table = "department"};
	const char *text;

	load_fixture_csv(
		&f, "department",
		"id,department\n1,Sales\n2,\"R&D, \"\"new\"\"\"\n3,\"two\nlines\"\n5,Ünit\n", NULL);
	load_fixture_exec(&f, "UPDATE department SET deleted_at = created_at WHERE id = 5");
	text = dump(&department);
	ck_assert_str_eq(
		text, "id,department\r\n1,Sales\r\n2,\"R&D, \"\"new\"\"\"\r\n3,\"two\nlines\"\r\n");
	ck_assert_str_eq(load_fixture_csv(&f, "department", text, "{'truncate': true}"),
	                 "received=3 inserted=3");
	ck_assert_str_eq(dump(&department), text);
}
END_TEST

START_TEST(queries_and_reports_are_dumped)
{
	json_t *params = json_pack("[i, s]", 1, "x");
	const struct dump_request query = {
		.query =
			"SELECT $1 + 1 AS n, $2 AS \"a,b\", NULL AS none, '' AS empty, 0.5 AS half",
		.params = params};
	const struct dump_request writes = {.query = "DELETE FROM job RETURNING id"};
	const struct dump_request unknown = {.report = "yearly"};
	const struct dump_request report = {.report = "department_hires", .params = params};

	ck_assert_str_eq(dump(&query), "n,\"a,b\",none,empty,half\r\n2,x,,\"\",0.5\r\n");
	ck_assert_str_eq(dump(&unknown), "not_found: there is no report 'yearly'");
	ck_assert(!str_starts_with(dump(&writes), "id"));
	ck_assert_str_eq(dump(&report),
	                 "usage: the parameters of report 'department_hires' must be an object");
	json_decref(params);
}
END_TEST

START_TEST(a_report_takes_its_parameters_and_defaults)
{
	json_t *params = json_pack("{s: i}", "year", 2021),
	       *wrong = json_pack("{s: s}", "year", "x");
	const struct dump_request report = {.report = "department_hires", .params = params};
	const struct dump_request bad = {.report = "department_hires", .params = wrong};

	add_parents();
	load_fixture_csv(&f, "user",
	                 "id,name,datetime,department_id,job_id\n1,A,2021-01-01,1,1\n"
	                 "2,B,2021-05-01,1,1\n3,C,2021-01-01,2,1\n4,D,2020-01-01,2,1\n",
	                 NULL);
	ck_assert_str_eq(dump(&report),
	                 "id,department,hired\r\n1,Department 1,2\r\n2,Department 2,1\r\n");
	ck_assert(str_starts_with(dump(&bad),
	                          "invalid: parameter 'year' of report 'department_hires': "));
	json_decref(params);
	json_decref(wrong);
}
END_TEST

int main(int argc, char **argv)
{
	TCase *cases = load_fixture_cases(argc, argv);

	if (argc > 2)
		source_root = argv[2];
	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, the_three_files_are_loaded_and_loaded_again);
	tcase_add_test(cases, memory_does_not_grow_with_the_rows);
	tcase_add_test(cases, a_small_writer_gets_its_turns_during_a_load_in_chunks);
	tcase_add_test(cases, a_dump_is_what_the_loader_takes_back);
	tcase_add_test(cases, queries_and_reports_are_dumped);
	tcase_add_test(cases, a_report_takes_its_parameters_and_defaults);
	tcase_set_timeout(cases, 3600);
	return suite_run("load large", cases);
}
