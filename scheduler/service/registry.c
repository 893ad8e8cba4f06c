/* registry.c - the DAGs of the project */
#include "scheduler/service/registry.h"

#include <stdlib.h>

#include "lib/crypto.h"
#include "lib/file.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "scheduler/core/dag_operators.h"

void registry_init(struct registry *registry, const char *folder)
{
	*registry = (struct registry){.folder = mem_strdup(folder)};
}

static void free_dag(struct registry_dag *entry)
{
	free(entry->name);
	free(entry->old_name);
	free(entry->file);
	free(entry->hash);
	dag_release(entry->dag);
	json_decref(entry->faults);
	free(entry);
}

void registry_release(struct registry *registry)
{
	vec_foreach(struct registry_dag **, entry, &registry->dags)
		free_dag(*entry);
	vec_release(&registry->dags);
	free(registry->folder);
}

struct registry_dag *registry_find(const struct registry *registry, const char *name)
{
	for (size_t i = 0; i < registry->dags.count; i++) {
		if (str_equal(registry->dags.items[i]->name, name))
			return registry->dags.items[i];
	}
	return NULL;
}

static struct registry_dag *find_file(const struct registry *registry, const char *file)
{
	for (size_t i = 0; i < registry->dags.count; i++) {
		if (str_equal(registry->dags.items[i]->file, file))
			return registry->dags.items[i];
	}
	return NULL;
}

/* A file that was never good goes by its own name. */
static char *stem_of(const char *file)
{
	const char *name = file_basename(file);

	return mem_strndup(name, strcspn(name, "."));
}

static struct registry_dag *add(struct registry *registry, const char *file)
{
	struct registry_dag *entry = mem_alloc(sizeof(*entry));

	entry->name = stem_of(file);
	entry->file = mem_strdup(file);
	entry->hash = mem_strdup("");
	entry->faults = json_array();
	*vec_push(&registry->dags) = entry;
	return entry;
}

static void add_fault(struct yaml_errors *errors, const char *file, const char *text)
{
	*vec_push(errors) = (struct yaml_error){
		.file = file,
		.length = 1,
		.text = arena_strdup(&errors->arena, text),
		.source = "",
	};
}

/* Another file that has this DAG already. */
static const struct registry_dag *other_of_name(const struct registry *registry,
                                                const struct registry_dag *entry, const char *name)
{
	const struct registry_dag *found = registry_find(registry, name);

	return found && found != entry && found->dag && found->is_seen ? found : NULL;
}

static void rename_entry(struct registry_dag *entry, const char *name)
{
	if (str_equal(entry->name, name))
		return;
	if (entry->is_stored && !entry->old_name)
		entry->old_name = entry->name;
	else
		free(entry->name);
	entry->name = mem_strdup(name);
	entry->is_changed = 1;
}

static void replace_version(struct registry *registry, struct registry_dag *entry, struct dag *dag)
{
	dag_release(entry->dag);
	entry->dag = dag;
	/* a file that was never good has no right to the name */
	vec_foreach(struct registry_dag **, other, &registry->dags) {
		if (*other != entry && str_equal((*other)->name, dag->name))
			rename_entry(*other, file_basename((*other)->file));
	}
	rename_entry(entry, dag->name);
}

static void keep_version(struct registry *registry, struct registry_dag *entry, size_t faults)
{
	if (!entry->dag && other_of_name(registry, entry, entry->name))
		rename_entry(entry, file_basename(entry->file));
	log_warn("dags", "'%s' has %zu fault%s, `millrace dags validate` shows them", entry->file,
	         faults, faults == 1 ? "" : "s");
}

static void read_version(struct registry *registry, struct registry_dag *entry,
                         const struct buf *text, const struct operators *operators)
{
	const struct registry_dag *other;
	struct yaml_errors errors;
	struct dag *dag;

	yaml_errors_init(&errors);
	dag = dag_operators_parse(entry->file, text, operators ? operators->descriptors : NULL,
	                          &errors);
	other = dag ? other_of_name(registry, entry, dag->name) : NULL;
	entry->is_rival = other != NULL;
	if (other)
		add_fault(&errors, entry->file,
		          arena_printf(&errors.arena, "the DAG '%s' stands in '%s' already",
		                       dag->name, other->file));
	if (dag && !errors.count) {
		replace_version(registry, entry, dag);
	} else {
		dag_release(dag);
		keep_version(registry, entry, errors.count);
	}
	json_decref(entry->faults);
	entry->faults = yaml_errors_json(&errors);
	yaml_errors_release(&errors);
	entry->is_changed = 1;
}

static void scan_file(struct registry *registry, const char *file,
                      const struct operators *operators, int all)
{
	struct registry_dag *entry = find_file(registry, file);
	char hash[CRYPTO_SHA256_HEX_SIZE];
	auto_buf struct buf text = {0};
	struct err err;

	if (file_read(file, LIMIT_YAML_BYTES, &text, &err) < 0) {
		json_decref(entry->faults);
		entry->faults = json_pack("[{s:s, s:i, s:i, s:s}]", "file", file, "line", 0,
		                          "column", 0, "text", err.text);
		entry->is_changed = 1;
		return;
	}
	crypto_sha256_hex(buf_string(&text), text.size, hash);
	if (!all && !entry->is_rival && str_equal(hash, entry->hash))
		return;
	free(entry->hash);
	entry->hash = mem_strdup(hash);
	read_version(registry, entry, &text, operators);
}

static void mark_seen(struct registry *registry, const char *file)
{
	struct registry_dag *entry = find_file(registry, file);

	if (!entry)
		entry = add(registry, file);
	entry->is_seen = 1;
}

static void mark_missing(struct registry *registry)
{
	vec_foreach(struct registry_dag **, entry, &registry->dags) {
		if (!(*entry)->is_seen)
			(*entry)->is_missing = (*entry)->is_changed = 1;
	}
}

void registry_forget_missing(struct registry *registry)
{
	size_t kept = 0;

	for (size_t i = 0; i < registry->dags.count; i++) {
		struct registry_dag *entry = registry->dags.items[i];

		if (entry->is_missing)
			free_dag(entry);
		else
			registry->dags.items[kept++] = entry;
	}
	registry->dags.count = kept;
}

void registry_scan(struct registry *registry, const struct operators *operators, int all)
{
	struct arena arena;
	struct err err;
	char **names;
	size_t count;

	arena_init(&arena);
	vec_foreach(struct registry_dag **, entry, &registry->dags)
		(*entry)->is_seen = 0;
	if (file_list(registry->folder, ".yaml", &arena, &names, &count, &err) < 0) {
		log_error("dags", "%s", err.text);
		arena_release(&arena);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		names[i] = file_join(&arena, registry->folder, names[i]);
		mark_seen(registry, names[i]);
	}
	for (size_t i = 0; i < count; i++)
		scan_file(registry, names[i], operators, all);
	mark_missing(registry);
	arena_release(&arena);
}
