/* load_options.c - one table of options, each with the function that reads it */
#include "storage/load/load_options.h"

#include <string.h>

#include "lib/limits.h"
#include "lib/str.h"

struct reading {
	struct arena *arena;
	struct load_options *options;
	int has_header; /* `header` was given */
	unsigned flag;
};

struct option {
	const char *name;
	int (*read)(struct reading *reading, const char *name, const json_t *value,
	            struct err *err);
	unsigned flag; /* one of enum load_flags, of the options that are true or false */
};

/* `text` cut at its commas, blanks around the parts dropped. */
static const char **split_names(const char *text, struct arena *arena, size_t *count)
{
	const char **names;
	size_t commas = 0;

	for (const char *c = text; *c; c++)
		commas += *c == ',';
	names = arena_array(arena, commas + 1, sizeof(*names));
	for (*count = 0; *count <= commas; (*count)++) {
		size_t size = strcspn(text, ","), blanks = strspn(text, " ");
		size_t used = blanks < size ? size - blanks : 0;

		while (used > 0 && text[blanks + used - 1] == ' ')
			used--;
		names[*count] = arena_strndup(arena, text + (used > 0 ? blanks : 0), used);
		text += size + 1;
	}
	return names;
}

static int read_names(struct reading *reading, const char *name, const json_t *value,
                      const char *const **names, size_t *count)
{
	const char **list;

	if (json_is_string(value)) {
		*count = 0;
		if (*json_string_value(value))
			*names = split_names(json_string_value(value), reading->arena, count);
		return 0;
	}
	if (!json_is_array(value))
		return -1;
	*count = json_array_size(value);
	list = arena_array(reading->arena, *count + 1, sizeof(*list));
	for (size_t i = 0; i < *count; i++) {
		const char *text = json_string_value(json_array_get(value, i));

		if (!text)
			return -1;
		list[i] = arena_strdup(reading->arena, text);
	}
	*names = list;
	(void)name;
	return 0;
}

static int read_columns(struct reading *reading, const char *name, const json_t *value,
                        struct err *err)
{
	struct load_options *options = reading->options;

	if (read_names(reading, name, value, &options->columns, &options->column_count) < 0)
		return err_set(err, ERR_USAGE, "'%s' must be a list of names", name);
	if (options->column_count > LIMIT_TABLE_COLUMNS)
		return err_set(err, ERR_USAGE, "'%s' has %zu names, at most %d are allowed", name,
		               options->column_count, LIMIT_TABLE_COLUMNS);
	if (options->column_count == 0)
		options->columns = NULL;
	return 0;
}

static int read_key(struct reading *reading, const char *name, const json_t *value, struct err *err)
{
	struct load_options *options = reading->options;

	if (read_names(reading, name, value, &options->conflict_key, &options->conflict_key_count) <
	    0)
		return err_set(err, ERR_USAGE, "'%s' must be a column or a list of columns", name);
	if (options->conflict_key_count == 0)
		options->conflict_key = NULL;
	return 0;
}

/* 1, 0, or -1 when it is neither. */
static int truth(const json_t *value)
{
	static const struct {
		const char *text;
		int value;
	} words[] = {{"true", 1}, {"false", 0}, {"1", 1}, {"0", 0}, {"yes", 1}, {"no", 0}};

	if (json_is_boolean(value))
		return json_is_true(value);
	for (size_t i = 0; json_is_string(value) && i < countof(words); i++)
		if (str_equal(json_string_value(value), words[i].text))
			return words[i].value;
	return -1;
}

static int read_flag(struct reading *reading, const char *name, const json_t *value,
                     struct err *err)
{
	int is_true = truth(value);

	if (is_true < 0)
		return err_set(err, ERR_USAGE, "'%s' must be true or false", name);
	if (is_true)
		reading->options->flags |= reading->flag;
	return 0;
}

static int read_header(struct reading *reading, const char *name, const json_t *value,
                       struct err *err)
{
	int is_true = truth(value);

	if (is_true < 0)
		return err_set(err, ERR_USAGE, "'%s' must be true or false", name);
	reading->has_header = 1;
	if (!is_true)
		reading->options->flags |= LOAD_NO_HEADER;
	return 0;
}

static int read_map_members(struct reading *reading, const char *name, json_t *object,
                            struct err *err)
{
	struct load_options *options = reading->options;
	struct load_map *map;
	const char *from;
	json_t *to;

	if (json_object_size(object) > LIMIT_TABLE_COLUMNS)
		return err_set(err, ERR_USAGE, "'%s' has more than %d members", name,
		               LIMIT_TABLE_COLUMNS);
	map = arena_array(reading->arena, json_object_size(object) + 1, sizeof(*map));
	options->map_count = 0;
	json_object_foreach(object, from, to)
	{
		if (!json_is_string(to))
			return err_set(err, ERR_USAGE,
			               "'%s' must give a column's name for '%.100s'", name, from);
		map[options->map_count].from = arena_strdup(reading->arena, from);
		map[options->map_count++].to = arena_strdup(reading->arena, json_string_value(to));
	}
	options->map = map;
	return 0;
}

static int read_map(struct reading *reading, const char *name, const json_t *value, struct err *err)
{
	json_t *parsed = NULL, *object;
	struct err why;
	int result;

	if (json_is_string(value))
		parsed = json_parse(json_string_value(value), json_string_length(value), &why);
	object = json_is_string(value) ? parsed : json_deep_copy(value);
	if (!json_is_object(object))
		result = err_set(
			err, ERR_USAGE,
			"'%s' must be an object such as {\"Name in the file\": \"column\"}", name);
	else
		result = read_map_members(reading, name, object, err);
	json_decref(object);
	return result;
}

static int read_char(const char *name, const json_t *value, char *c, struct err *err)
{
	const char *text = json_string_value(value);

	if (text && str_equal(text, "\\t"))
		text = "\t";
	if (!text || strlen(text) != 1 || (text[0] != '\t' && (text[0] < ' ' || text[0] > '~')))
		return err_set(err, ERR_USAGE, "'%s' must be one ASCII character, or '\\t'", name);
	*c = text[0];
	return 0;
}

static int read_delimiter(struct reading *reading, const char *name, const json_t *value,
                          struct err *err)
{
	return read_char(name, value, &reading->options->delimiter, err);
}

static int read_quote(struct reading *reading, const char *name, const json_t *value,
                      struct err *err)
{
	return read_char(name, value, &reading->options->quote, err);
}

static int read_null(struct reading *reading, const char *name, const json_t *value,
                     struct err *err)
{
	const char *text = json_string_value(value);

	if (!text || strpbrk(text, "\r\n"))
		return err_set(err, ERR_USAGE, "'%s' must be a text of one line", name);
	reading->options->null_text = arena_strdup(reading->arena, text);
	return 0;
}

static int read_on_error(struct reading *reading, const char *name, const json_t *value,
                         struct err *err)
{
	const char *text = json_string_value(value);

	if (text && str_equal(text, "stop"))
		reading->options->flags |= LOAD_STOP_ON_ERROR;
	else if (!text || !str_equal(text, "reject"))
		return err_set(err, ERR_USAGE, "'%s' must be 'reject' or 'stop'", name);
	return 0;
}

static int read_on_conflict(struct reading *reading, const char *name, const json_t *value,
                            struct err *err)
{
	static const char *const words[] = {
		[LOAD_CONFLICT_ERROR] = "error",
		[LOAD_CONFLICT_SKIP] = "skip",
		[LOAD_CONFLICT_UPDATE] = "update",
	};

	for (size_t i = 0; json_is_string(value) && i < countof(words); i++) {
		if (!str_equal(json_string_value(value), words[i]))
			continue;
		reading->options->on_conflict = (enum load_conflict)i;
		return 0;
	}
	return err_set(err, ERR_USAGE, "'%s' must be 'error', 'skip' or 'update'", name);
}

/* A whole number, as such or as text. */
static int read_count(const char *name, const json_t *value, int64_t least, int64_t *count,
                      struct err *err)
{
	struct err why;

	if (json_is_integer(value))
		*count = json_integer_value(value);
	else if (!json_is_string(value) || str_to_int(json_string_value(value), count, &why) < 0)
		return err_set(err, ERR_USAGE, "'%s' must be a whole number", name);
	if (*count < least)
		return err_set(err, ERR_USAGE, "'%s' must be at least %lld", name,
		               (long long)least);
	return 0;
}

static int read_max_rejects(struct reading *reading, const char *name, const json_t *value,
                            struct err *err)
{
	return read_count(name, value, 0, &reading->options->max_rejects, err);
}

static int read_chunk_rows(struct reading *reading, const char *name, const json_t *value,
                           struct err *err)
{
	if (json_is_string(value) && str_equal(json_string_value(value), "auto")) {
		reading->options->chunk_rows = LOAD_CHUNK_AUTO;
		return 0;
	}
	if (read_count(name, value, 1, &reading->options->chunk_rows, err) < 0)
		return err_set(err, ERR_USAGE,
		               "'%s' must be a number of rows, at least 1, or 'auto'", name);
	return 0;
}

static int read_rejects(struct reading *reading, const char *name, const json_t *value,
                        struct err *err)
{
	const char *text = json_string_value(value);

	if (!text || !*text)
		return err_set(err, ERR_USAGE, "'%s' must be the URI of an object", name);
	reading->options->rejects = arena_strdup(reading->arena, text);
	return 0;
}

static const struct option options_table[] = {
	{"columns", read_columns, 0},
	{"header", read_header, 0},
	{"map", read_map, 0},
	{"delimiter", read_delimiter, 0},
	{"quote", read_quote, 0},
	{"null", read_null, 0},
	{"on_error", read_on_error, 0},
	{"max_rejects", read_max_rejects, 0},
	{"on_conflict", read_on_conflict, 0},
	{"conflict_key", read_key, 0},
	{"rejects", read_rejects, 0},
	{"chunk_rows", read_chunk_rows, 0},
	{"exclusive", read_flag, LOAD_EXCLUSIVE},
	{"dry_run", read_flag, LOAD_DRY_RUN},
	{"truncate", read_flag, LOAD_TRUNCATE},
};

const char *const *load_options_names(size_t *count)
{
	static const char *const names[] = {
		"columns", "header",     "map",         "delimiter",   "quote",
		"null",    "on_error",   "max_rejects", "on_conflict", "conflict_key",
		"rejects", "chunk_rows", "exclusive",   "dry_run",     "truncate",
	};

	_Static_assert(countof(names) == countof(options_table), "one name per option");
	*count = countof(names);
	return names;
}

void load_options_init(struct load_options *options)
{
	memset(options, 0, sizeof(*options));
	options->delimiter = ',';
	options->quote = '"';
	options->null_text = "";
	options->max_rejects = -1;
}

static const struct option *find_option(const char *name)
{
	for (size_t i = 0; i < countof(options_table); i++)
		if (str_equal(options_table[i].name, name))
			return &options_table[i];
	return NULL;
}

static int unknown_option(const char *name, struct err *err)
{
	size_t count;
	const char *const *names = load_options_names(&count);
	const char *nearest = str_nearest(name, names, count);

	if (nearest)
		return err_set(err, ERR_USAGE, "unknown option '%.100s', did you mean '%s'?", name,
		               nearest);
	return err_set(err, ERR_USAGE, "unknown option '%.100s'", name);
}

/* Options that cannot stand together. */
static int check_together(const struct load_options *options, struct err *err)
{
	const char *other = NULL;

	if (options->delimiter == options->quote)
		return err_set(err, ERR_USAGE, "'delimiter' and 'quote' must differ");
	if (options->chunk_rows == LOAD_CHUNK_NONE)
		return 0;
	if (options->flags & LOAD_STOP_ON_ERROR)
		other = "on_error: stop";
	else if (options->max_rejects >= 0)
		other = "max_rejects";
	else if (options->flags & LOAD_TRUNCATE)
		other = "truncate";
	if (!other)
		return 0;
	return err_set(
		err, ERR_USAGE,
		"'chunk_rows' cannot be used with '%s': what was committed could not be undone",
		other);
}

int load_options_parse(const json_t *object, struct arena *arena, struct load_options *options,
                       struct err *err)
{
	struct reading reading = {.arena = arena, .options = options};
	const struct option *option;

	load_options_init(options);
	if (object && !json_is_object(object) && !json_is_null(object))
		return err_set(err, ERR_USAGE, "the options of a load must be an object");
	for (void *at = json_object_iter((json_t *)(uintptr_t)object); at;
	     at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
		option = find_option(json_object_iter_key(at));
		if (!option)
			return unknown_option(json_object_iter_key(at), err);
		reading.flag = option->flag;
		if (!json_is_null(json_object_iter_value(at)) &&
		    option->read(&reading, option->name, json_object_iter_value(at), err) < 0)
			return -1;
	}
	if (!reading.has_header && options->columns)
		options->flags |= LOAD_NO_HEADER;
	if ((options->flags & LOAD_NO_HEADER) && !options->columns)
		return err_set(err, ERR_USAGE, "'columns' must be given when there is no header");
	return check_together(options, err);
}
