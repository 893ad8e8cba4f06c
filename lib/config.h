/* config.h - settings: one table, six origins
 *
 * Precedence: flag > environment `MILLRACE_*` > `.env` in the project > `millrace.yaml` >
 * `/etc/millrace/millrace.yaml` > default. Names have dots (`database.url`), files nest them, the
 * environment joins them with underscores (`MILLRACE_DATABASE_URL`). Relative paths are of the
 * project: the folder of millrace.yaml, else the one the program was started in; they are absolute
 * when read here. Unknown settings and bad values are errors with their place, all at once.
 *
 * A config is immutable after config_load() and may be read by any thread. It owns its texts.
 */
#ifndef LIB_CONFIG_H
#define LIB_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "lib/json.h"
#include "lib/setting.h"
#include "lib/yaml.h"

struct config;

struct config_flag {
	const char *name, *value;
};

struct config_sources {
	const char *file; /* --config; NULL: ./millrace.yaml when it exists */
	const struct config_flag *flags;
	size_t flag_count;
};

/* NULL when something is wrong; all of it is in `errors`. */
struct config *config_load(const struct config_sources *sources, struct yaml_errors *errors);
void config_free(struct config *config);

const char *config_text(const struct config *config, enum config_id id);
/* Numbers, sizes (bytes), durations (ms); booleans are 0 or 1. */
int64_t config_int(const struct config *config, enum config_id id);
/* Maps and lists; borrowed, never NULL, not to be changed (jansson knows no const). */
json_t *config_json(const struct config *config, enum config_id id);
/* Where the value comes from: `default`, `millrace.yaml:3`, `environment MILLRACE_LISTEN`, … */
const char *config_origin(const struct config *config, enum config_id id);
/* Absolute. */
const char *config_project_dir(const struct config *config);

/* What came with the program: `plugins`, `dags` or `catalog`, beside the binary in a build tree or
 * where `meson install` put it. Absolute, the config's memory; the folder may be absent. */
const char *config_installed(struct config *config, const char *what);

/* The one place that reads the environment. NULL when unset. */
const char *config_environment(const char *name);

/* Letters, digits, `_` and `-`, at most LIMIT_NAME_BYTES. */
int config_is_secret_name(const char *name);

/* The secret of this name: the file below `secrets_dir`, else MILLRACE_SECRET_NAME. A newline at the
 * end is not part of it. It is UTF-8, of LIMIT_SECRET_MIN_BYTES to LIMIT_SECRET_BYTES: what is not could
 * not be hidden (lib/mask.h). The contents are the caller's, of an empty buf. ERR_NOT_FOUND says where it
 * looked. */
MUST_CHECK int config_secret(const struct config *config, const char *name, struct buf *secret,
                             struct err *err);

#endif
