/* explain.c - one true line for everything that is not running */
#include "scheduler/service/explain.h"

#include "lib/clock.h"
#include "lib/str.h"
#include "scheduler/core/explanation.h"
#include "scheduler/service/run_info.h"
#include "scheduler/service/schedules.h"

enum {
	MOST_RUNS = 100,
};

/* What keeps anything from starting, 1; 0: nothing does. */
static int append_trouble(const struct leader *leader, struct buf *text)
{
	struct err trouble;

	journal_trouble(leader->journal, &trouble);
	if (trouble.code != ERR_NONE)
		buf_printf(text, "the metadata database cannot be written: %s", trouble.text);
	else if (leader->is_draining)
		buf_text(text, "the server is stopping, this goes on after its next start");
	return text->size > 0;
}

static struct explanation *explain(const struct leader *leader, const struct run *run)
{
	auto_buf struct buf trouble = {0};
	int is_in_trouble = append_trouble(leader, &trouble);

	return explanation_new(run, clock_monotonic_us(), is_in_trouble ? trouble.data : NULL);
}

int explain_run(struct leader *leader, struct command *command)
{
	const struct run *run = engine_run(leader->engine, command->made_run);

	command->explanation = run ? explain(leader, run) : NULL;
	return 1;
}

/* --- DAGs --- */

static void add(json_t *reasons, const char *text)
{
	json_array_append_new(reasons, json_string(text));
}

static void add_faults(json_t *reasons, const struct registry_dag *entry)
{
	const json_t *first = json_array_get(entry->faults, 0);

	if (!first)
		return;
	json_array_append_new(
		reasons, json_sprintf("%s:%d:%d: %s%s", json_get_text(first, "file", entry->file),
	                              (int)json_get_int(first, "line", 0),
	                              (int)json_get_int(first, "column", 0),
	                              json_get_text(first, "text", ""),
	                              entry->dag ? "; its last good version stays in use" : ""));
}

/* What its schedule says of itself; of a paused DAG that was said. */
static void add_schedule(const struct leader *leader, json_t *reasons,
                         const struct registry_dag *entry)
{
	auto_buf struct buf text = {0};

	if (!entry->dag || entry->is_paused)
		return;
	schedules_explain(leader->schedules, entry->name, &text);
	add(reasons, buf_string(&text));
}

static json_t *describe(const struct run *run, const char *trouble)
{
	auto_buf struct buf reason = {0};

	if (trouble)
		buf_text(&reason, trouble);
	else
		engine_explain_run(run, &reason);
	return json_pack("{s:s, s:s, s:s?}", "run_id", run->name, "state",
	                 state_run_name(run->state), "reason", reason.size ? reason.data : NULL);
}

/* Those that have not ended, newest first, as many as people read. */
static json_t *explain_runs(const struct leader *leader, const char *dag, const char *trouble)
{
	json_t *runs = json_array();

	for (const struct run_info *info = leader->infos; info; info = info->next) {
		const struct run *run = engine_run(leader->engine, info->id);

		if (run && !state_run_is_finished(run->state) && str_equal(run->dag->name, dag))
			json_array_append_new(runs, describe(run, trouble));
		if (json_array_size(runs) == MOST_RUNS)
			break;
	}
	return runs;
}

int explain_dag(struct leader *leader, struct command *command)
{
	const struct registry_dag *entry = registry_find(&leader->registry, command->dag);
	auto_buf struct buf trouble = {0};
	json_t *reasons;

	if (!entry)
		return err_set(&command->err, ERR_NOT_FOUND, "there is no DAG '%.128s'",
		               command->dag);
	reasons = json_array();
	if (!entry->dag)
		add_faults(reasons, entry);
	if (append_trouble(leader, &trouble))
		add(reasons, trouble.data);
	if (entry->is_paused)
		add(reasons, "paused: its runs stay queued");
	add_schedule(leader, reasons, entry);
	if (entry->dag)
		add_faults(reasons, entry);
	command->answer =
		json_pack("{s:s, s:b, s:O?, s:o, s:o}", "dag", entry->name, "is_paused",
	                  entry->is_paused, "reason", json_array_get(reasons, 0), "reasons",
	                  reasons, "runs", explain_runs(leader, entry->name, trouble.data));
	return 1;
}
