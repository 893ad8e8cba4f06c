/* routes.c - the table of everything the service answers to */
#include "api/routes.h"

#include "api/dag_acts.h"
#include "api/dag_backfills.h"
#include "api/dag_versions.h"
#include "api/dags.h"
#include "api/explain.h"
#include "api/graph.h"
#include "api/health.h"
#include "api/logs.h"
#include "api/reports.h"
#include "api/rows.h"
#include "api/run_acts.h"
#include "api/runs.h"
#include "lib/compiler.h"
#include "lib/limits.h"

static const char json[] = "application/json";
static const char csv[] = "text/csv; charset=utf-8";
static const char text[] = "text/plain; charset=utf-8";

static const char *const page[] = {"limit", "offset", "cursor", NULL};
static const char *const runs_of_dag[] = {"limit", "cursor", "state", "type", NULL};
static const char *const runs_of_all[] = {"limit", "cursor", "state", "type",
                                          "dag",   "run_id", NULL};
static const char *const run[] = {"counts", "tasks", NULL};
static const char *const graph[] = {"run", NULL};
static const char *const backfills_of_dag[] = {"limit", NULL};
static const char *const backfills_of_all[] = {"limit", "dag", NULL};
static const char *const task[] = {"map_index", NULL};
static const char *const attempt_log[] = {"map_index", "offset", "follow", NULL};

/* clang-format off */
/* The rows of one path stand together. */
static const struct route routes[] = {
	{ROUTE_GET, "/livez", health_live, ROUTE_PUBLIC, ROUTE_ALWAYS, 0, json, NULL,
	 "Whether the process answers"},
	{ROUTE_GET, "/readyz", health_ready, ROUTE_PUBLIC, ROUTE_ALWAYS, 0, json, NULL,
	 "Whether it can do its work"},

	{ROUTE_GET, "/v1/dags", dags_list, ROUTE_READ, 0, 0, json, NULL, "List DAGs"},
	{ROUTE_GET, "/v1/dags/{dag}", dags_show, ROUTE_READ, 0, 0, json, NULL,
	 "Show a DAG with its parameters and tasks"},
	{ROUTE_PATCH, "/v1/dags/{dag}", dag_acts_update, ROUTE_OPERATE, 0, LIMIT_BODY_BYTES, json, NULL,
	 "Pause or resume a DAG"},
	{ROUTE_GET, "/v1/dags/{dag}/graph", graph_show, ROUTE_READ, 0, 0, json, graph,
	 "Show the places of a DAG's tasks, with the states of a run where asked"},
	{ROUTE_GET, "/v1/dags/{dag}/explain", explain_show_dag, ROUTE_READ, 0, 0, json, NULL,
	 "Say why a DAG does not run"},
	{ROUTE_GET, "/v1/dags/{dag}/backfills", dag_backfills_list, ROUTE_READ, 0, 0, json,
	 backfills_of_dag, "List the backfills of a DAG, newest first"},
	{ROUTE_POST, "/v1/dags/{dag}/backfills", dag_backfills_create, ROUTE_OPERATE, 0,
	 LIMIT_BODY_BYTES, json, NULL, "Make the runs of a span of time, or plan them"},
	{ROUTE_GET, "/v1/backfills", dag_backfills_list, ROUTE_READ, 0, 0, json, backfills_of_all,
	 "List the backfills of all DAGs, newest first"},
	{ROUTE_GET, "/v1/backfills/{backfill}", dag_backfills_show, ROUTE_READ, 0, 0, json, NULL,
	 "Show a backfill with its runs"},
	{ROUTE_PATCH, "/v1/backfills/{backfill}", dag_backfills_update, ROUTE_OPERATE, 0,
	 LIMIT_BODY_BYTES, json, NULL, "Pause, resume or cancel a backfill"},
	{ROUTE_GET, "/v1/dags/{dag}/versions", dag_versions_list, ROUTE_READ, 0, 0, json, NULL,
	 "List the versions that a DAG has had, newest first"},
	{ROUTE_GET, "/v1/dags/{dag}/versions/{version}", dag_versions_show, ROUTE_READ, 0, 0, json,
	 NULL, "Show a version of a DAG as it was written"},
	{ROUTE_GET, "/v1/dags/{dag}/runs", runs_list, ROUTE_READ, 0, 0, json, runs_of_dag,
	 "List the runs of a DAG, newest first"},
	{ROUTE_POST, "/v1/dags/{dag}/runs", runs_create, ROUTE_OPERATE, ROUTE_BODY_OPTIONAL,
	 LIMIT_BODY_BYTES, json, NULL, "Start a run"},
	{ROUTE_GET, "/v1/dags/{dag}/runs/{run}", runs_show, ROUTE_READ, 0, 0, json, run,
	 "Show a run"},
	{ROUTE_PATCH, "/v1/dags/{dag}/runs/{run}", run_acts_update, ROUTE_OPERATE, 0, LIMIT_BODY_BYTES,
	 json, NULL, "Cancel a run, mark how it ended, or set its note"},
	{ROUTE_POST, "/v1/dags/{dag}/runs/{run}/clear", run_acts_clear, ROUTE_OPERATE,
	 ROUTE_BODY_OPTIONAL, LIMIT_BODY_BYTES, json, NULL, "Run tasks of a run again"},
	{ROUTE_GET, "/v1/dags/{dag}/runs/{run}/explain", explain_show_run, ROUTE_READ, 0, 0, json,
	 NULL, "Say why a run and its tasks wait"},
	{ROUTE_GET, "/v1/dags/{dag}/runs/{run}/tasks", runs_list_tasks, ROUTE_READ, 0, 0, json, NULL,
	 "List the task instances of a run"},
	{ROUTE_GET, "/v1/dags/{dag}/runs/{run}/tasks/{task}", runs_show_task, ROUTE_READ, 0, 0, json,
	 task, "Show a task instance with its attempts"},
	{ROUTE_PATCH, "/v1/dags/{dag}/runs/{run}/tasks/{task}", run_acts_update_task, ROUTE_OPERATE, 0,
	 LIMIT_BODY_BYTES, json, task, "Cancel a task instance, or mark how it ended"},
	{ROUTE_GET, "/v1/dags/{dag}/runs/{run}/tasks/{task}/logs/{attempt}", logs_show, ROUTE_READ, 0,
	 0, text, attempt_log, "Read or follow the log of an attempt"},
	{ROUTE_GET, "/v1/runs", runs_list, ROUTE_READ, 0, 0, json, runs_of_all,
	 "List the runs of all DAGs, newest first"},

	{ROUTE_GET, "/v1/report/{report}", reports_show, ROUTE_READ, ROUTE_ANY_PARAMETER, 0, csv,
	 NULL, "Run a report"},

	{ROUTE_GET, "/v1/{table}", rows_list, ROUTE_READ, ROUTE_IS_TABLE, 0, json, page,
	 "List rows, by id"},
	{ROUTE_POST, "/v1/{table}", rows_create, ROUTE_WRITE, ROUTE_IS_TABLE, LIMIT_BODY_BYTES, json,
	 NULL, "Create a row"},
	{ROUTE_GET, "/v1/{table}/{id}", rows_show, ROUTE_READ, ROUTE_IS_TABLE, 0, json, NULL,
	 "Show a row"},
};
/* clang-format on */

void routes_init(struct route_table *table, struct arena *arena)
{
	route_table_init(table, routes, countof(routes), arena);
}
