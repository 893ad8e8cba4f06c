/* verbs.c - the table of all commands */
#include "cli/verbs.h"

#include <string.h>

#include "cli/cmd_backfill.h"
#include "cli/cmd_completion.h"
#include "cli/cmd_config.h"
#include "cli/cmd_dag_acts.h"
#include "cli/cmd_dags.h"
#include "cli/cmd_graph.h"
#include "cli/cmd_load.h"
#include "cli/cmd_next.h"
#include "cli/cmd_objects.h"
#include "cli/cmd_plugins.h"
#include "cli/cmd_project.h"
#include "cli/cmd_render.h"
#include "cli/cmd_report.h"
#include "cli/cmd_run_acts.h"
#include "cli/cmd_runs.h"
#include "cli/cmd_serve.h"
#include "cli/cmd_tables.h"
#include "cli/cmd_test.h"
#include "cli/cmd_versions.h"
#include "lib/compiler.h"
#include "lib/str.h"

#define OPTIONS(table) table, countof(table)

static const struct verb_option global_options[] = {
	{"help", 'h', OPTION_GLOBAL, NULL, "show help"},
	{"version", 0, OPTION_GLOBAL, NULL, "show the version"},
	{"config", 0, OPTION_GLOBAL, "FILE", "settings; default: ./millrace.yaml"},
	{"server", 0, OPTION_GLOBAL, "URL", "a server elsewhere; default: this project's socket"},
	{"output", 'o', OPTION_GLOBAL, "FORMAT", "table, json, jsonl or csv"},
	{"json", 0, OPTION_GLOBAL, NULL, "the same as -o json"},
	{"quiet", 'q', OPTION_GLOBAL, NULL, "no talk, no progress"},
	{"color", 0, OPTION_GLOBAL, "WHEN", "auto, always or never"},
	{"yes", 'y', OPTION_GLOBAL, NULL, "do it without asking"},
};

static const struct verb_option serve_options[] = {
	{"listen", 0, 0, "ADDR", "address and port; default: the setting `listen`"},
};

static const struct verb_option graph_options[] = {
	{"format", 0, 0, "FORMAT", "text, svg or json"},
	{"run", 0, 0, "RUN", "with the states of this run"},
};

static const struct verb_option trigger_options[] = {
	{"param", 'p', OPTION_REPEATED, "KEY=VALUE", "a parameter, again for each"},
	{"run-id", 0, 0, "ID", "name of the run"},
	{"logical-date", 0, 0, "TIME", "the moment the run is about"},
	{"note", 0, 0, "TEXT", "kept with the run"},
	{"wait", 0, 0, NULL, "until the run ends"},
	{"follow", 'f', 0, NULL, "the same, and show what it does"},
	{"timeout", 0, 0, "DURATION", "wait no longer; the run goes on"},
};

static const struct verb_option test_options[] = {
	{"param", 'p', OPTION_REPEATED, "KEY=VALUE", "a parameter, again for each"},
	{"keep", 0, 0, NULL, "keep logs and metadata, and say where"},
};

static const struct verb_option next_options[] = {
	{"cron", 0, 0, "EXPR", "of this cron text instead of a DAG"},
	{"timezone", 0, 0, "ZONE", "with --cron; default UTC"},
	{"after", 0, 0, "TIME", "default: now"},
	{"count", 'n', 0, "N", "so many; default 5"},
};

static const struct verb_option render_options[] = {
	{"param", 'p', OPTION_REPEATED, "KEY=VALUE", "a parameter, again for each"},
	{"logical-date", 0, 0, "TIME", "the moment the run is about"},
	{"map-index", 0, 0, "N", "of a mapped task; default 0"},
};

static const struct verb_option backfill_options[] = {
	{"from", 0, 0, "TIME", "the first logical date"},
	{"to", 0, 0, "TIME", "the last one"},
	{"plan", 0, 0, NULL, "show which runs would be made and which exist"},
	{"dry-run", 0, 0, NULL, "the same as --plan"},
	{"order", 0, 0, "ORDER", "asc or desc; default asc"},
	{"max-active", 0, 0, "N", "so many runs at a time; default 1"},
	{"existing", 0, 0, "WHAT", "skip, or run again the failed or all; default skip"},
	{"follow", 'f', 0, NULL, "show how far it is until it ends"},
};

static const struct verb_option backfill_list_options[] = {
	{"limit", 'n', 0, "N", "at most so many; default 50"},
};

static const struct verb_option backfill_show_options[] = {
	{"follow", 'f', 0, NULL, "show how far it is until it ends"},
};

static const struct verb_option list_options[] = {
	{"state", 0, 0, "STATE", "only runs of this state"},
	{"limit", 'n', 0, "N", "at most so many; default 50"},
};

static const struct verb_option logs_options[] = {
	{"follow", 'f', 0, NULL, "as they come, until the run or the task ends"},
	{"attempt", 0, 0, "N", "default: the last"},
	{"map-index", 0, 0, "N", "of a mapped task"},
};

static const struct verb_option wait_options[] = {
	{"follow", 'f', 0, NULL, "show what it does"},
	{"timeout", 0, 0, "DURATION", "wait no longer; the run goes on"},
};

static const struct verb_option cancel_options[] = {
	{"task", 't', 0, "TASK", "only this task"},
	{"map-index", 0, 0, "N", "only this item of it"},
	{"wait", 0, 0, NULL, "until it has ended"},
	{"timeout", 0, 0, "DURATION", "wait no longer"},
};

static const struct verb_option retry_options[] = {
	{"failed", 0, 0, NULL, "only what failed, or was cancelled"},
	{"task", 't', OPTION_REPEATED, "TASK", "this task, again for each; default: all"},
	{"downstream", 0, 0, NULL, "and all tasks behind"},
	{"version", 0, 0, "VERSION", "of the DAG: same or latest; default same"},
	{"dry-run", 0, 0, NULL, "show what would run again"},
	{"wait", 0, 0, NULL, "until the run ends"},
	{"follow", 'f', 0, NULL, "the same, and show what it does"},
	{"timeout", 0, 0, "DURATION", "wait no longer; the run goes on"},
};

static const struct verb_option mark_options[] = {
	{"task", 't', 0, "TASK", "only this task"},
	{"map-index", 0, 0, "N", "only this item of it"},
};

static const struct verb_option head_options[] = {
	{"rows", 'n', 0, "N", "so many; default 10"},
};

static const struct verb_option migrate_options[] = {
	{"plan", 0, 0, NULL, "show what would be done"},
	{"allow-destructive", 0, 0, NULL, "drop columns and tables too"},
};

static const struct verb_option load_options[] = {
	{"into", 0, 0, "TABLE", "the table"},
	{"columns", 0, 0, "NAMES", "a,b,- by position, for input without a header"},
	{"no-header", 0, 0, NULL, "the first line is data"},
	{"header", 0, 0, "BOOL", "true or false"},
	{"map", 0, 0, "JSON", "{\"File name\": \"column\"} for headers that differ"},
	{"delimiter", 0, 0, "C", "one character, \\t is tab; default ,"},
	{"quote", 0, 0, "C", "one character; default \""},
	{"null", 0, 0, "TEXT", "means NULL when unquoted; default: empty"},
	{"on-error", 0, 0, "WHAT", "reject or stop"},
	{"max-rejects", 0, 0, "N", "more bad rows than this stop the load"},
	{"on-conflict", 0, 0, "WHAT", "error, skip or update"},
	{"conflict-key", 0, 0, "NAMES", "id or a unique key"},
	{"rejects", 0, 0, "URI", "where bad rows go; default: FILE.rejects.csv"},
	{"chunk-rows", 0, 0, "N", "commit every so many rows, or auto"},
	{"exclusive", 0, 0, NULL, "may lock the table"},
	{"dry-run", 0, 0, NULL, "check everything, store nothing"},
	{"truncate", 0, 0, NULL, "delete all rows first, in the same transaction"},
	{"resume", 0, 0, "LOAD_ID", "go on behind the last chunk"},
};

static const struct verb_option report_options[] = {
	{"param", 'p', OPTION_REPEATED, "KEY=VALUE", "a parameter, again for each"},
	{"to", 0, 0, "FILE", "a file, a URI, or - for stdout"},
};

static const struct verb_option show_options[] = {
	{"origin", 0, 0, NULL, "where each value comes from"},
};

/* clang-format off */
static const struct verb verbs[] = {
	{"serve", "", "Run the daemon: scheduler, REST API, runners", cmd_serve,
	 OPTIONS(serve_options), {"millrace serve", "millrace serve --listen 127.0.0.1:9000"},
	 "settings or catalog have faults", 0},
	{"init", "DIR", "Make a project that runs at once", cmd_project_init,
	 NULL, 0, {"millrace init shop"}, NULL, 0},

	{"dags list", "", "List DAGs with their last run", cmd_dags_list,
	 NULL, 0, {"millrace dags list", "millrace dags list --json"}, NULL, 0},
	{"dags show", "DAG", "Show a DAG with parameters and tasks", cmd_dags_show,
	 NULL, 0, {"millrace dags show bulk_insert"}, NULL, 0},
	{"dags validate", "[FILE]…", "Check DAG files, all of them without a name", cmd_dags_validate,
	 NULL, 0, {"millrace dags validate", "millrace dags validate dags/bulk_insert.yaml"},
	 "a file has faults", 0},
	{"dags graph", "DAG", "Draw a DAG", cmd_graph,
	 OPTIONS(graph_options), {"millrace dags graph bulk_insert",
	 "millrace dags graph bulk_insert --format svg"}, "the file has faults", 0},
	{"dags trigger", "DAG", "Start a run", cmd_dags_trigger,
	 OPTIONS(trigger_options), {"millrace dags trigger bulk_insert -p table=job --follow"},
	 "the run did not succeed", 0},
	{"dags test", "DAG", "Run a DAG here and now, without a server and without history", cmd_test,
	 OPTIONS(test_options), {"millrace dags test bulk_insert -p table=job"},
	 "the file has faults, or the run did not succeed", 0},

	{"dags versions", "DAG", "List the versions that a DAG's file has had", cmd_versions_list,
	 NULL, 0, {"millrace dags versions bulk_insert"}, NULL, 0},
	{"dags diff", "DAG [VERSION] [VERSION]",
	 "Show what changed between two versions; default: the latest change", cmd_versions_diff,
	 NULL, 0, {"millrace dags diff bulk_insert", "millrace dags diff bulk_insert -o json"},
	 NULL, 0},

	{"dags next", "[DAG]", "Print when a DAG, or a cron text, fires next", cmd_next,
	 OPTIONS(next_options), {"millrace dags next bulk_insert",
	 "millrace dags next --cron \"30 2 * * *\" --timezone Europe/Berlin -n 3"},
	 "the file has faults", 0},

	{"dags pause", "DAG", "Start no run of a DAG until it is unpaused", cmd_dag_acts_pause,
	 NULL, 0, {"millrace dags pause bulk_insert"}, NULL, 0},
	{"dags unpause", "DAG", "Let a paused DAG go on", cmd_dag_acts_unpause,
	 NULL, 0, {"millrace dags unpause bulk_insert"}, NULL, 0},
	{"dags explain", "DAG", "Say why a DAG does not run", cmd_dag_acts_explain,
	 NULL, 0, {"millrace dags explain bulk_insert"}, NULL, 0},
	{"dags backfill", "DAG", "Make the runs of a span of time", cmd_backfill_create,
	 OPTIONS(backfill_options),
	 {"millrace dags backfill nightly --from 2026-01-01 --to 2026-01-31 --plan",
	  "millrace dags backfill nightly --from 2026-01-01 --to 2026-01-31 --max-active 4 --follow"},
	 "it was followed and did not succeed", 0},
	{"dags backfill list", "[DAG]", "List backfills, newest first", cmd_backfill_list,
	 OPTIONS(backfill_list_options), {"millrace dags backfill list"}, NULL, 0},
	{"dags backfill show", "BACKFILL", "Show a backfill with its runs", cmd_backfill_show,
	 OPTIONS(backfill_show_options),
	 {"millrace dags backfill show 20261121T084200Z-3f9a1c"},
	 "it was followed and did not succeed", 0},
	{"dags backfill pause", "BACKFILL", "Make no more runs for now", cmd_backfill_pause,
	 NULL, 0, {"millrace dags backfill pause 20261121T084200Z-3f9a1c"}, NULL, 0},
	{"dags backfill resume", "BACKFILL", "Go on where it was paused", cmd_backfill_resume,
	 NULL, 0, {"millrace dags backfill resume 20261121T084200Z-3f9a1c"}, NULL, 0},
	{"dags backfill cancel", "BACKFILL", "Make no more runs and cancel those that run",
	 cmd_backfill_cancel, NULL, 0,
	 {"millrace dags backfill cancel 20261121T084200Z-3f9a1c"}, NULL, 0},

	{"runs list", "[DAG]", "List runs, newest first", cmd_runs_list,
	 OPTIONS(list_options), {"millrace runs list", "millrace runs list bulk_insert --state failed"},
	 NULL, 0},
	{"runs show", "RUN", "Show a run (DAG/RUN, or RUN alone) with its tasks", cmd_runs_show,
	 NULL, 0, {"millrace runs show bulk_insert/manual__2026-11-21T08:42:00.123456Z"}, NULL, 0},
	{"runs logs", "RUN [TASK]", "Print the logs of a run's tasks", cmd_runs_logs,
	 OPTIONS(logs_options), {"millrace runs logs bulk_insert/manual__2026-11-21T08:42:00.123456Z load"},
	 NULL, 0},
	{"runs wait", "RUN", "Wait until a run ends", cmd_runs_wait,
	 OPTIONS(wait_options), {"millrace runs wait bulk_insert/manual__2026-11-21T08:42:00.123456Z"},
	 "the run did not succeed", 0},

	{"runs explain", "RUN", "Say why a run and its tasks wait", cmd_run_acts_explain,
	 NULL, 0, {"millrace runs explain bulk_insert/manual__2026-11-21T08:42:00.123456Z"}, NULL, 0},
	{"runs cancel", "RUN", "End a run, or a task of it", cmd_run_acts_cancel,
	 OPTIONS(cancel_options), {"millrace runs cancel bulk_insert/manual__2026-11-21T08:42:00.123456Z --wait"},
	 NULL, 0},
	{"runs retry", "RUN", "Run tasks of a run again", cmd_run_acts_retry,
	 OPTIONS(retry_options), {"millrace runs retry bulk_insert/manual__2026-11-21T08:42:00.123456Z --failed --follow",
	 "millrace runs retry bulk_insert/manual__2026-11-21T08:42:00.123456Z --task load --downstream --dry-run"},
	 "with --wait or --follow: the run did not succeed", 0},
	{"runs mark", "RUN STATE", "Say how a run, or a task of it, ended: success, failed, a task also skipped",
	 cmd_run_acts_mark, OPTIONS(mark_options),
	 {"millrace runs mark bulk_insert/manual__2026-11-21T08:42:00.123456Z success --task load"},
	 NULL, 0},

	{"tasks test", "DAG TASK", "Run one task here and now, without the others and without history",
	 cmd_test, OPTIONS(test_options), {"millrace tasks test bulk_insert report"},
	 "the file has faults, or the task did not succeed", 0},
	{"tasks render", "DAG TASK", "Print the parameters of a task without running it", cmd_render,
	 OPTIONS(render_options), {"millrace tasks render bulk_insert load -p table=job"},
	 "the file has faults", 0},

	{"plugins list", "", "List operators", cmd_plugins_list,
	 NULL, 0, {"millrace plugins list"}, NULL, 0},
	{"plugins describe", "NAME", "Show an operator, or all of a plugin, with an example",
	 cmd_plugins_describe, NULL, 0, {"millrace plugins describe csv.load"}, NULL, 0},
	{"plugins new", "NAME", "Write a plugin that compiles at once", cmd_plugins_new,
	 NULL, 0, {"millrace plugins new greet"}, NULL, 0},
	{"plugins check", "PLUGIN…", "Check that a plugin keeps the contract", cmd_plugins_check,
	 NULL, 0, {"millrace plugins check csv"}, "a plugin breaks it", 0},

	{"tables list", "", "List tables with their rows", cmd_tables_list,
	 NULL, 0, {"millrace tables list"}, NULL, 0},
	{"tables describe", "TABLE", "Show the columns of a table", cmd_tables_describe,
	 NULL, 0, {"millrace tables describe user"}, NULL, 0},
	{"tables head", "TABLE", "Show the first rows of a table", cmd_tables_head,
	 OPTIONS(head_options), {"millrace tables head department -n 3"}, NULL, 0},
	{"tables migrate", "", "Bring the database to what the catalog says", cmd_tables_migrate,
	 OPTIONS(migrate_options), {"millrace tables migrate --plan", "millrace tables migrate"},
	 NULL, 0},

	{"load", "FILE", "Load a CSV file, URI or - (stdin) into a table", cmd_load,
	 OPTIONS(load_options), {"millrace load departments.csv --into department --columns id,department"},
	 "bad rows or an unusable input stopped it", 0},

	{"report", "NAME", "Run a report and print it as CSV", cmd_report_run,
	 OPTIONS(report_options), {"millrace report quarterly_hires -p year=2021"},
	 "a parameter is wrong", 0},
	{"report list", "", "List reports", cmd_report_list,
	 NULL, 0, {"millrace report list"}, NULL, 0},

	{"objects ls", "PREFIX", "List objects", cmd_objects_ls,
	 NULL, 0, {"millrace objects ls objects://prd-data/"}, NULL, 0},
	{"objects cat", "URI…", "Print objects", cmd_objects_cat,
	 NULL, 0, {"millrace objects cat objects://prd-data/raw/jobs.csv"}, NULL, 0},
	{"objects cp", "FROM TO", "Copy an object or file; - is stdin or stdout", cmd_objects_cp,
	 NULL, 0, {"millrace objects cp jobs.csv objects://prd-data/raw/jobs.csv"}, NULL, 0},
	{"objects stat", "URI", "Show size, time and etag of an object", cmd_objects_stat,
	 NULL, 0, {"millrace objects stat objects://prd-data/raw/jobs.csv"}, NULL, 0},
	{"objects rm", "URI…", "Remove objects", cmd_objects_rm,
	 NULL, 0, {"millrace objects rm objects://prd-data/raw/jobs.csv --yes"}, NULL, 0},

	{"config show", "", "Show all settings", cmd_config_show,
	 OPTIONS(show_options), {"millrace config show --origin"}, NULL, 0},
	{"config check", "", "Check the settings", cmd_config_check,
	 NULL, 0, {"millrace config check"}, "a setting is wrong", 0},

	{"doctor", "", "Say what is wrong with this installation and how to mend it",
	 cmd_project_doctor, NULL, 0, {"millrace doctor"}, "something is wrong", 0},
	{"completion", "SHELL", "Print a completion script for bash, zsh or fish", cmd_completion,
	 NULL, 0, {"millrace completion bash"}, NULL, 0},
	{"version", "", "Show the version", cmd_project_version,
	 NULL, 0, {"millrace version"}, NULL, 0},
};
/* clang-format on */

static const struct verb_group groups[] = {
	{"dags", "DAGs: what is to be run"},
	{"runs", "Runs: what was run, or is running"},
	{"tasks", "Tasks: one of a DAG on its own"},
	{"plugins", "Plugins: what tasks can do"},
	{"tables", "Tables of the catalog"},
	{"report", "Reports of the catalog, as CSV"},
	{"objects", "Objects: files in the object store"},
	{"config", "Settings of the project"},
};

const struct verb *verbs_all(size_t *count)
{
	*count = countof(verbs);
	return verbs;
}

const struct verb_group *verbs_groups(size_t *count)
{
	*count = countof(groups);
	return groups;
}

const struct verb_option *verbs_global_options(size_t *count)
{
	*count = countof(global_options);
	return global_options;
}

const struct verb *verbs_find(const char *name)
{
	for (size_t i = 0; i < countof(verbs); i++) {
		if (str_equal(verbs[i].name, name))
			return &verbs[i];
	}
	return NULL;
}

const struct verb_group *verbs_group(const char *name)
{
	for (size_t i = 0; i < countof(groups); i++) {
		if (str_equal(groups[i].name, name))
			return &groups[i];
	}
	return NULL;
}

const char *verbs_nearest(const char *group, const char *name)
{
	const char *names[countof(verbs) + countof(groups)];
	size_t count = 0, size = group ? strlen(group) : 0;

	for (size_t i = 0; i < countof(verbs); i++) {
		const char *verb = verbs[i].name;

		if (group && strncmp(verb, group, size) == 0 && verb[size] == ' ')
			names[count++] = verb + size + 1;
		else if (!group && !strchr(verb, ' '))
			names[count++] = verb;
	}
	for (size_t i = 0; !group && i < countof(groups); i++)
		names[count++] = groups[i].name;
	return str_nearest(name, names, count);
}
