/* reload.c - DAG files and plugins as they are now */
#include "scheduler/service/reload.h"

#include <stdlib.h>

#include "lib/clock.h"
#include "lib/vec.h"
#include "scheduler/service/schedules.h"

/* The row of a DAG that has another name now; somebody else may have taken the old one. */
static void leave_old_name(struct leader *leader, struct registry_dag *entry)
{
	if (entry->old_name && !registry_find(&leader->registry, entry->old_name))
		*vec_push(&leader->next->dags) = (struct dag_repo_row){
			.dag = arena_strdup(&leader->next->arena, entry->old_name),
			.file = arena_strdup(&leader->next->arena, entry->file),
			.is_missing = 1,
		};
	free(entry->old_name);
	entry->old_name = NULL;
}

static void store_dag(struct leader *leader, struct registry_dag *entry)
{
	struct arena *arena = &leader->next->arena;
	auto_free char *faults = json_text(entry->faults);
	int64_t now_us = clock_now_us();

	leave_old_name(leader, entry);
	*vec_push(&leader->next->dags) = (struct dag_repo_row){
		.dag = arena_strdup(arena, entry->name),
		.file = arena_strdup(arena, entry->file),
		.hash = entry->dag ? arena_strdup(arena, entry->dag->hash) : NULL,
		.faults = arena_strdup(arena, faults),
		.is_missing = entry->is_missing,
		.seen_at_us = now_us,
	};
	entry->is_changed = 0;
	entry->is_stored = 1;
	if (!entry->dag)
		return;
	auto_free char *definition = json_text(entry->dag->source);
	size_t size;
	const char *source = yaml_text(entry->dag->yaml, &size);

	*vec_push(&leader->next->versions) = (struct dag_repo_version){
		.hash = arena_strdup(arena, entry->dag->hash),
		.dag = arena_strdup(arena, entry->name),
		.definition = arena_strdup(arena, definition),
		.source = arena_strndup(arena, source, size),
		.created_at_us = now_us,
	};
}

void reload_describe(struct leader *leader)
{
	const char *folders[] = {config_text(leader->config, CONFIG_PLUGINS_DIR),
	                         config_installed(leader->config, "plugins")};

	leader->described = operators_start(leader->program, folders, countof(folders));
}

static void describe_plugins(struct leader *leader)
{
	if (!leader->described)
		reload_describe(leader);
	operators_finish(leader->described);
	operators_free(leader->operators);
	leader->operators = leader->described;
	leader->described = NULL;
}

void reload(struct leader *leader, unsigned flags)
{
	int all = !leader->operators || (flags & RELOAD_PLUGINS);

	if (all) {
		describe_plugins(leader);
		fleet_renew(leader->fleet);
	}
	registry_scan(&leader->registry, leader->operators, all);
	vec_foreach(struct registry_dag **, entry, &leader->registry.dags) {
		if ((*entry)->is_changed)
			store_dag(leader, *entry);
	}
	registry_forget_missing(&leader->registry);
	schedules_reload(leader->schedules);
	if (all)
		registry_tell(&leader->registry);
}
