/* setting.c - the table of settings */
#include "lib/setting.h"

#include <string.h>

#include "lib/buf.h"
#include "lib/compiler.h"
#include "lib/str.h"

/* In the order of enum config_id. */
const struct setting setting_table[CONFIG_COUNT] = {
	{"state_dir", SETTING_PATH, "state", "", 0, "SQLite files, logs and local objects"},
	{"listen", SETTING_TEXT, "127.0.0.1:8000", "", 0,
         "address and port of the REST API; an address others can reach needs a key or `auth: none`"},
	{"database.url", SETTING_URL, "sqlite:{state}/data.db", "", SETTING_IS_SECRET,
         "the users' tables"},
	{"database.durability", SETTING_WORD, "full", "full|normal", 0,
         "normal: a power cut may take the last transactions of SQLite, never its integrity"},
	{"database.auto_migrate", SETTING_BOOL, "false", "", 0,
         "let `serve` bring PostgreSQL to what the catalog says; SQLite it always does"},
	{"metadata.url", SETTING_URL, "sqlite:{state}/millrace.db", "", SETTING_IS_SECRET,
         "runs, attempts and DAGs"},
	{"objects.url", SETTING_URL, "dir:{state}/objects", "", SETTING_IS_SECRET,
         "the object store behind `objects://`"},
	{"objects.create_buckets", SETTING_BOOL, "true", "", 0,
         "make a missing bucket on the first write"},
	{"objects.poll", SETTING_DURATION, "10s", "", 0,
         "how often `schedule: {object: uri}` looks for new objects"},
	{"files.roots", SETTING_PATHS, ".", "", 0, "folders that `file://` in DAGs may reach"},
	{"dags_dir", SETTING_PATH, "dags", "", 0, "DAG files"},
	{"catalog_dir", SETTING_PATH, "catalog", "", 0, "tables and reports"},
	{"plugins_dir", SETTING_PATH, "plugins", "", 0, "plugins beside the installed ones"},
	{"secrets_dir", SETTING_PATH, "secrets", "", 0, "`secrets.X` is the file X here"},
	{"api.threads", SETTING_INT, "0", "", 0, "threads of the REST API; 0: one per core"},
	{"api.key", SETTING_TEXT, "", "", SETTING_IS_SECRET,
         "key that every request but /livez and /readyz must bring; also APIKEY"},
	{"auth", SETTING_WORD, "", "none|", 0, "none: no key is asked for, on any address"},
	{"worker.runners", SETTING_INT, "0", "", 0, "runner processes; 0: two per core"},
	{"worker.cancel_grace", SETTING_DURATION, "10s", "", 0,
         "between asking an attempt to end and killing it"},
	{"logs.max_size", SETTING_SIZE, "64MiB", "", 0, "of the log of one attempt"},
	{"log.format", SETTING_WORD, "auto", "auto|text|json", 0,
         "auto: text on a terminal, else JSON"},
	{"log.level", SETTING_WORD, "info", "debug|info|warn|error", 0, "what is logged"},
	{"retention.runs", SETTING_DURATION, "90d", "", 0,
         "runs that ended longer ago go, with their logs and outputs; a DAG may say its own"},
	{"retention.keep_last", SETTING_INT, "20", "", 0,
         "of each DAG that never go, whatever their age; a DAG may say its own"},
	{"shutdown_grace", SETTING_DURATION, "30s", "", 0,
         "that requests and attempts get to end after SIGTERM"},
	{"drain_delay", SETTING_DURATION, "0s", "", 0,
         "between /readyz turning red and the listeners closing"},
	{"callbacks", SETTING_BOOL, "true", "", 0,
         "tell what DAGs say under on_success, on_failure and on_retry; false: nobody is told"},
	{"logs.upload", SETTING_TEXT, "", "", 0,
         "URI of objects under which logs of ended attempts are put; empty: they stay here only"},
	{"vars", SETTING_MAP, "", "", 0, "read in DAGs as ${{ vars.x }}"},
	{"pools", SETTING_MAP, "", "", 0, "pool name to slots"},
};

/* Names that other programs gave the same thing. */
static const struct {
	const char *variable;
	enum config_id id;
} older_names[] = {
	{"DB_DSN", CONFIG_DATABASE_URL},
	{"APIKEY", CONFIG_API_KEY},
};

/* Variables that begin like settings and are none. */
static const char *const other_variables[] = {"MILLRACE_SECRET_", "MILLRACE_FAULT",
                                              "MILLRACE_CLOCK",   "MILLRACE_SHARED_DATA",
                                              "MILLRACE_SERVER",  "MILLRACE_BIN"};

size_t setting_find(const char *name)
{
	size_t id = 0;

	while (id < CONFIG_COUNT && !str_equal(setting_table[id].name, name))
		id++;
	return id;
}

/* Whether some setting lies below this name. */
int setting_is_group(const char *name)
{
	size_t length = strlen(name);

	for (size_t id = 0; id < CONFIG_COUNT; id++) {
		if (str_starts_with(setting_table[id].name, name) &&
		    setting_table[id].name[length] == '.')
			return 1;
	}
	return 0;
}

const char *setting_nearest(const char *name)
{
	const char *names[CONFIG_COUNT];

	for (size_t id = 0; id < CONFIG_COUNT; id++)
		names[id] = setting_table[id].name;
	return str_nearest(name, names, CONFIG_COUNT);
}

/* `database.url` is MILLRACE_DATABASE_URL. */
void setting_variable(const char *setting, char variable[64])
{
	struct buf name = {0};

	buf_printf(&name, "MILLRACE_%s", setting);
	for (char *at = name.data; *at; at++) {
		if (*at == '.')
			*at = '_';
		else if (*at >= 'a' && *at <= 'z')
			*at = (char)(*at - 'a' + 'A');
	}
	str_copy(variable, 64, name.data);
	buf_release(&name);
}

size_t setting_of_variable(const char *name)
{
	char variable[64];

	for (size_t id = 0; id < CONFIG_COUNT; id++) {
		setting_variable(setting_table[id].name, variable);
		if (str_equal(variable, name))
			return id;
	}
	for (size_t i = 0; i < countof(older_names); i++) {
		if (str_equal(older_names[i].variable, name))
			return older_names[i].id;
	}
	return CONFIG_COUNT;
}

int setting_is_foreign(const char *name)
{
	for (size_t i = 0; i < countof(other_variables); i++) {
		if (str_starts_with(name, other_variables[i]))
			return 1;
	}
	return 0;
}
