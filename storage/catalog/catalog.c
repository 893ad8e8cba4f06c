/* catalog.c - the declared tables and reports */
#include "storage/catalog/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/limits.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "storage/catalog/column_reader.h"
#include "storage/catalog/report_reader.h"
#include "storage/catalog/table_reader.h"

/* One file while the catalog is being read. */
struct catalog_file {
	struct yaml *yaml;
	struct table_draft *draft; /* NULL for a report */
	/* the walk over references, for order and circles */
	enum { UNSEEN, OPEN, DONE } state;
};

struct reading {
	struct catalog *catalog;
	struct yaml_errors *errors;
	struct {
		struct catalog_file *items;
		size_t count, capacity;
	} files;
};

static const char *const type_names[COLUMN_TYPE_COUNT] = {
	[COLUMN_STRING] = "string", [COLUMN_TEXT] = "text",           [COLUMN_INT] = "int",
	[COLUMN_FLOAT] = "float",   [COLUMN_DECIMAL] = "decimal",     [COLUMN_BOOL] = "bool",
	[COLUMN_DATE] = "date",     [COLUMN_TIMESTAMP] = "timestamp", [COLUMN_JSON] = "json",
	[COLUMN_BYTES] = "bytes",   [COLUMN_UUID] = "uuid",
};

const char *catalog_type_name(enum column_type type)
{
	return type_names[type];
}

const struct table *catalog_table(const struct catalog *catalog, const char *name)
{
	return map_get(&catalog->tables_by_name, name);
}

const struct table *catalog_find_table(const struct catalog *catalog, const char *name,
                                       struct err *err)
{
	const struct table *table = catalog_table(catalog, name);
	auto_free const char **names = NULL;
	const char *nearest;

	if (table)
		return table;
	names = mem_array(catalog->table_count + 1, sizeof(*names));
	for (size_t i = 0; i < catalog->table_count; i++)
		names[i] = catalog->tables[i]->name;
	nearest = str_nearest(name, names, catalog->table_count);
	err_set(err, ERR_NOT_FOUND, "there is no table '%.120s'%s%.80s%s", name,
	        nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
	return NULL;
}

const struct report *catalog_report(const struct catalog *catalog, const char *name)
{
	return map_get(&catalog->reports_by_name, name);
}

const struct column *catalog_column(const struct table *table, const char *name)
{
	for (size_t i = 0; i < table->column_count; i++) {
		if (str_equal(table->columns[i].name, name))
			return &table->columns[i];
	}
	return NULL;
}

static int has_alias(const struct column *column, const char *name)
{
	for (size_t i = 0; i < column->alias_count; i++) {
		if (str_equal(column->aliases[i], name))
			return 1;
	}
	return 0;
}

const struct column *catalog_column_by_alias(const struct table *table, const char *name)
{
	const struct column *column = catalog_column(table, name);

	for (size_t i = 0; !column && i < table->column_count; i++) {
		if (has_alias(&table->columns[i], name))
			column = &table->columns[i];
	}
	return column;
}

static int key_is(const struct table_key *key, const char *const *names, size_t count)
{
	size_t found = 0;

	if (key->count != count)
		return 0;
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < count; k++)
			found += (size_t)str_equal(key->columns[i]->name, names[k]);
	}
	return found == count;
}

int catalog_key(const struct table *table, const char *const *names, size_t count,
                const struct table_key **key)
{
	*key = NULL;
	if (count == 1 && str_equal(names[0], table->id->name))
		return 0;
	for (size_t i = 0; i < table->key_count; i++) {
		if (key_is(&table->keys[i], names, count)) {
			*key = &table->keys[i];
			return 0;
		}
	}
	return -1;
}

static struct source source_of(const struct reading *reading, const struct yaml *yaml)
{
	return (struct source){yaml, reading->errors, &reading->catalog->arena};
}

/* SQLite folds ASCII letters in names of tables. */
static const struct table *table_like(const struct reading *reading, const char *name)
{
	size_t position = 0;
	const struct map_entry *entry;

	while ((entry = map_next(&reading->catalog->tables_by_name, &position))) {
		if (column_reader_same_name(entry->key, name))
			return entry->value;
	}
	return NULL;
}

static void read_table(struct reading *reading, const char *path)
{
	struct yaml *yaml = yaml_read(path, reading->errors);
	struct table_draft *draft;
	const struct table *other;

	if (!yaml)
		return;
	draft = arena_alloc(&reading->catalog->arena, sizeof(*draft));
	*vec_push(&reading->files) = (struct catalog_file){yaml, draft, UNSEEN};
	draft->source = source_of(reading, yaml);
	table_reader_read(draft, path, yaml_root(yaml));
	if (!*draft->table.name)
		return;
	other = table_like(reading, draft->table.name);
	if (other)
		yaml_error(yaml, draft->name, reading->errors,
		           "table '%s' is declared in '%s' already", other->name, other->file);
	else
		map_set(&reading->catalog->tables_by_name, draft->table.name, &draft->table);
}

static void read_report(struct reading *reading, const char *path)
{
	struct catalog *catalog = reading->catalog;
	struct yaml *yaml = yaml_read(path, reading->errors);
	const struct report *other;
	struct report *report;
	struct source source;

	if (!yaml)
		return;
	*vec_push(&reading->files) = (struct catalog_file){.yaml = yaml};
	source = source_of(reading, yaml);
	report = arena_alloc(&catalog->arena, sizeof(*report));
	report_reader_read(&source, path, yaml_root(yaml), report);
	catalog->reports[catalog->report_count++] = report;
	other = map_get(&catalog->reports_by_name, report->name);
	if (other && *report->name)
		yaml_error(yaml, yaml_get(yaml_root(yaml), "report"), reading->errors,
		           "report '%s' is declared in '%s' already", report->name, other->file);
	else
		map_set(&catalog->reports_by_name, report->name, report);
}

/* Names of the files of a folder; reports a folder that cannot be read or has too many. */
static char **list_files(const struct reading *reading, const char *folder, size_t *count)
{
	struct arena *arena = &reading->catalog->arena;
	struct err err = {0};
	char **names = NULL;

	if (file_list(folder, ".yaml", arena, &names, count, &err) == 0 &&
	    *count > LIMIT_CATALOG_TABLES)
		err_set(&err, ERR_LIMIT, "more than %d files", LIMIT_CATALOG_TABLES);
	if (err.code == ERR_NONE) {
		for (size_t i = 0; i < *count; i++)
			names[i] = file_join(arena, folder, names[i]);
		return names;
	}
	yaml_errors_add(reading->errors,
	                &(struct yaml_error){.file = folder, .text = err.text, .source = ""});
	*count = 0;
	return NULL;
}

/* Every table that a reference was linked to has its file. */
static struct catalog_file *file_of(const struct reading *reading, const struct table *table)
{
	struct catalog_file *file = reading->files.items;

	while (!file->draft || &file->draft->table != table)
		file++;
	return file;
}

/* Puts a table behind those it refers to. Recursion ends: a table that is open or done is left. */
static void place_table(struct reading *reading, struct catalog_file *file)
{
	struct catalog *catalog = reading->catalog;
	const struct table *table = &file->draft->table;

	if (file->state != UNSEEN)
		return;
	file->state = OPEN;
	for (size_t i = 0; i < table->column_count; i++) {
		if (table->columns[i].references)
			place_table(reading, file_of(reading, table->columns[i].references));
	}
	file->state = DONE;
	catalog->tables[catalog->table_count++] = table;
}

/* Required references in a circle: no row could ever be the first. A row may be its own parent. */
static void find_circle(struct reading *reading, struct catalog_file *file)
{
	const struct table_draft *draft = file->draft;

	file->state = OPEN;
	for (size_t i = 0; i < draft->table.column_count; i++) {
		const struct column *column = &draft->columns[i];
		struct catalog_file *parent;

		if (!column->references || !(column->flags & COLUMN_REQUIRED) ||
		    column->references == &draft->table)
			continue;
		parent = file_of(reading, column->references);
		if (parent->state == OPEN)
			yaml_error(
				file->yaml, draft->references[i], reading->errors,
				"this closes a circle of required references through table '%s': no row "
				"could be stored first",
				column->references->name);
		else if (parent->state == UNSEEN)
			find_circle(reading, parent);
	}
	file->state = DONE;
}

static void link_tables(struct reading *reading)
{
	struct catalog *catalog = reading->catalog;
	struct catalog_file *files = reading->files.items;

	for (size_t i = 0; i < reading->files.count; i++) {
		if (files[i].draft)
			table_reader_link(files[i].draft, &catalog->tables_by_name);
	}
	for (size_t i = 0; i < reading->files.count; i++) {
		if (files[i].draft && files[i].state == UNSEEN)
			find_circle(reading, &files[i]);
	}
	for (size_t i = 0; i < reading->files.count; i++)
		files[i].state = UNSEEN;
	for (size_t i = 0; i < reading->files.count; i++) {
		if (files[i].draft)
			place_table(reading, &files[i]);
	}
}

static void read_files(struct reading *reading, const char *folder)
{
	struct catalog *catalog = reading->catalog;
	size_t tables, reports;
	char **table_paths = list_files(reading, folder, &tables);
	char **report_paths =
		list_files(reading, file_join(&catalog->arena, folder, "reports"), &reports);

	catalog->tables = arena_array(&catalog->arena, tables + 1, sizeof(*catalog->tables));
	catalog->reports = arena_array(&catalog->arena, reports + 1, sizeof(*catalog->reports));
	for (size_t i = 0; i < tables; i++)
		read_table(reading, table_paths[i]);
	for (size_t i = 0; i < reports; i++)
		read_report(reading, report_paths[i]);
	link_tables(reading);
}

struct catalog *catalog_read(const char *folder, struct yaml_errors *errors)
{
	struct catalog *catalog = mem_alloc(sizeof(*catalog));
	struct reading reading = {.catalog = catalog, .errors = errors};
	size_t before = errors->count;

	arena_init(&catalog->arena);
	read_files(&reading, folder);
	vec_foreach(struct catalog_file *, file, &reading.files)
		yaml_free(file->yaml);
	vec_release(&reading.files);
	if (errors->count == before)
		return catalog;
	yaml_errors_sort(errors);
	catalog_free(catalog);
	return NULL;
}

void catalog_free(struct catalog *catalog)
{
	if (!catalog)
		return;
	for (size_t i = 0; i < catalog->table_count; i++)
		table_reader_release(catalog->tables[i]);
	for (size_t i = 0; i < catalog->report_count; i++)
		report_reader_release(catalog->reports[i]);
	map_release(&catalog->tables_by_name);
	map_release(&catalog->reports_by_name);
	arena_release(&catalog->arena);
	free(catalog);
}
