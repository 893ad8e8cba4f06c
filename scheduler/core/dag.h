/* dag.h - one version of a DAG, as its file says it
 *
 * Made by dag_parse() from a YAML file, immutable afterwards, shared by engine, service and API by
 * reference count. Everything it points to lives in its arena. The engine reads the graph and the
 * numbers; the service renders `with` and `when` when a task starts (scheduler/core/expr.h). Pure
 * but for dag_parse()'s use of lib/yaml. Durations are milliseconds.
 */
#ifndef SCHEDULER_CORE_DAG_H
#define SCHEDULER_CORE_DAG_H

#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/json.h"
#include "lib/map.h"
#include "lib/yaml.h"
#include "scheduler/core/schedule.h"

struct expr;
struct template;

/* Airflow's rules, by its names; what each means: scheduler/core/rule.h. */
enum dag_rule {
	RULE_ALL_SUCCESS,
	RULE_ALL_FAILED,
	RULE_ALL_DONE,
	RULE_ALL_DONE_MIN_ONE_SUCCESS,
	RULE_ALL_SKIPPED,
	RULE_ONE_SUCCESS,
	RULE_ONE_FAILED,
	RULE_ONE_DONE,
	RULE_NONE_FAILED,
	RULE_NONE_FAILED_MIN_ONE_SUCCESS,
	RULE_NONE_SKIPPED,
	RULE_ALWAYS,
	RULE_COUNT,
};

enum dag_catchup { CATCHUP_NONE, CATCHUP_LATEST, CATCHUP_ALL };

enum {
	DAG_FRESH_PROCESS = 1 << 0, /* flags of a task */
	DAG_MAPPED = 1 << 1,        /* it has `map`: one instance per item */
};

struct dag_param {
	const char *name;
	const char *description; /* "" when none */
	json_t *schema;          /* its JSON-Schema words */
	json_t *fallback;        /* its `default`, NULL when it must be given */
};

/* When somebody is told; of a DAG: how its run ended, or that an ended one goes on. */
enum dag_when { DAG_ON_SUCCESS, DAG_ON_FAILURE, DAG_ON_RETRY, DAG_ON_COUNT };

/* One of webhook and command is there. */
struct dag_callback {
	const struct template *webhook; /* a text, the URL */
	const struct template *command; /* a list of texts */
	const char *secret;             /* name of what signs the body; NULL: nothing */
};

struct dag_callbacks {
	const struct dag_callback *items;
	size_t count;
};

struct dag_task {
	const char *name;
	const char *description;       /* "" when none */
	const char *operator;          /* `<plugin>.<operator>` */
	const struct template *with;   /* a map, rendered for each attempt; NULL: no parameters */
	const struct expr *when;       /* NULL: always */
	const struct template *map;    /* the list of a mapped task, else NULL */
	const struct template *target; /* an object's URI: if it exists the task is done; or NULL */
	uint32_t line;                 /* in the file, from 1 */
	const struct yaml_node *node;  /* the task in the file, for later faults */

	uint32_t index;           /* of this task in dag->tasks */
	const uint32_t *upstream; /* indices of `needs` */
	uint32_t upstream_count;
	const uint32_t *downstream;
	uint32_t downstream_count;

	enum dag_rule rule;
	uint32_t flags;
	int32_t retries;  /* tries after the first */
	int32_t priority; /* higher first */
	int64_t retry_delay_ms, retry_max_delay_ms;
	int64_t timeout_ms; /* of one attempt, 0: none */
	const char *pool;   /* "" when in none */
	int32_t pool_slots;
	const char *worker_queue; /* "" when any worker may take it */
	int32_t max_active;       /* unfinished items of a mapped task at a time, 0: all */
	struct dag_callbacks on[DAG_ON_COUNT];
};

struct dag {
	struct arena arena;
	int references;
	const char *name;
	const char *description;
	const char *file; /* as shown in errors */
	const char *hash; /* SHA-256 of the file, hex: the version */
	const char *const *tags;
	size_t tag_count;
	struct schedule schedule;
	const char *timezone;
	enum dag_catchup catchup;
	int32_t max_active_runs;
	int64_t timeout_ms;     /* of a run, 0: none */
	int64_t retention_ms;   /* how long an ended run is kept; -1: as the settings say */
	int32_t retention_last; /* runs kept whatever their age; -1: as the settings say */
	const struct dag_param *params;
	size_t param_count;
	struct dag_task *tasks; /* in the order of the file */
	uint32_t task_count;
	struct map tasks_by_name;
	struct dag_callbacks on[DAG_ON_COUNT];
	json_t *source;    /* the whole file as JSON, for `dag_version` */
	struct yaml *yaml; /* the file with its places, for later faults */
};

/* NULL when the file has faults, all of which are in `errors`. `path` gives the default name. */
struct dag *dag_parse(const char *path, const char *text, size_t size, struct yaml_errors *errors);
struct dag *dag_read(const char *path, struct yaml_errors *errors);
struct dag *dag_reference(struct dag *dag);
void dag_release(struct dag *dag);

/* The task of this name, or NULL. */
const struct dag_task *dag_task(const struct dag *dag, const char *name);

const char *dag_rule_name(enum dag_rule rule);

#endif
