/* config.c - settings: one table, six origins */
#include "lib/config.h"

#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/limits.h"
#include "lib/mem.h"
#include "lib/setting.h"
#include "lib/str.h"
#include "lib/vec.h"

#define SYSTEM_FILE "/etc/millrace/millrace.yaml"

struct value {
	const char *text; /* scalars: as written, paths absolute */
	int64_t number;
	json_t *json;
	const char *origin;
};

struct config {
	struct arena arena;
	const char *project_dir;
	struct value values[CONFIG_COUNT];
};

/* Where a value was found, for its errors: a YAML node, or a name and no place. */
struct place {
	const struct yaml *yaml;
	const struct yaml_node *node;
	const char *name;
};

struct loader {
	struct config *config;
	struct yaml_errors *errors;
};

static void report(struct loader *loader, const struct place *place, const char *text)
{
	if (place->yaml) {
		yaml_error(place->yaml, place->node, loader->errors, "%s", text);
		return;
	}
	*vec_push(loader->errors) = (struct yaml_error){
		.file = arena_strdup(&loader->errors->arena, place->name),
		.length = 1,
		.text = arena_strdup(&loader->errors->arena, text),
		.source = "",
	};
}

static int has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = words;; at++) {
		size_t size = strcspn(at, "|");

		if (size == length && memcmp(at, word, length) == 0)
			return 1;
		at += size;
		if (!*at)
			return 0;
	}
}

static int parse_bool(const char *text, int64_t *value, struct err *err)
{
	static const char *const yes[] = {"true", "yes", "on", "1"};
	static const char *const no[] = {"false", "no", "off", "0"};

	for (size_t i = 0; i < countof(yes); i++) {
		if (str_equal(text, yes[i]) || str_equal(text, no[i])) {
			*value = str_equal(text, yes[i]);
			return 0;
		}
	}
	return err_set(err, ERR_INVALID, "'%.64s' is not true or false", text);
}

static const char *absolute(struct config *config, const char *path)
{
	return file_join(&config->arena, config->project_dir, path);
}

/* `sqlite:` and `dir:` are followed by a path of the project. */
static int parse_url(struct config *config, const char *text, const char **url, struct err *err)
{
	static const char *const schemes[] = {"sqlite:", "dir:"};

	for (size_t i = 0; i < countof(schemes); i++) {
		if (str_starts_with(text, schemes[i])) {
			*url = arena_printf(&config->arena, "%s%s", schemes[i],
			                    absolute(config, text + strlen(schemes[i])));
			return 0;
		}
	}
	if (!strchr(text, ':'))
		return err_set(err, ERR_INVALID,
		               "'%.64s' is not a URL such as sqlite:state/data.db", text);
	*url = text;
	return 0;
}

static int parse_number(const struct setting *setting, const char *text, int64_t *number,
                        struct err *err)
{
	if (str_to_int(text, number, err) < 0)
		return -1;
	if (*number < 0 || *number > 1024)
		return err_set(err, ERR_INVALID, "'%s' must be from 0 to 1024", setting->name);
	return 0;
}

/* Reads a scalar as its setting's type. */
static int parse_scalar(struct config *config, const struct setting *setting, struct value *value,
                        struct err *err)
{
	const char *text = value->text;

	switch (setting->type) {
	case SETTING_TEXT:
		return 0;
	case SETTING_WORD:
		if (has_word(setting->words, text))
			return 0;
		return err_set(err, ERR_INVALID, "'%.64s' is none of %s", text, setting->words);
	case SETTING_PATH:
		value->text = absolute(config, text);
		return 0;
	case SETTING_URL:
		return parse_url(config, text, &value->text, err);
	case SETTING_INT:
		return parse_number(setting, text, &value->number, err);
	case SETTING_BOOL:
		return parse_bool(text, &value->number, err);
	case SETTING_DURATION:
		return str_to_duration_ms(text, &value->number, err);
	case SETTING_SIZE:
		return str_to_size_bytes(text, &value->number, err);
	case SETTING_PATHS:
		value->json = json_pack("[s]", absolute(config, text));
		return 0;
	case SETTING_MAP:
		return err_set(err, ERR_INVALID, "'%s' must be a map, in millrace.yaml",
		               setting->name);
	}
	return 0;
}

/* Puts a value in place; a later origin replaces an earlier one. */
static void set_value(struct loader *loader, size_t id, const struct value *value)
{
	json_decref(loader->config->values[id].json);
	loader->config->values[id] = *value;
}

static void set_scalar(struct loader *loader, size_t id, const char *text, const char *origin,
                       const struct place *place)
{
	struct config *config = loader->config;
	struct value value = {.text = arena_strdup(&config->arena, text), .origin = origin};
	struct err err;

	if (parse_scalar(config, &setting_table[id], &value, &err) < 0)
		report(loader, place, err.text);
	else
		set_value(loader, id, &value);
}

static void set_map(struct loader *loader, size_t id, const char *origin, const struct place *place)
{
	struct value value = {.text = "", .origin = origin};

	if (place->node->kind != YAML_MAP) {
		report(loader, place, "a map is expected here");
		return;
	}
	value.json = yaml_to_json(place->node);
	set_value(loader, id, &value);
}

static void set_paths(struct loader *loader, size_t id, const char *origin,
                      const struct place *place)
{
	struct value value = {.text = "", .origin = origin, .json = json_array()};

	for (size_t i = 0; i < place->node->as.list.count; i++) {
		const struct yaml_node *item = place->node->as.list.items[i];

		if (item->kind != YAML_STRING)
			yaml_error(place->yaml, item, loader->errors, "a path is expected here");
		else
			json_array_append_new(value.json,
			                      json_string(absolute(loader->config, item->text)));
	}
	set_value(loader, id, &value);
}

static void set_node(struct loader *loader, size_t id, const char *file, const struct place *place)
{
	const struct yaml_node *node = place->node;
	const char *origin =
		arena_printf(&loader->config->arena, "%s:%u", file, (unsigned)node->line);

	if (setting_table[id].type == SETTING_MAP)
		set_map(loader, id, origin, place);
	else if (setting_table[id].type == SETTING_PATHS && node->kind == YAML_LIST)
		set_paths(loader, id, origin, place);
	else if (!node->text)
		report(loader, place, "one value is expected here");
	else
		set_scalar(loader, id, node->text, origin, place);
}

static void report_unknown(struct loader *loader, const struct place *place, const char *name)
{
	const char *nearest = setting_nearest(name);
	struct err err;

	err_set(&err, ERR_INVALID,
	        nearest ? "unknown setting '%s', did you mean '%s'?" : "unknown setting '%s'", name,
	        nearest);
	report(loader, place, err.text);
}

struct file {
	const struct yaml *yaml;
	const char *name; /* as origins show it */
};

static void read_pair(struct loader *loader, const struct file *file, const struct yaml_pair *pair,
                      const char *prefix)
{
	const char *key = pair->key->text ? pair->key->text : "";
	const char *name = arena_printf(&loader->config->arena, "%s%s", prefix, key);
	size_t id = setting_find(name);
	struct place place = {file->yaml, pair->value, NULL};

	if (id < CONFIG_COUNT) {
		set_node(loader, id, file->name, &place);
	} else if (setting_is_group(name) && pair->value->kind == YAML_MAP) {
		for (size_t i = 0; i < pair->value->as.map.count; i++)
			read_pair(loader, file, &pair->value->as.map.pairs[i],
			          arena_printf(&loader->config->arena, "%s.", name));
	} else {
		place.node = pair->key;
		report_unknown(loader, &place, name);
	}
}

static void read_yaml(struct loader *loader, const char *path)
{
	struct yaml *yaml = yaml_read(path, loader->errors);
	const struct yaml_node *root;
	struct file file = {yaml, file_basename(path)};

	if (!yaml)
		return;
	root = yaml_root(yaml);
	if (root->kind == YAML_MAP) {
		for (size_t i = 0; i < root->as.map.count; i++)
			read_pair(loader, &file, &root->as.map.pairs[i], "");
	} else if (root->kind != YAML_NULL) {
		yaml_error(yaml, root, loader->errors, "settings are a map, this is %s",
		           yaml_kind_name(root->kind));
	}
	yaml_free(yaml);
}

/* One `NAME=value` of the environment or of `.env`. */
static void read_variable(struct loader *loader, const char *name, const char *text,
                          const char *origin)
{
	size_t id = setting_of_variable(name);
	struct place place = {NULL, NULL, origin};

	if (id < CONFIG_COUNT) {
		if (*text || setting_table[id].fallback[0] == '\0')
			set_scalar(loader, id, text, origin, &place);
	} else if (str_starts_with(name, "MILLRACE_") && !setting_is_foreign(name)) {
		report_unknown(loader, &place, name);
	}
}

static void read_environment(struct loader *loader)
{
	struct arena *arena = &loader->config->arena;

	for (char **entry = environ; entry && *entry; entry++) {
		const char *equals = strchr(*entry, '=');
		const char *name;

		if (!equals)
			continue;
		name = arena_strndup(arena, *entry, (size_t)(equals - *entry));
		read_variable(loader, name, equals + 1,
		              arena_printf(arena, "environment %s", name));
	}
}

/* `NAME=value`, quotes around the value dropped, `#` starts a comment line. */
static void read_dot_env_line(struct loader *loader, char *line, int number)
{
	struct arena *arena = &loader->config->arena;
	char *name = line + strspn(line, " \t");
	char *equals = strchr(name, '=');
	char *text;
	size_t length;

	if (!equals || *name == '#')
		return;
	*equals = '\0';
	if (str_starts_with(name, "export "))
		name += strlen("export ");
	text = equals + 1;
	length = strlen(text);
	while (length && strchr(" \t\r", text[length - 1]))
		text[--length] = '\0';
	if (length >= 2 && (*text == '"' || *text == '\'') && text[length - 1] == *text) {
		text[length - 1] = '\0';
		text++;
	}
	read_variable(loader, name, text, arena_printf(arena, ".env:%d", number));
}

static void read_dot_env(struct loader *loader)
{
	const char *path = absolute(loader->config, ".env");
	auto_buf struct buf contents = {0};
	struct place place = {NULL, NULL, path};
	char *rest, *line;
	struct err err;

	if (!file_exists(path))
		return;
	if (file_read(path, LIMIT_YAML_BYTES, &contents, &err) < 0) {
		report(loader, &place, err.text);
		return;
	}
	rest = contents.data;
	for (int number = 1; rest && (line = strsep(&rest, "\n")); number++)
		read_dot_env_line(loader, line, number);
}

static void read_flags(struct loader *loader, const struct config_sources *sources)
{
	for (size_t i = 0; i < sources->flag_count; i++) {
		const struct config_flag *flag = &sources->flags[i];
		size_t id = setting_find(flag->name);
		struct place place = {NULL, NULL, "command line"};

		if (id < CONFIG_COUNT)
			set_scalar(loader, id, flag->value, "command line", &place);
		else
			report_unknown(loader, &place, flag->name);
	}
}

/* On PostgreSQL the metadata live beside the users' tables, in a schema of their own; the name is put
 * where libpq takes what the server is to be told. */
static const char *metadata_beside(struct loader *loader)
{
	const char *url = loader->config->values[CONFIG_DATABASE_URL].text;

	if (!str_starts_with(url, "postgres"))
		return NULL;
	return arena_printf(&loader->config->arena, "%s%coptions=-csearch_path%%3Dmillrace", url,
	                    strchr(url, '?') ? '&' : '?');
}

/* What nobody said; `{state}` is known by now, and so is the database's URL. */
static void set_default(struct loader *loader, size_t id)
{
	static const char mark[] = "{state}";
	const char *fallback = setting_table[id].fallback;
	const char *at = strstr(fallback, mark);
	struct place place = {NULL, NULL, setting_table[id].name};

	if (loader->config->values[id].origin)
		return;
	if (setting_table[id].type == SETTING_MAP) {
		struct value value = {.text = "", .origin = "default", .json = json_object()};

		set_value(loader, id, &value);
		return;
	}
	if (at)
		fallback = arena_printf(&loader->config->arena, "%.*s%s%s", (int)(at - fallback),
		                        fallback, loader->config->values[CONFIG_STATE_DIR].text,
		                        at + strlen(mark));
	if (id == CONFIG_METADATA_URL && metadata_beside(loader))
		fallback = metadata_beside(loader);
	set_scalar(loader, id, fallback, "default", &place);
}

/* The folder of the file that --config names, else the one the program was started in. */
static void find_project(struct config *config, const char *file)
{
	char folder[PATH_MAX];
	const char *here = getcwd(folder, sizeof(folder)) ? folder : "/";

	config->project_dir =
		file ? file_join(&config->arena, file_join(&config->arena, here, file), "..")
		     : arena_strdup(&config->arena, here);
}

struct config *config_load(const struct config_sources *sources, struct yaml_errors *errors)
{
	struct config *config = mem_alloc(sizeof(*config));
	struct loader loader = {config, errors};
	size_t before = errors->count;
	const char *project_file;

	arena_init(&config->arena);
	find_project(config, sources->file);
	project_file = sources->file ? sources->file : absolute(config, "millrace.yaml");
	if (file_exists(SYSTEM_FILE))
		read_yaml(&loader, SYSTEM_FILE);
	if (sources->file || file_exists(project_file))
		read_yaml(&loader, project_file);
	read_dot_env(&loader);
	read_environment(&loader);
	read_flags(&loader, sources);
	for (size_t id = 0; id < CONFIG_COUNT; id++)
		set_default(&loader, id);
	if (errors->count == before)
		return config;
	config_free(config);
	return NULL;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t id = 0; id < CONFIG_COUNT; id++)
		json_decref(config->values[id].json);
	arena_release(&config->arena);
	free(config);
}

const char *config_text(const struct config *config, enum config_id id)
{
	return config->values[id].text;
}

int64_t config_int(const struct config *config, enum config_id id)
{
	return config->values[id].number;
}

json_t *config_json(const struct config *config, enum config_id id)
{
	return config->values[id].json;
}

const char *config_origin(const struct config *config, enum config_id id)
{
	return config->values[id].origin;
}

const char *config_project_dir(const struct config *config)
{
	return config->project_dir;
}

const char *config_installed(struct config *config, const char *what)
{
	char program[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	const char *folder, *beside;

	program[length > 0 ? length : 0] = '\0';
	folder = file_join(&config->arena, program, "..");
	beside = file_join(&config->arena, folder, what);
	if (file_exists(beside))
		return beside;
	return file_join(&config->arena, folder,
	                 str_equal(what, "plugins")
	                         ? "../lib/millrace/plugins"
	                         : arena_printf(&config->arena, "../share/millrace/%s", what));
}

const char *config_environment(const char *name)
{
	return getenv(name); /* NOLINT(concurrency-mt-unsafe): nobody calls setenv */
}

int config_is_secret_name(const char *name)
{
	size_t length =
		strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

	return length && !name[length] && length <= LIMIT_NAME_BYTES;
}

/* What could not be hidden in logs and rows is refused. */
static int check_secret(const char *name, const struct buf *secret, struct err *err)
{
	if (secret->size < LIMIT_SECRET_MIN_BYTES)
		return err_set(
			err, ERR_INVALID,
			"secret '%s' has fewer than %d bytes and could not be hidden in logs", name,
			LIMIT_SECRET_MIN_BYTES);
	if (secret->size > LIMIT_SECRET_BYTES)
		return err_set(err, ERR_LIMIT, "secret '%s' has more than %d bytes", name,
		               LIMIT_SECRET_BYTES);
	if (memchr(secret->data, '\0', secret->size) ||
	    str_utf8_valid(secret->data, secret->size) < secret->size)
		return err_set(err, ERR_INVALID, "secret '%s' is not text in UTF-8", name);
	return 0;
}

int config_secret(const struct config *config, const char *name, struct buf *secret,
                  struct err *err)
{
	const char *folder = config_text(config, CONFIG_SECRETS_DIR);
	auto_buf struct buf path = {0};
	const char *value;

	if (!config_is_secret_name(name))
		return err_set(err, ERR_INVALID, "'%.64s' is not the name of a secret", name);
	buf_printf(&path, "%s/%s", folder, name);
	if (file_exists(path.data)) {
		if (file_read(path.data, LIMIT_YAML_BYTES, secret, err) < 0)
			return -1;
		while (secret->size && strchr("\r\n", secret->data[secret->size - 1]))
			secret->data[--secret->size] = '\0';
		return check_secret(name, secret, err);
	}
	buf_clear(&path);
	buf_printf(&path, "MILLRACE_SECRET_%s", name);
	value = config_environment(path.data);
	if (!value)
		return err_set(err, ERR_NOT_FOUND,
		               "there is no secret '%s', neither in '%s' nor as MILLRACE_SECRET_%s",
		               name, folder, name);
	buf_text(secret, value);
	return check_secret(name, secret, err);
}
