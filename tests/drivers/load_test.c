/* load_test.c - the loader end to end on a database: counts, rejects, conflicts, forms of input */
#include <archive.h>
#include <archive_entry.h>
#include <check.h>
#include <string.h>

#include "lib/file.h"
#include "lib/str.h"
#include "storage/load/load_input.h"
#include "tests/drivers/load_fixture.h"
#include "tests/suite.h"

#define LONG_AGO "'2020-01-01T00:00:00.000000Z'"

static struct load_fixture f;

static void set_up(void)
{
	static const char *const tables[] = {
		"table: team\n"
		"columns:\n"
		"  - {name: code, type: string, max_length: 8, unique: true}\n"
		"  - {name: label, type: string, max_length: 20, unique: true, aliases: [Label]}\n"
		"soft_delete: true\n",
		"table: person\n"
		"columns:\n"
		"  - {name: name, type: string, min_length: 1, max_length: 20, required: true}\n"
		"  - {name: born, type: date}\n"
		"  - {name: team_id, references: team, required: true}\n"
		"  - {name: size, type: int, min: 1, max: 300, default: 170}\n"
		"unique: [[name, team_id]]\n"
		"soft_delete: true\n",
	};

	load_fixture_init(&f, tables, countof(tables));
	load_fixture_exec(
		&f,
		"INSERT INTO team (id, code, label, created_at, updated_at, version, deleted_at) VALUES"
		" (1, 'red', 'Red', " LONG_AGO ", " LONG_AGO ", 1, NULL),"
		" (2, 'blue', 'Blue', " LONG_AGO ", " LONG_AGO ", 1, NULL),"
		" (3, 'old', 'Old', " LONG_AGO ", " LONG_AGO ", 1, " LONG_AGO ")");
}

static void tear_down(void)
{
	load_fixture_release(&f);
}

#define ROWS "SELECT id, name, born, team_id, size FROM person ORDER BY id"

START_TEST(good_rows_are_stored_with_defaults_and_stamps)
{
	ck_assert_str_eq(load_fixture_csv(&f, "person",
	                                  "id,name,born,team_id\n"
	                                  "7,Ann,2000-02-29,1\n"
	                                  "9,\"Bo, the\n2nd\",,2\n",
	                                  NULL),
	                 "received=2 inserted=2");
	ck_assert_str_eq(load_fixture_rows(&f, ROWS),
	                 "7|Ann|2000-02-29|1|170;9|Bo, the\n2nd||2|170");
	ck_assert_str_eq(load_fixture_rows(&f, "SELECT count(DISTINCT created_at), min(version),"
	                                       " min(CASE WHEN created_at = updated_at THEN 1 END),"
	                                       " count(deleted_at) FROM person"),
	                 "1|1|1|0");
	if (!load_fixture_is_postgres())
		ck_assert_str_eq(
			load_fixture_rows(&f, "SELECT max(length(created_at)) FROM person"), "27");
	/* the generator is past the highest id */
	ck_assert_str_eq(load_fixture_csv(&f, "person", "name,team_id\nEve,1\n", NULL),
	                 "received=1 inserted=1");
	ck_assert_str_eq(load_fixture_rows(&f, "SELECT id FROM person WHERE name = 'Eve'"), "10");
}
END_TEST

START_TEST(bad_rows_are_rejected_with_line_column_and_reason)
{
	static const char input[] = "id,name,born,team_id,size\r\n"
				    "1,Ann,2000-01-01,1,170\r\n"
				    "x,Bob,,1,\r\n"
				    "\r\n"
				    "3,,2000-13-01,1,999\r\n"
				    "4,Dan,,99,\r\n"
				    "5,Eve,,3,\r\n"
				    "6,Fay,,1\r\n"
				    "7,G\"y,,1,\r\n"
				    "8,\"Hal\n\"\"H\"\"\",,1,0\r\n"
				    "9,Ann,,1,\r\n"
				    "1,Ida,,2,\r\n"
				    "0,Jo,,1,\r\n"
				    "11,K\xe9,,1,\r\n";

	ck_assert_str_eq(
		load_fixture_csv(&f, "person", input, NULL),
		"received=12 inserted=1 rejected=11 duplicate_in_input=2 encoding=1 "
		"field_count=1 foreign_key=2 invalid_integer=1 quote=1 required=1 too_small=2");
	ck_assert_str_eq(
		load_fixture_rejects(&f),
		"line,column,code,reason,id,name,born,team_id,size\r\n"
		"3,id,invalid_integer,*,x,Bob,,1,\r\n"
		"5,name,required,*; column 'born': *; column 'size': *,3,,2000-13-01,1,999\r\n"
		"6,team_id,foreign_key,*,4,Dan,,99,\r\n"
		"7,team_id,foreign_key,*,5,Eve,,3,\r\n"
		"8,,field_count,*,6,Fay,,1\r\n"
		"9,,quote,*,7,\"G\"\"y\",,1,\r\n"
		"10,size,too_small,*,8,\"Hal\n\"\"H\"\"\",,1,0\r\n"
		"12,name,duplicate_in_input,*,9,Ann,,1,\r\n"
		"13,id,duplicate_in_input,*,1,Ida,,2,\r\n"
		"14,id,too_small,*,0,Jo,,1,\r\n"
		"15,,encoding,*,11,K\xe9,,1,\r\n");
}
END_TEST

START_TEST(a_corrected_rejects_object_is_loaded_as_it_is)
{
	const char *uri;

	load_fixture_csv(&f, "person", "id;name;team_id\n1;Ann;1\n2;Bob;\n3;'a;b';9\n",
	                 "{'delimiter': ';', 'quote': '~'}");
	uri = f.rejects;
	ck_assert_str_eq(load_fixture_rejects(&f), "line,column,code,reason,id,name,team_id\r\n"
	                                           "3,team_id,required,*,2,Bob,\r\n"
	                                           "4,team_id,foreign_key,*,3,\"a;b\",9\r\n");
	(void)uri;
	ck_assert_str_eq(load_fixture_csv(&f, "person",
	                                  "line,column,code,reason,id,name,team_id\r\n"
	                                  "3,team_id,required,\"a, \"\"b\"\"\",2,Bob,2\r\n"
	                                  "4,,field_count,x,3,Cy,77\r\n",
	                                  NULL),
	                 "received=2 inserted=1 rejected=1 foreign_key=1");
	/* and its own rejects have the four columns once */
	ck_assert_str_eq(load_fixture_rejects(&f), "line,column,code,reason,id,name,team_id\r\n"
	                                           "3,team_id,foreign_key,*,3,Cy,77\r\n");
	ck_assert_str_eq(load_fixture_csv(&f, "person",
	                                  "line,column,code,reason,id,-,name,team_id\r\n"
	                                  "3,team_id,foreign_key,x,3,y,Cy,1\r\n",
	                                  "{'columns': ['id', '-', 'name', 'team_id']}"),
	                 "received=1 inserted=1");
}
END_TEST

/* What stands: team 1 red/Red, 2 blue/Blue, 3 old/Old (deleted). */
static const struct {
	const char *options, *input, *result, *rows;
} conflicts[] = {
	{NULL, "id,code,label\n1,x,X\n4,y,Y\n", "received=2 inserted=1 rejected=1 duplicate=1",
         "1|red|Red|;2|blue|Blue|;3|old|Old|2020-01-01T00:00:00.000000Z;4|y|Y|"},
	{NULL, "id,code,label\n3,x,X\n", "received=1 inserted=0 rejected=1 duplicate=1",
         "1|red|Red|;2|blue|Blue|;3|old|Old|2020-01-01T00:00:00.000000Z"},
	{"{'on_conflict': 'skip'}", "id,code,label\n1,x,X\n3,z,Z\n4,y,Y\n4,w,W\n",
         "received=4 inserted=1 skipped=3",
         "1|red|Red|;2|blue|Blue|;3|old|Old|2020-01-01T00:00:00.000000Z;4|y|Y|"},
	/* a collision on another key than the one conflicts go by */
	{"{'on_conflict': 'skip'}", "id,code,label\n5,red,X\n",
         "received=1 inserted=0 rejected=1 duplicate=1",
         "1|red|Red|;2|blue|Blue|;3|old|Old|2020-01-01T00:00:00.000000Z"},
	{"{'on_conflict': 'update'}", "id,code,label\n1,rot,Rot\n3,alt,Alt\n4,y,Y\n4,z,Z\n",
         "received=4 inserted=1 updated=3", "1|rot|Rot|;2|blue|Blue|;3|alt|Alt|;4|z|Z|"},
	{"{'on_conflict': 'update'}", "id,code,label\n1,blue,X\n",
         "received=1 inserted=0 rejected=1 duplicate=1",
         "1|red|Red|;2|blue|Blue|;3|old|Old|2020-01-01T00:00:00.000000Z"},
	{"{'on_conflict': 'update', 'conflict_key': 'code'}",
         "code,label\nred,Rot\nold,Alt\nnew,New\n", "received=3 inserted=1 updated=2",
         "1|red|Rot|;2|blue|Blue|;3|old|Alt|;5|new|New|"},
	/* without ids conflicts go by the first unique key */
	{"{'on_conflict': 'skip'}", "code,label\nred,Rot\nnew,New\nnew,Newer\n",
         "received=3 inserted=1 skipped=2",
         "1|red|Red|;2|blue|Blue|;3|old|Old|2020-01-01T00:00:00.000000Z;5|new|New|"},
	{"{'on_conflict': 'skip', 'conflict_key': 'label'}", "id,code,label\n9,x,Red\n1,y,Y\n",
         "received=2 inserted=0 skipped=1 rejected=1 duplicate=1",
         "1|red|Red|;2|blue|Blue|;3|old|Old|2020-01-01T00:00:00.000000Z"},
	{NULL, "id,code,label\n4,a,A\n5,a,B\n6,c,A\n4,d,D\n",
         "received=4 inserted=1 rejected=3 duplicate_in_input=3",
         "1|red|Red|;2|blue|Blue|;3|old|Old|2020-01-01T00:00:00.000000Z;4|a|A|"},
	/* NULL equals nothing */
	{NULL, "id,code,label\n4,,\n5,,\n", "received=2 inserted=2",
         "1|red|Red|;2|blue|Blue|;3|old|Old|2020-01-01T00:00:00.000000Z;4|||;5|||"},
	{"{'truncate': true}", "id,code,label\n1,x,X\n", "received=1 inserted=1", "1|x|X|"},
	{"{'truncate': true, 'dry_run': true}", "id,code,label\n1,x,X\n1,y,Y\n",
         "received=2 inserted=1 rejected=1 duplicate_in_input=1 dry",
         "1|red|Red|;2|blue|Blue|;3|old|Old|2020-01-01T00:00:00.000000Z"},
	{"{'dry_run': true}", "id,code,label\n1,x,X\n4,y,Y\n",
         "received=2 inserted=1 rejected=1 duplicate=1 dry",
         "1|red|Red|;2|blue|Blue|;3|old|Old|2020-01-01T00:00:00.000000Z"},
};

START_TEST(conflicts_go_by_their_key)
{
	ck_assert_str_eq(load_fixture_csv(&f, "team", conflicts[_i].input, conflicts[_i].options),
	                 conflicts[_i].result);
	/* how many generated ids a row costs that finds its place taken is the database's matter */
	ck_assert_str_eq(
		load_fixture_rows(&f, "SELECT CASE WHEN label = 'New' THEN 5 ELSE id END, code,"
	                              " label, deleted_at FROM team ORDER BY id"),
		conflicts[_i].rows);
}
END_TEST

START_TEST(an_update_counts_versions_and_leaves_what_is_not_given)
{
	load_fixture_csv(&f, "person", "id,name,team_id,size\n1,Ann,1,180\n", NULL);
	ck_assert_str_eq(load_fixture_csv(&f, "person", "id,name,team_id\n1,Ann,2\n",
	                                  "{'on_conflict': 'update'}"),
	                 "received=1 inserted=0 updated=1");
	ck_assert_str_eq(load_fixture_rows(&f,
	                                   "SELECT team_id, size, version, created_at < updated_at"
	                                   " FROM person"),
	                 "2|180|2|1");
}
END_TEST

/* Forms of input that all say the same two rows. */
static const struct {
	const char *options, *input;
} forms[] = {
	{NULL, "id,name,born,team_id\n1,Ann,,1\n2,\"Bo\"\"b\",,2\n"},
	{NULL, "\xef\xbb\xbfid,name,born,team_id\r\n1,Ann,,1\r\n2,\"Bo\"\"b\",,2"},
	{NULL, "\n\"id\", name ,born,team_id\n\n1,Ann,, 1\n +2 ,\"Bo\"\"b\",,\"2\"\n\n"},
	{NULL, "team_id,name,id\n1,Ann,1\n2,\"Bo\"\"b\",2\n"},
	{"{'columns': ['id', 'name', '-', 'team_id']}", "1,Ann,x,1\n2,\"Bo\"\"b\",y,2\n"},
	{"{'columns': ['id', 'name', '-', 'team_id'], 'header': true}",
         "whatever,\"it\",is\n1,Ann,x,1\n2,\"Bo\"\"b\",y,2\n"},
	{"{'map': {'No.': 'id', 'Who': 'name', 'Team': 'team_id', 'Note': '-'}}",
         "No.,Who,Note,Team\n1,Ann,,1\n2,\"Bo\"\"b\",,2\n"},
	{"{'delimiter': '\\t', 'quote': '|'}", "id\tname\tteam_id\n1\t|Ann|\t1\n2\tBo\"b\t2\n"},
	{"{'null': 'NA'}", "id,name,born,team_id\n1,Ann,NA,1\n2,\"Bo\"\"b\",NA,2\n"},
	{"{'chunk_rows': 1}", "id,name,team_id\n1,Ann,1\n2,\"Bo\"\"b\",2\n"},
	{"{'chunk_rows': 'auto'}", "id,name,team_id\n1,Ann,1\n2,\"Bo\"\"b\",2\n"},
	{"{'exclusive': true, 'on_error': 'stop'}", "id,name,team_id\n1,Ann,1\n2,\"Bo\"\"b\",2\n"},
};

START_TEST(one_content_has_many_forms)
{
	ck_assert_str_eq(load_fixture_csv(&f, "person", forms[_i].input, forms[_i].options),
	                 "received=2 inserted=2");
	ck_assert_str_eq(load_fixture_rows(&f, ROWS), "1|Ann||1|170;2|Bo\"b||2|170");
}
END_TEST

START_TEST(quoted_and_unquoted_nothing_differ)
{
	ck_assert_str_eq(
		load_fixture_csv(&f, "team", "id,code,label\n4,\"\",\n5,NA,\"NA\"\n", NULL),
		"received=2 inserted=2");
	ck_assert_str_eq(load_fixture_rows(&f,
	                                   "SELECT id, code IS NULL, length(code), label FROM team"
	                                   " WHERE id > 3 ORDER BY id"),
	                 "4|0|0|;5|0|2|NA");
	ck_assert_str_eq(
		load_fixture_csv(&f, "team", "id,code,label\n6,NA,\"NA2\"\n", "{'null': 'NA'}"),
		"received=1 inserted=1");
	ck_assert_str_eq(load_fixture_rows(&f, "SELECT code IS NULL, label FROM team WHERE id = 6"),
	                 "1|NA2");
}
END_TEST

/* What stops a load, and what it says. */
static const struct {
	const char *options, *input, *error;
} stops[] = {
	{NULL, "", "invalid: line 1: the input is empty, a header is due"},
	{NULL, "\n\n", "invalid: line 1: the input is empty, a header is due"},
	{NULL, "id,nam,team_id\n",
         "invalid: line 1: the header names 'nam', which table 'person' does not have, did you mean "
         "'name'?"},
	{NULL, "id,name,name,team_id\n", "invalid: line 1: the header names column 'name' twice"},
	{NULL, "\nid,name\n",
         "invalid: line 2: the header lacks column 'team_id', which table 'person' requires"},
	{NULL, "id,name,team_id,created_at\n",
         "invalid: line 1: the header names 'created_at', which the program keeps by itself; map it "
         "to '-' to leave it out"},
	{NULL, "id,n\xe4me,team_id\n", "invalid: line 1: the header cannot be read (encoding)"},
	{"{'map': {'Nam': 'name'}}", "id,Name,team_id\n",
         "invalid: line 1: 'map' names 'Nam', which the header does not have, did you mean Name"},
	{NULL, "id,name,team_id\n1,Ann,1\n2,\"Bob,1\n3,Cy,1\n",
         "invalid: line 3: a quote is never closed"},
	{NULL, "\xff\xfei\0d\0", "invalid: line 1: the input is UTF-16, UTF-8 is due"},
	{"{'columns': ['id', 'nam']}", "1,2\n",
         "usage: 'columns' names 'nam', which table 'person' does not have, did you mean 'name'?"},
	{"{'conflict_key': 'size'}", "id,name,team_id\n",
         "usage: 'conflict_key' must be 'id' or a unique key of table 'person'"},
	{"{'conflict_key': 'id'}", "name,team_id\n",
         "usage: 'conflict_key' cannot be used: the input does not have its columns"},
	{"{'on_error': 'stop'}", "id,name,team_id\n1,Ann,1\n2,,1\n",
         "invalid: nothing was stored: line 3, column 'name': *(required)"},
	{"{'on_error': 'stop'}", "id,name,team_id\n1,Ann,1\n2,Bob,9\n",
         "invalid: nothing was stored: line 3, column 'team_id': *(foreign_key)"},
	{"{'on_error': 'stop'}", "id,name,team_id\n1,Ann,1\n1,Bob,1\n",
         "invalid: nothing was stored: line 3, column 'id': *(duplicate_in_input)"},
	{"{'on_error': 'stop'}", "id,name,team_id\n1,Ann,1\n2,Bob\n",
         "invalid: nothing was stored: line 3: 2 fields where 3 are due (field_count)"},
	{"{'max_rejects': 1}", "id,name,team_id\n1,Ann,1\n2,Bob,9\nx,Bob,1\n3,Cy,1\n",
         "invalid: nothing was stored: more than 1 bad rows, the last one in line 4"},
	{"{'max_rejects': 0}", "id,name,team_id\n1,Ann,1\n2,,9\n",
         "invalid: nothing was stored: more than 0 bad rows, the last one in line 3"},
	{"{'rejects': 'nowhere://x/y'}", "id,name,team_id\n",
         "usage: 'rejects': 'nowhere://x/y': there is no store 'nowhere'"},
};

START_TEST(an_unusable_input_stores_nothing)
{
	ck_assert_str_eq(load_fixture_csv(&f, "person", stops[_i].input, stops[_i].options),
	                 stops[_i].error);
	ck_assert_str_eq(load_fixture_rows(&f, "SELECT count(*) FROM person"), "0");
}
END_TEST

START_TEST(max_rejects_allows_as_many)
{
	ck_assert_str_eq(load_fixture_csv(&f, "person",
	                                  "id,name,team_id\n1,Ann,1\n2,Bob,9\nx,Bob,1\n",
	                                  "{'max_rejects': 2}"),
	                 "received=3 inserted=1 rejected=2 foreign_key=1 invalid_integer=1");
	ck_assert_str_eq(load_fixture_csv(&f, "person", "", "{'columns': ['name', 'team_id']}"),
	                 "received=0 inserted=0");
}
END_TEST

/* The text packed by one of libarchive's filters. */
static size_t pack(const char *text, int (*filter)(struct archive *), char *packed, size_t size)
{
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	size_t used = 0;

	ck_assert_int_eq(archive_write_set_format_raw(archive), ARCHIVE_OK);
	ck_assert_int_eq(filter(archive), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_set_bytes_in_last_block(archive, 1), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_open_memory(archive, packed, size, &used), ARCHIVE_OK);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_pathname(entry, "x");
	ck_assert_int_eq(archive_write_header(archive, entry), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_data(archive, text, strlen(text)), (la_ssize_t)strlen(text));
	archive_entry_free(entry);
	ck_assert_int_eq(archive_write_free(archive), ARCHIVE_OK);
	return used;
}

static int (*const filters[])(struct archive *) = {
	archive_write_add_filter_gzip,
	archive_write_add_filter_zstd,
	archive_write_add_filter_bzip2,
	archive_write_add_filter_xz,
};

START_TEST(packed_input_is_known_by_its_content)
{
	static const char text[] = "id,name,team_id\n1,Ann,1\n2,Bob,1\n3,Cy,2\n";
	char packed[1024];
	size_t size = pack(text, filters[_i], packed, sizeof(packed));

	ck_assert_str_eq(load_fixture_bytes(&f, "person", packed, size, NULL),
	                 "received=3 inserted=3");
	/* cut off anywhere it is no end */
	for (size_t cut = 7; cut < size; cut++) {
		const char *error =
			load_fixture_bytes(&f, "person", packed, cut, "{'truncate': true}");

		ck_assert_msg(str_starts_with(error, "invalid: "), "%zu of %zu: %s", cut, size,
		              error);
	}
	ck_assert_str_eq(load_fixture_rows(&f, "SELECT count(*) FROM person"), "3");
}
END_TEST

START_TEST(typed_rows_pass_the_same_checks)
{
	const struct table *person = catalog_table(f.catalog, "person");
	const struct column *columns[] = {catalog_column(person, "name"),
	                                  catalog_column(person, "born"),
	                                  catalog_column(person, "team_id")};
	const struct value values[] = {
		value_text("Ann", 3),
		value_int(0),
		value_int(1),
		value_text("Bo,b", 4),
		value_text("2000-02-30", 10),
		value_int(1),
		value_null(),
		value_null(),
		value_text("2", 1),
		value_text("Dan", 3),
		value_null(),
		value_float(1.5),
		value_text("E\0f", 3),
		value_null(),
		value_text(" 2 ", 3),
	};
	const struct load_source sources[] = {
		{1, "/0"}, {2, "/1"}, {3, "/2"}, {4, "/3"}, {5, "/4"}};
	struct load_rows rows = {
		.columns = columns, .width = 3, .count = 5, .values = values, .sources = sources};

	ck_assert_str_eq(load_fixture_values(&f, "person", &rows),
	                 "received=5 inserted=1 rejected=4 invalid_date=1 invalid_integer=1 nul=1 "
	                 "required=1");
	ck_assert_str_eq(load_fixture_rows(&f, "SELECT name, born, team_id FROM person"),
	                 "Ann|1970-01-01|1");
	ck_assert_str_eq(f.errors,
	                 "/1 born invalid_date;/2 name required;/3 team_id invalid_integer;"
	                 "/4 name nul;");
	ck_assert(str_starts_with(load_fixture_rejects(&f),
	                          "line,column,code,reason,name,born,team_id\r\n"
	                          "2,born,invalid_date,*,\"Bo,b\",2000-02-30,1\r\n"
	                          "3,name,required,*,,,2\r\n"));
}
END_TEST

static int always(void *data)
{
	(void)data;
	return 1;
}

START_TEST(a_cancelled_load_stores_nothing)
{
	struct buf text = {0};

	buf_text(&text, "name,team_id\n");
	for (int i = 0; i < 3000; i++)
		buf_printf(&text, "P%d,1\n", i);
	f.context.is_cancelled = always;
	ck_assert_str_eq(load_fixture_bytes(&f, "person", text.data, text.size, NULL),
	                 "cancelled: the load was cancelled");
	ck_assert_str_eq(load_fixture_rows(&f, "SELECT count(*) FROM person"), "0");
	buf_release(&text);
}
END_TEST

START_TEST(nothing_stays_behind_in_the_state_folder)
{
	struct arena arena;
	struct err err;
	char **names;
	size_t count;

	arena_init(&arena);
	load_fixture_csv(&f, "person", "name,team_id\nAnn,9\n", NULL);
	load_fixture_csv(&f, "person", "name,team_id\nAnn,9\n", "{'on_error': 'stop'}");
	ck_assert_int_eq(file_list(arena_printf(&arena, "%s/tmp", f.folder), "", &arena, &names,
	                           &count, &err),
	                 0);
	ck_assert_uint_eq(count, 0);
	arena_release(&arena);
}
END_TEST

int main(int argc, char **argv)
{
	TCase *cases = load_fixture_cases(argc, argv);

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, good_rows_are_stored_with_defaults_and_stamps);
	tcase_add_test(cases, bad_rows_are_rejected_with_line_column_and_reason);
	tcase_add_test(cases, a_corrected_rejects_object_is_loaded_as_it_is);
	tcase_add_loop_test(cases, conflicts_go_by_their_key, 0, (int)countof(conflicts));
	tcase_add_test(cases, an_update_counts_versions_and_leaves_what_is_not_given);
	tcase_add_loop_test(cases, one_content_has_many_forms, 0, (int)countof(forms));
	tcase_add_test(cases, quoted_and_unquoted_nothing_differ);
	tcase_add_loop_test(cases, an_unusable_input_stores_nothing, 0, (int)countof(stops));
	tcase_add_test(cases, max_rejects_allows_as_many);
	tcase_add_loop_test(cases, packed_input_is_known_by_its_content, 0, (int)countof(filters));
	tcase_add_test(cases, typed_rows_pass_the_same_checks);
	tcase_add_test(cases, a_cancelled_load_stores_nothing);
	tcase_add_test(cases, nothing_stays_behind_in_the_state_folder);
	tcase_set_timeout(cases, 120);
	return suite_run("load", cases);
}
