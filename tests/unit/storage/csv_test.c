/* csv_test.c - splitting records, in one piece and byte by byte, beside libcsv */
#include <check.h>
#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/crypto.h"
#include "lib/limits.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "storage/load/csv_reader.h"
#include "storage/load/load_input.h"
#include "tests/count.h"
#include "tests/suite.h"

static struct arena arena;
static struct err err;

static void set_up(void)
{
	arena_init(&arena);
}

static void tear_down(void)
{
	arena_release(&arena);
}

/* A source that gives `step` bytes at a time. */
struct drip {
	const char *text;
	size_t size, step;
};

static int drip_read(void *data, void *bytes, size_t size, size_t *got, struct err *unused)
{
	struct drip *drip = data;

	(void)unused;
	*got = drip->step < size ? drip->step : size;
	if (*got > drip->size)
		*got = drip->size;
	memcpy(bytes, drip->text, *got);
	drip->text += *got;
	drip->size -= *got;
	return 0;
}

static void show_record(struct buf *shown, int64_t line, const struct csv_record *record)
{
	buf_printf(shown, "%lld:", (long long)line);
	for (size_t i = 0; i < record->field_count; i++) {
		const struct csv_field *field = &record->fields[i];

		buf_text(shown, i > 0 ? "|" : "");
		buf_text(shown, field->is_quoted ? "Q" : "");
		buf_append(shown, field->text, field->size);
	}
	if (record->flaw != FLAW_NONE)
		buf_printf(shown, "!%s", flaw_name(record->flaw));
	buf_char(shown, ' ');
}

/* `line:field|field ` for each record; Q in front of quoted fields, `!flaw` behind bad records; then
 * the error, if the rest cannot be trusted. */
static const char *read_all(const char *text, size_t size, size_t step, struct csv_dialect dialect)
{
	struct drip drip = {text, size, step};
	struct load_input input = {.read = drip_read, .data = &drip, .size_bytes = -1};
	struct csv_reader *reader = csv_reader_open(&input, dialect, &err);
	const struct csv_record *record;
	struct buf shown = {0};
	const char *copy;
	int more;

	if (!reader)
		return err.text;
	while ((more = csv_reader_next(reader, &record, &err)) > 0)
		show_record(&shown, csv_reader_line(reader), record);
	csv_reader_close(reader);
	if (more < 0)
		buf_text(&shown, err.text);
	copy = arena_strndup(&arena, buf_string(&shown), shown.size);
	buf_release(&shown);
	return copy;
}

static const struct csv_dialect standard = {',', '"'};

static const struct {
	const char *text, *records;
} cases[] = {
	{"", ""},
	{"\n\r\n\n", ""},
	{"a,b\nc,d\n", "1:a|b 2:c|d "},
	{"a,b\r\nc,d\r\n", "1:a|b 2:c|d "},
	{"a,b\r\nc,d", "1:a|b 2:c|d "},
	{"\n\na\n\nb", "3:a 5:b "},
	{"a,,\n,,\n,\n", "1:a|| 2:|| 3:| "},
	{" a , b \n", "1: a | b  "},
	{"\xef\xbb\xbf"
         "a,b\n1,2\n",
         "1:a|b 2:1|2 "},
	{"\"a\",\"\",b\n", "1:Qa|Q|b "},
	{"\"a,b\",\"c\"\"d\",\"\"\"\"\n", "1:Qa,b|Qc\"d|Q\" "},
	{"\"a\nb\r\nc\",d\ne\n", "1:Qa\nb\r\nc|d 4:e "},
	{"\"a\rb\",c\n", "1:Qa\rb|c "},
	{"\"a\"", "1:Qa "},
	{"\"a\"\"\"", "1:Qa\" "},
	{"\"a\"\r\n\"b\"\n", "1:Qa 2:Qb "},
	/* a bare quote ends with its line and swallows nothing */
	{"1,a\"b,3\n4,5,6\n", "1:1|a\"b|3!quote 2:4|5|6 "},
	{"1,a\"b\",3\n4,5,6\n", "1:1|a\"b\"|3!quote 2:4|5|6 "},
	{"1, \"a\",3\n4,5,6\n", "1:1| \"a\"|3!quote 2:4|5|6 "},
	{"\"a\"b,c\nd,e\n", "1:\"a\"b|c!quote 2:d|e "},
	{"\"a\" ,c\nd,e\n", "1:\"a\" |c!quote 2:d|e "},
	{"\"a\"b,\"c\nd\"\ne\n", "1:\"a\"b|Qc\nd!quote 3:e "},
	{"\"a\"\"b\"c,\"d\"\"e\",f\n", "1:\"a\"\"b\"c|Qd\"e|f!quote "},
	{"a\rb,c\nd,e\n", "1:a\rb|c!line_end 2:d|e "},
	{"a,b\r\r\nc,d\n", "1:a|b\r!line_end 2:c|d "},
	{"a,b\r", "1:a|b\r!line_end "},
	{"\"a\"\rb\nc\n", "1:\"a\"\rb!line_end 2:c "},
	{"\"a\"\r", "1:\"a\"\r!line_end "},
	/* what follows cannot be trusted */
	{"a\n\"b,c\nd\n", "1:a line 2: a quote is never closed"},
	{"a\n\"", "1:a line 2: a quote is never closed"},
	{"a,\"b\"\"", "line 1: a quote is never closed"},
	{"\xff\xfe"
         "a",
         "line 1: the input is UTF-16, UTF-8 is due"},
	{"\xfe\xff"
         "a",
         "line 1: the input is UTF-16, UTF-8 is due"},
};

START_TEST(records_are_split_however_they_arrive)
{
	size_t size = strlen(cases[_i].text);

	for (size_t step = 1; step <= size + 1; step++)
		ck_assert_str_eq(read_all(cases[_i].text, size, step, standard), cases[_i].records);
}
END_TEST

START_TEST(a_dialect_has_its_own_delimiter_and_quote)
{
	static const char text[] = "a;'b;c';'d''e';\"f\"\n1,2;3\n";

	ck_assert_str_eq(read_all(text, strlen(text), 3, (struct csv_dialect){';', '\''}),
	                 "1:a|Qb;c|Qd'e|\"f\" 2:1,2|3 ");
	ck_assert_str_eq(read_all("a\tb\n", 4, 9, (struct csv_dialect){'\t', '"'}), "1:a|b ");
}
END_TEST

START_TEST(utf16_without_a_mark_is_known_by_its_nuls)
{
	static const char little[] = "i\0d\0,\0n\0", big[] = "\0i\0d\0,\0n";

	ck_assert_str_eq(read_all(little, 8, 1, standard), cases[countof(cases) - 1].records);
	ck_assert_str_eq(read_all(big, 8, 1, standard), cases[countof(cases) - 1].records);
}
END_TEST

START_TEST(a_record_has_a_longest_size)
{
	size_t size = LIMIT_RECORD_BYTES + 2;
	char *text = mem_alloc(size);

	memset(text, 'x', size);
	text[size - 2] = '\n';
	text[size - 1] = 'y';
	ck_assert_ptr_nonnull(strstr(read_all(text, size, 1 << 20, standard), " 2:y "));
	text[size - 2] = 'x';
	ck_assert_str_eq(read_all(text, size, 1 << 20, standard),
	                 "line 1: the record is longer than 16 MiB; a quote may not be closed");
	text[0] = '"';
	ck_assert_str_eq(read_all(text, size, 1 << 20, standard),
	                 "line 1: a quote is never closed");
	free(text);
}
END_TEST

/* What libcsv makes of a record that ours takes, in the form of show_record(). */
struct oracle {
	struct buf shown;
	size_t fields;
};

static void oracle_field(void *text, size_t size, void *data)
{
	struct oracle *oracle = data;

	buf_text(&oracle->shown, oracle->fields++ > 0 ? "|" : "");
	buf_append(&oracle->shown, text, size);
}

static int never(unsigned char c)
{
	(void)c;
	return 0;
}

static int oracle_takes(const struct csv_record *record, struct oracle *oracle)
{
	struct csv_parser parser;
	int takes;

	ck_assert_int_eq(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI), 0);
	csv_set_space_func(&parser, never);
	takes = csv_parse(&parser, record->raw, record->raw_size, oracle_field, NULL, oracle) ==
	                record->raw_size &&
	        csv_fini(&parser, oracle_field, NULL, oracle) == 0;
	csv_free(&parser);
	return takes;
}

static void compare(const struct csv_record *record)
{
	struct oracle oracle = {0};
	struct buf ours = {0};
	int takes = oracle_takes(record, &oracle);

	ck_assert_int_eq(takes, record->flaw == FLAW_NONE);
	for (size_t i = 0; i < record->field_count; i++) {
		buf_text(&ours, i > 0 ? "|" : "");
		buf_append(&ours, record->fields[i].text, record->fields[i].size);
	}
	if (takes)
		ck_assert_str_eq(buf_string(&ours), buf_string(&oracle.shown));
	buf_release(&ours);
	buf_release(&oracle.shown);
}

/* Noise made of the bytes that matter. A lone CR ends a line for libcsv, so there is none. */
START_TEST(noise_is_split_as_libcsv_does)
{
	static const char alphabet[] = "\"\",,\nab ";
	int rounds = count_of(20000, 2000000);
	uint8_t noise[24];
	char text[24];

	for (int i = 0; i < rounds; i++) {
		struct csv_record record;
		size_t at = 0;
		int64_t size;

		crypto_random(noise, sizeof(noise));
		for (size_t j = 0; j < sizeof(text); j++)
			text[j] = alphabet[noise[j] % (sizeof(alphabet) - 1)];
		csv_record_init(&record);
		while (at < sizeof(text) && (size = csv_record_split(&record, standard, text + at,
		                                                     sizeof(text) - at, 1)) > 0) {
			if (record.raw_size > 0)
				compare(&record);
			at += (size_t)size;
		}
		csv_record_release(&record);
	}
}
END_TEST

START_TEST(a_field_is_quoted_where_it_must_be)
{
	static const struct {
		const char *text;
		int quoted;
		const char *csv;
	} fields[] = {
		{"a", 0, "a"},           {"a", 1, "\"a\""},     {"", 0, ""},
		{"", 1, "\"\""},         {"a,b", 0, "\"a,b\""}, {"a\"b", 0, "\"a\"\"b\""},
		{"a\nb", 0, "\"a\nb\""}, {" a", 0, "\" a\""},   {"\"", 0, "\"\"\"\""},
	};

	for (size_t i = 0; i < countof(fields); i++) {
		struct buf csv = {0};

		csv_record_append_field(&csv, fields[i].text, strlen(fields[i].text),
		                        fields[i].quoted);
		ck_assert_str_eq(buf_string(&csv), fields[i].csv);
		buf_release(&csv);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("csv");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, records_are_split_however_they_arrive, 0, (int)countof(cases));
	tcase_add_test(tests, a_dialect_has_its_own_delimiter_and_quote);
	tcase_add_test(tests, utf16_without_a_mark_is_known_by_its_nuls);
	tcase_add_test(tests, a_record_has_a_longest_size);
	tcase_add_test(tests, noise_is_split_as_libcsv_does);
	tcase_add_test(tests, a_field_is_quoted_where_it_must_be);
	tcase_set_timeout(tests, 120);
	return suite_run("csv", tests);
}
