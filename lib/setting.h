/* setting.h - the table of settings
 *
 * Names, types, defaults and help of all there is to set; parser, `config show` and the reference
 * page read it. Constant.
 */
#ifndef LIB_SETTING_H
#define LIB_SETTING_H

#include <stddef.h>

enum config_id {
	CONFIG_STATE_DIR,
	CONFIG_LISTEN,
	CONFIG_DATABASE_URL,
	CONFIG_DATABASE_DURABILITY,
	CONFIG_DATABASE_AUTO_MIGRATE,
	CONFIG_METADATA_URL,
	CONFIG_OBJECTS_URL,
	CONFIG_OBJECTS_CREATE_BUCKETS,
	CONFIG_OBJECTS_POLL,
	CONFIG_FILES_ROOTS,
	CONFIG_DAGS_DIR,
	CONFIG_CATALOG_DIR,
	CONFIG_PLUGINS_DIR,
	CONFIG_SECRETS_DIR,
	CONFIG_API_THREADS,
	CONFIG_API_KEY,
	CONFIG_AUTH,
	CONFIG_WORKER_RUNNERS,
	CONFIG_WORKER_CANCEL_GRACE,
	CONFIG_LOGS_MAX_SIZE,
	CONFIG_LOG_FORMAT,
	CONFIG_LOG_LEVEL,
	CONFIG_RETENTION_RUNS,
	CONFIG_RETENTION_KEEP_LAST,
	CONFIG_SHUTDOWN_GRACE,
	CONFIG_DRAIN_DELAY,
	CONFIG_CALLBACKS,
	CONFIG_LOGS_UPLOAD,
	CONFIG_VARS,
	CONFIG_POOLS,
	CONFIG_COUNT,
};

enum setting_type {
	SETTING_TEXT,
	SETTING_WORD, /* one of `words` */
	SETTING_PATH,
	SETTING_URL, /* `scheme:rest`; the path behind `sqlite:` and `dir:` is a path as above */
	SETTING_INT,
	SETTING_BOOL,
	SETTING_DURATION, /* milliseconds */
	SETTING_SIZE,     /* bytes */
	SETTING_PATHS,    /* a list; one path in the environment */
	SETTING_MAP,      /* files only */
};

enum {
	SETTING_IS_SECRET = 1 << 0, /* shown as *** */
};

struct setting {
	const char *name;
	enum setting_type type;
	const char *fallback; /* as a user would write it; `{state}` is state_dir, "" is none */
	const char *words;    /* SETTING_WORD: `a|b|c` */
	unsigned flags;
	const char *help;
};

/* In the order of enum config_id. */
extern const struct setting setting_table[CONFIG_COUNT];

/* The id of a name, or CONFIG_COUNT. */
size_t setting_find(const char *name);
/* The id of an environment variable, older names too, or CONFIG_COUNT. */
size_t setting_of_variable(const char *name);
/* `database.url` is MILLRACE_DATABASE_URL. */
void setting_variable(const char *setting, char variable[64]);
/* Whether settings lie below this name: `database` of `database.url`. */
int setting_is_group(const char *name);
/* Variables that begin with MILLRACE_ and are no settings. */
int setting_is_foreign(const char *name);
/* For "did you mean", or NULL. */
const char *setting_nearest(const char *name);

#endif
