/* postgres_text_test.c - what a text of SQL holds */
#include <check.h>

#include "lib/compiler.h"
#include "storage/db/postgres_text.h"
#include "tests/suite.h"

enum {
	WRITES = POSTGRES_TEXT_WRITES,
	ENDS = POSTGRES_TEXT_WRITES | POSTGRES_TEXT_TRANSACTION,
	MARKS = POSTGRES_TEXT_OTHER_MARKS,
};

static const struct {
	const char *sql;
	int statements;
	unsigned flags;
} texts[] = {
	{"", 0, 0},
	{" ; ;\n", 0, 0},
	{"-- nothing; at all", 0, 0},
	{"/* a /* nested; */ one; */", 0, 0},
	{"SELECT 1", 1, 0},
	{"(SELECT 1)", 1, 0},
	{"select 1; select 2;", 2, 0},
	{"SELECT ';' -- ; DELETE\n FROM t", 1, 0},
	{"SELECT 'it''s; fine'; SELECT 2", 2, 0},
	{"SELECT E'a\\'; b'; SELECT 2", 2, 0},
	{"SELECT \"a;b\" FROM t", 1, 0},
	{"SELECT $$a; b$$, $tag$ ; $$ ; $tag$", 1, 0},
	{"SELECT $1, $23", 1, 0},
	{"SELECT $x", 1, MARKS},
	{"SELECT a ? 'b' FROM t", 1, 0},
	{"INSERT INTO t VALUES (1)", 1, WRITES},
	{"WITH x AS (SELECT 1) SELECT * FROM x", 1, 0},
	{"WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", 1, WRITES},
	{"EXPLAIN SELECT 1", 1, 0},
	{"VALUES (1)", 1, 0},
	{"CREATE TABLE t (a text)", 1, WRITES},
	{"COMMIT", 1, ENDS},
	{"select 1; -- then\n /* and */ rollback", 2, ENDS},
	{"SELECT commit FROM t", 1, 0},
	{"SELECT 'unterminated; quote", 1, 0},
	{"SELECT $$unterminated; dollar", 1, 0},
	{"SELECT /* unterminated; comment", 1, 0},
};

START_TEST(a_text_is_split_as_the_server_does)
{
	struct postgres_text text = postgres_text_scan(texts[_i].sql);

	ck_assert_int_eq(text.statements, texts[_i].statements);
	ck_assert_uint_eq(text.flags, texts[_i].flags);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("postgres text");

	tcase_add_loop_test(cases, a_text_is_split_as_the_server_does, 0, countof(texts));
	return suite_run("postgres text", cases);
}
