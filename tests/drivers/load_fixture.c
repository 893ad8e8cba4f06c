/* load_fixture.c - loads in a temporary folder, told as text */
#include "tests/drivers/load_fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/timestamp.h"
#include "storage/load/load_input.h"
#include "storage/repo/migrate.h"

enum { CACHE_BYTES = 32 * 1024 * 1024 };

/* 0: as many as the loader thinks best. */
static int64_t bulk_rows;

TCase *load_fixture_cases(int argc, char **argv)
{
	if (argc > 2 && str_equal(argv[2], "bulk"))
		bulk_rows = 1;
	return place_cases(argc, argv);
}

int load_fixture_is_postgres(void)
{
	return place_is_postgres();
}

static void write_table(struct load_fixture *f, const char *folder, const char *text)
{
	size_t skip = strlen("table: "), size = strcspn(text + skip, "\n");
	const char *path = arena_printf(&f->arena, "%s/%.*s.yaml", folder, (int)size, text + skip);
	struct err err;

	ck_assert_msg(file_write_atomic(path, text, strlen(text), &err) == 0, "%s", err.text);
}

static void read_catalog(struct load_fixture *f, const char *folder)
{
	struct yaml_errors errors;
	struct buf shown = {0};

	yaml_errors_init(&errors);
	f->catalog = catalog_read(folder, &errors);
	yaml_errors_format(&errors, &shown);
	ck_assert_msg(f->catalog != NULL, "%s", buf_string(&shown));
	buf_release(&shown);
	yaml_errors_release(&errors);
}

struct db *load_fixture_connect(struct load_fixture *f)
{
	struct db_options options = {.flags = DB_CREATE | DB_NORMAL_DURABILITY,
	                             .cache_bytes = CACHE_BYTES,
	                             .timeout_ms = 60000};
	struct err err;
	struct db *db = db_open(f->place.url, &options, &err);

	ck_assert_msg(db != NULL, "%s", err.text);
	f->context.db = db;
	return db;
}

static void begin(struct load_fixture *f)
{
	memset(f, 0, sizeof(*f));
	arena_init(&f->arena);
	place_make(&f->place);
	f->folder = f->place.folder;
}

static void migrate(struct load_fixture *f)
{
	struct migrate_plan plan;
	struct err err;

	f->db = load_fixture_connect(f);
	migrate_plan_init(&plan);
	ck_assert_msg(migrate_up(f->db, f->catalog, 0, clock_now_us(), &plan, &err) == 0, "%s",
	              err.text);
	migrate_plan_release(&plan);
	f->objects = object_registry_new(OBJECT_REGISTRY_CREATE_BUCKETS);
	ck_assert_int_eq(object_registry_add(f->objects, "objects",
	                                     arena_printf(&f->arena, "dir:%s/objects", f->folder),
	                                     &err),
	                 0);
	f->context.catalog = f->catalog;
	f->context.objects = f->objects;
	f->context.state_dir = f->folder;
	f->context.bulk_rows = bulk_rows;
}

void load_fixture_init(struct load_fixture *f, const char *const *tables, size_t count)
{
	const char *folder;
	struct err err;

	begin(f);
	folder = arena_printf(&f->arena, "%s/catalog", f->folder);
	ck_assert_int_eq(file_make_folder(folder, &err), 0);
	for (size_t i = 0; i < count; i++)
		write_table(f, folder, tables[i]);
	read_catalog(f, folder);
	migrate(f);
}

void load_fixture_init_with(struct load_fixture *f, const char *catalog_folder)
{
	begin(f);
	read_catalog(f, catalog_folder);
	migrate(f);
}

void load_fixture_release(struct load_fixture *f)
{
	db_close(f->db);
	catalog_free(f->catalog);
	object_registry_free(f->objects);
	place_remove(&f->place);
	arena_release(&f->arena);
}

void load_fixture_exec(struct load_fixture *f, const char *sql)
{
	struct err err;

	ck_assert_msg(db_exec(f->db, sql, &err) == 0, "%s", err.text);
}

/* As SQLite keeps it. */
static void append_value(struct db_stmt *stmt, int column, struct buf *shown)
{
	const char *text = db_column_text(stmt, column);
	struct db_value value;
	char moment[TIMESTAMP_SIZE];

	if (!text)
		return;
	if (!place_is_postgres()) {
		buf_text(shown, text);
		return;
	}
	db_column_any(stmt, column, &value);
	if (value.type == DB_BOOL)
		buf_printf(shown, "%d", (int)value.as.integer);
	else if (strlen(text) > 10 && db_column(stmt, column, DB_TIMESTAMP, 0, &value) == 0) {
		timestamp_format(value.as.integer, moment);
		buf_text(shown, moment);
	} else
		buf_text(shown, text);
}

const char *load_fixture_rows(struct load_fixture *f, const char *sql)
{
	struct err err;
	struct db_stmt *stmt = db_prepare(f->db, sql, &err);
	struct buf shown = {0};
	const char *text;
	int more;

	ck_assert_msg(stmt != NULL, "%s", err.text);
	while ((more = db_step(stmt, &err)) > 0) {
		buf_text(&shown, shown.size > 0 ? ";" : "");
		for (int i = 0; i < db_column_count(stmt); i++) {
			buf_text(&shown, i > 0 ? "|" : "");
			append_value(stmt, i, &shown);
		}
	}
	ck_assert_msg(more == 0, "%s", err.text);
	db_stmt_free(stmt);
	text = arena_strndup(&f->arena, buf_string(&shown), shown.size);
	buf_release(&shown);
	return text;
}

static void parse_options(struct load_fixture *f, const char *text, struct load_options *options)
{
	char *json = arena_strdup(&f->arena, text ? text : "{}");
	json_t *object;
	struct err err;

	/* "~" stands for the apostrophe itself */
	for (char *c = json; *c; c++)
		*c = *c == '\'' ? '"' : *c == '~' ? '\'' : *c;
	object = json_parse(json, strlen(json), &err);
	ck_assert_msg(object != NULL, "%s: %s", json, err.text);
	ck_assert_msg(load_options_parse(object, &f->arena, options, &err) == 0, "%s", err.text);
	json_decref(object);
}

static void add_count(struct buf *text, const char *name, int64_t count)
{
	if (count > 0)
		buf_printf(text, " %s=%lld", name, (long long)count);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Reasons by their names, in the order of the alphabet. */
static void add_reasons(struct buf *text, const int64_t *reasons)
{
	const char *names[FLAW_COUNT];

	for (int i = 0; i < FLAW_COUNT; i++)
		names[i] = flaw_name((enum flaw_code)i);
	qsort(names, FLAW_COUNT, sizeof(names[0]), compare_names);
	for (int i = 0; i < FLAW_COUNT; i++)
		for (int code = 0; code < FLAW_COUNT; code++)
			if (str_equal(names[i], flaw_name((enum flaw_code)code)))
				add_count(text, names[i], reasons[code]);
}

static void tell_result(struct load_fixture *f, struct load *load, int dry_run)
{
	const struct load_result *result = load_result(load);
	struct buf text = {0};

	f->result = *result;
	ck_assert_int_eq(result->received,
	                 result->inserted + result->updated + result->skipped + result->rejected);
	buf_printf(&text, "received=%lld inserted=%lld", (long long)result->received,
	           (long long)result->inserted);
	add_count(&text, "updated", result->updated);
	add_count(&text, "skipped", result->skipped);
	add_count(&text, "rejected", result->rejected);
	add_reasons(&text, result->reasons);
	ck_assert_int_eq(result->committed, !dry_run);
	buf_text(&text, dry_run ? " dry" : "");
	buf_text(&text, result->chunks > 2 ? " chunks" : "");
	ck_assert_int_eq(result->rejects != NULL, result->rejected > 0);
	f->rejects = result->rejects ? arena_strdup(&f->arena, result->rejects) : NULL;
	f->text = arena_strndup(&f->arena, text.data, text.size);
	buf_release(&text);
}

static void tell_errors(struct load_fixture *f, struct load *load)
{
	const struct load_result *result = load_result(load);

	f->errors = "";
	for (size_t i = 0; i < result->error_count; i++)
		f->errors =
			arena_printf(&f->arena, "%s%s %s %s;", f->errors,
		                     result->errors[i].pointer ? result->errors[i].pointer : "",
		                     result->errors[i].column, flaw_name(result->errors[i].code));
}

/* `…: nothing was stored: line 3, column 'x': *(code)`: the reason is the catalog's to word. */
static void tell_error(struct load_fixture *f, const struct err *err)
{
	char *text = arena_printf(&f->arena, "%s: %s", err_name(err->code), err->text);
	char *reason = strstr(text, "nothing was stored: line ");
	const char *code = strrchr(text, '(');

	reason = reason ? strstr(reason, "': ") : NULL;
	if (reason && code)
		text = arena_printf(&f->arena, "%.*s*%s", (int)(reason + 3 - text), text, code);
	f->text = text;
	f->rejects = NULL;
}

struct feeding {
	const struct load_input *input;
	const struct load_rows *rows;
};

static int feed(struct load *load, const struct feeding *feeding, struct err *err)
{
	if (feeding->input)
		return load_csv(load, feeding->input, NULL, err);
	return load_rows(load, feeding->rows, err);
}

static const char *run(struct load_fixture *f, const struct load_request *request,
                       const char *options_text, const struct feeding *feeding)
{
	struct load_options options;
	struct load *load;
	struct err err;

	parse_options(f, options_text, &options);
	if (load_open(&f->context, request, &options, &load, &err) < 0) {
		tell_error(f, &err);
		return f->text;
	}
	if (feed(load, feeding, &err) < 0 || load_commit(load, &err) < 0)
		tell_error(f, &err);
	else
		tell_result(f, load, (options.flags & LOAD_DRY_RUN) != 0);
	tell_errors(f, load);
	load_close(load);
	return f->text;
}

const char *load_fixture_input(struct load_fixture *f, const char *table,
                               const struct load_input *input, const char *options,
                               const char *load_id)
{
	struct load_request request = {
		.table = table, .load_id = load_id, .flags = LOAD_KEEP_ERRORS};
	struct feeding feeding = {.input = input};

	return run(f, &request, options, &feeding);
}

const char *load_fixture_bytes(struct load_fixture *f, const char *table, const char *bytes,
                               size_t size, const char *options)
{
	struct load_input_memory memory = {bytes, size, 0};
	struct load_input input = load_input_memory(&memory);

	return load_fixture_input(f, table, &input, options, NULL);
}

const char *load_fixture_csv(struct load_fixture *f, const char *table, const char *csv,
                             const char *options)
{
	return load_fixture_bytes(f, table, csv, strlen(csv), options);
}

const char *load_fixture_values(struct load_fixture *f, const char *table,
                                const struct load_rows *rows)
{
	struct load_request request = {.table = table, .flags = LOAD_KEEP_ERRORS};
	struct feeding feeding = {.rows = rows};

	return run(f, &request, NULL, &feeding);
}

static void read_object(struct load_fixture *f, struct buf *text)
{
	const struct object_range all = {0, -1};
	struct object_reader *reader;
	struct object_ref ref;
	struct err err;
	size_t got;

	ck_assert_ptr_nonnull(f->rejects);
	ck_assert_int_eq(object_registry_resolve(f->objects, f->rejects, &f->arena, &ref, &err), 0);
	ck_assert_msg(object_store_open(&ref, all, &reader, &err) == 0, "%s", err.text);
	do {
		char *to = buf_reserve(text, 4096);

		ck_assert_int_eq(object_store_read(reader, to, 4096, &got, &err), 0);
		text->size += got;
		text->data[text->size] = '\0';
	} while (got > 0);
	object_store_close(reader);
	for (size_t i = 0; i < text->size; i++)
		text->data[i] = text->data[i] ? text->data[i] : '0';
}

/* The end of a CSV field. */
static const char *field_end(const char *at)
{
	if (*at != '"')
		return at + strcspn(at, ",\r");
	do
		at = strchr(at + 1, '"');
	while (at && *++at == '"');
	return at;
}

/* `*`, and what is wrong with further columns: `*; column 'x': *`. */
static void append_reason(struct buf *shown, const char *at, const char *end)
{
	const char *next;

	buf_char(shown, '*');
	while ((next = strstr(at, "; column '")) && next < end) {
		at = strstr(next, "': ") + strlen("': ");
		buf_append(shown, next, (size_t)(at - next));
		buf_char(shown, '*');
	}
}

const char *load_fixture_rejects(struct load_fixture *f)
{
	struct buf text = {0}, shown = {0};
	const char *at, *result;

	read_object(f, &text);
	at = text.data;
	for (int is_header = 1; *at; is_header = 0) {
		const char *line = strstr(at, "\r\n") + 2;

		for (int i = 0; !is_header && i < 3; i++) {
			const char *end = field_end(at) + 1;

			buf_append(&shown, at, (size_t)(end - at));
			at = end;
		}
		if (!is_header) {
			const char *end = field_end(at);

			append_reason(&shown, at, end);
			line = strstr(end, "\r\n") + 2;
			at = end;
		}
		buf_append(&shown, at, (size_t)(line - at));
		at = line;
	}
	result = arena_strndup(&f->arena, buf_string(&shown), shown.size);
	buf_release(&text);
	buf_release(&shown);
	return result;
}

size_t load_fixture_lines(const char *text)
{
	size_t count = 0;

	while ((text = strchr(text, '\n'))) {
		text++;
		count++;
	}
	return count;
}
