/* limits.h - a cap on every size that comes from outside
 *
 * Out of memory aborts the program, so nothing from outside may ask for more than these. Bytes
 * unless the name says otherwise. What a user may change is a setting (lib/config.h) instead.
 */
#ifndef LIB_LIMITS_H
#define LIB_LIMITS_H

#define LIMIT_RECORD_BYTES      (16 << 20) /* one CSV or NDJSON record */
#define LIMIT_YAML_BYTES        (1 << 20)  /* one DAG, catalog or configuration file */
#define LIMIT_YAML_DEPTH        32
#define LIMIT_YAML_ERRORS       200 /* faults shown of one reading; more are not collected */
#define LIMIT_YAML_SOURCE_BYTES 256 /* of a source line shown beside a fault */
#define LIMIT_JSON_DEPTH        32
#define LIMIT_FRAME_BYTES       (64 << 10) /* one wire frame other than `start` */
#define LIMIT_START_FRAME_BYTES (1 << 20)
#define LIMIT_INPUTS_BYTES      (16 << 20) /* parameters and inputs of one attempt */
#define LIMIT_OUTPUT_BYTES      (64 << 10) /* all outputs of one attempt */
#define LIMIT_WATERMARK_BYTES   (64 << 10)
#define LIMIT_PLUGIN_ITEMS      1000 /* operators, and parameters or outputs of one */
#define LIMIT_DAG_TASKS         100000
#define LIMIT_MAP_ITEMS         1000000 /* of one mapped task */
#define LIMIT_EXPRESSION_BYTES  4096
#define LIMIT_EXPRESSION_DEPTH  32
#define LIMIT_NOTE_BYTES        4096 /* of a run */
#define LIMIT_NAME_BYTES        128  /* DAG, task, run, pool, plugin and operator names */
#define LIMIT_IDENTIFIER_BYTES  63   /* tables and columns: PostgreSQL's own limit */
#define LIMIT_OBJECT_KEY_BYTES  1024
#define LIMIT_PATH_BYTES        4000 /* of a local file */
#define LIMIT_CATALOG_TABLES    1000
#define LIMIT_TABLE_COLUMNS     1000
#define LIMIT_URI_BYTES         8192
#define LIMIT_HEAD_BYTES        (32 * 1024) /* header fields of one request */
#define LIMIT_HEAD_FIELDS       64
#define LIMIT_CHUNK_LINE_BYTES  256
#define LIMIT_TRAILER_BYTES     (8 * 1024)
#define LIMIT_QUERY_PARAMETERS  64
#define LIMIT_BODY_BYTES        (1024 * 1024) /* of a request, but for bulk routes */
#define LIMIT_BULK_BODY_BYTES   (INT64_C(1) << 30)
#define LIMIT_BODIES_BYTES      (INT64_C(2) << 30) /* bodies held at once, by all connections */
#define LIMIT_CONNECTIONS       4096
#define LIMIT_PAGE_ROWS         1000
#define LIMIT_OFFSET_ROWS       10000
#define LIMIT_SECRET_BYTES      (16 << 10)
#define LIMIT_SECRET_MIN_BYTES  4 /* a shorter one cannot be hidden without hiding everything */
#define LIMIT_PATTERN_BYTES     1024
#define LIMIT_ENUM_VALUES       1000
#define LIMIT_TEXT_CHARACTERS   10485760 /* max_length: what PostgreSQL takes */
#define LIMIT_BULK_ROWS         100000

/* expressions and DAG files */
#define LIMIT_EXPRESSION_TEXT_BYTES (1 << 20)    /* what one function makes */
#define LIMIT_CRON_BYTES            1000         /* one cron text */
#define LIMIT_ZONE_BYTES            (256 * 1024) /* the file of a time zone */
#define LIMIT_SCHEDULE_TIMES        100          /* cron texts of one DAG */
#define LIMIT_SCHEDULE_DAGS         100          /* named in one `after` */
#define LIMIT_SCHEDULED_RUNS        1000   /* of one DAG that have not ended; more fires wait */
#define LIMIT_SCHEDULE_OBJECTS      100000 /* below one `object` schedule */
#define LIMIT_DAG_PARAMS            200
#define LIMIT_DAG_TAGS              100
#define LIMIT_DAG_CALLBACKS         16 /* of one key of one task */
#define LIMIT_CALLBACK_ANSWER_BYTES                                                                \
	(64 << 10)                   /* of what a webhook answers; the rest is not waited for */
#define LIMIT_CALLBACK_ARGUMENTS 256 /* of one command, the program among them */
#define LIMIT_DAG_RETRIES        1000
#define LIMIT_GRAPH_PLACES       2000               /* tasks and bends of a drawn DAG */
#define LIMIT_DESCRIPTORS_BYTES  (16 * 1024 * 1024) /* what all plugins say of themselves */
#define LIMIT_WAITING_COMMANDS   10000              /* triggers and the like, before 503 */
#define LIMIT_DIFF_EDITS         2000  /* lines that differ; more are shown as replaced */
#define LIMIT_BACKFILL_RUNS      10000 /* logical dates of one backfill */
#define LIMIT_BACKFILL_ACTIVE    1000  /* its unfinished runs */

/* runs that tasks start */
#define LIMIT_RUN_DEPTH          10 /* runs started by tasks of runs that tasks started … */
#define LIMIT_CHILD_PARAMS_BYTES (32 << 10)
#define LIMIT_CHILD_OUTPUT_BYTES (32 << 10) /* what such a run hands back */

#endif
