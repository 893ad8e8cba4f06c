/* registry.c - the DAGs of the project */
#include "scheduler/service/registry.h"

#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/crypto.h"
#include "lib/file.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "scheduler/core/dag_operators.h"

enum {
	GONE_KEPT = 1000,
	UNSURE_US = 100 * 1000, /* times of files are as fine as the kernel's tick */
};

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
	free(entry->told_hash);
	dag_release(entry->dag);
	json_decref(entry->faults);
	free(entry);
}

void registry_release(struct registry *registry)
{
	vec_foreach(struct registry_dag **, entry, &registry->dags)
		free_dag(*entry);
	vec_foreach(struct registry_dag **, entry, &registry->gone)
		free_dag(*entry);
	vec_release(&registry->dags);
	vec_release(&registry->gone);
	map_release(&registry->files);
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

/* A file that was never good goes by its own name. */
static char *stem_of(const char *file)
{
	const char *name = file_basename(file);

	return mem_strndup(name, strcspn(name, "."));
}

static struct registry_dag *new_entry(const char *file)
{
	struct registry_dag *entry = mem_alloc(sizeof(*entry));

	entry->name = stem_of(file);
	entry->file = mem_strdup(file);
	entry->hash = mem_strdup("");
	entry->told_hash = mem_strdup("");
	entry->faults = json_array();
	return entry;
}

/* A file that was gone and is back, NULL when it is not remembered. */
static struct registry_dag *take_back(struct registry *registry, const char *file)
{
	for (size_t i = registry->gone.count; i-- > 0;) {
		struct registry_dag *entry = registry->gone.items[i];

		if (!str_equal(entry->file, file))
			continue;
		registry->gone.count--;
		memmove(&registry->gone.items[i], &registry->gone.items[i + 1],
		        (registry->gone.count - i) * sizeof(entry));
		return entry;
	}
	return NULL;
}

static struct registry_dag *add(struct registry *registry, const char *file)
{
	struct registry_dag *entry = take_back(registry, file);

	if (!entry) {
		entry = new_entry(file);
	} else if (registry_find(registry, entry->name)) {
		/* another file has its DAG by now: this one is new */
		free_dag(entry);
		entry = new_entry(file);
	} else {
		entry->is_missing = 0;
		entry->is_changed = 1;
		entry->hash[0] = '\0';
		log_info("dags", "'%s' is back", file);
	}
	*vec_push(&registry->dags) = entry;
	map_set(&registry->files, entry->file, entry);
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
	if (registry->scans > 1 && !(entry->dag && str_equal(entry->dag->hash, dag->hash)))
		log_info("dags", "'%s' is live as version %.12s", entry->file, dag->hash);
	dag_release(entry->dag);
	entry->dag = dag;
	/* a file that was never good has no right to the name */
	vec_foreach(struct registry_dag **, other, &registry->dags) {
		if (*other != entry && str_equal((*other)->name, dag->name))
			rename_entry(*other, file_basename((*other)->file));
	}
	rename_entry(entry, dag->name);
}

static void keep_version(struct registry *registry, struct registry_dag *entry)
{
	if (!entry->dag && other_of_name(registry, entry, entry->name))
		rename_entry(entry, file_basename(entry->file));
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
		keep_version(registry, entry);
	}
	json_decref(entry->faults);
	entry->faults = yaml_errors_json(&errors);
	yaml_errors_release(&errors);
	entry->is_changed = 1;
}

/* A file that cannot be read is one with a fault, and is tried again with every scan. */
static void set_unreadable(struct registry_dag *entry, const struct err *why)
{
	json_t *faults = json_pack("[{s:s, s:i, s:i, s:s}]", "file", entry->file, "line", 0,
	                           "column", 0, "text", why->text);

	if (!json_equal(faults, entry->faults))
		entry->is_changed = 1;
	json_decref(entry->faults);
	entry->faults = faults;
	entry->hash[0] = '\0';
	entry->is_unsure = 1;
}

static int is_same_moment(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static int is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       is_same_moment(&a->st_mtim, &b->st_mtim) && is_same_moment(&a->st_ctim, &b->st_ctim);
}

static int has_just_changed(const struct stat *now)
{
	int64_t changed_us = (int64_t)now->st_ctim.tv_sec * 1000000 + now->st_ctim.tv_nsec / 1000;

	return clock_now_us() - changed_us < UNSURE_US;
}

static void scan_file(struct registry *registry, struct registry_dag *entry,
                      const struct operators *operators, int all)
{
	int again = all || entry->is_rival;
	char hash[CRYPTO_SHA256_HEX_SIZE];
	auto_buf struct buf text = {0};
	struct stat now = {0};
	struct err err;

	/* of before it is read: what changes meanwhile is another time */
	if (stat(entry->file, &now) == 0 && !again && !entry->is_unsure &&
	    is_same_file(&now, &entry->stat))
		return;
	if (file_read(entry->file, LIMIT_YAML_BYTES, &text, &err) < 0) {
		set_unreadable(entry, &err);
		return;
	}
	entry->stat = now;
	entry->is_unsure = has_just_changed(&now);
	crypto_sha256_hex(buf_string(&text), text.size, hash);
	if (!again && str_equal(hash, entry->hash))
		return;
	free(entry->hash);
	entry->hash = mem_strdup(hash);
	read_version(registry, entry, &text, operators);
}

static struct registry_dag *see(struct registry *registry, const char *file)
{
	struct registry_dag *entry = map_get(&registry->files, file);

	if (!entry)
		entry = add(registry, file);
	entry->is_seen = 1;
	return entry;
}

static void mark_missing(struct registry *registry)
{
	vec_foreach(struct registry_dag **, entry, &registry->dags) {
		if (!(*entry)->is_seen)
			(*entry)->is_missing = (*entry)->is_changed = 1;
	}
}

static void remember(struct registry *registry, struct registry_dag *entry)
{
	map_remove(&registry->files, entry->file);
	if (registry->gone.count == GONE_KEPT) {
		free_dag(registry->gone.items[0]);
		registry->gone.count--;
		memmove(registry->gone.items, registry->gone.items + 1,
		        registry->gone.count * sizeof(entry));
	}
	*vec_push(&registry->gone) = entry;
}

void registry_forget_missing(struct registry *registry)
{
	size_t kept = 0;

	for (size_t i = 0; i < registry->dags.count; i++) {
		struct registry_dag *entry = registry->dags.items[i];

		if (!entry->is_missing) {
			registry->dags.items[kept++] = entry;
			continue;
		}
		log_info("dags", "'%s' is gone, the history of its DAG stays", entry->file);
		remember(registry, entry);
	}
	registry->dags.count = kept;
}

static void tell(struct registry_dag *entry)
{
	size_t faults = json_array_size(entry->faults);
	/* what cannot be read has no hash */
	const char *hash = !faults ? "" : *entry->hash ? entry->hash : "unreadable";

	if (str_equal(hash, entry->told_hash))
		return;
	if (faults)
		log_warn("dags", "'%s' has %zu fault%s, `millrace dags validate` shows them",
		         entry->file, faults, faults == 1 ? "" : "s");
	else
		log_info("dags", "'%s' has no faults any more", entry->file);
	free(entry->told_hash);
	entry->told_hash = mem_strdup(hash);
}

void registry_tell(struct registry *registry)
{
	vec_foreach(struct registry_dag **, entry, &registry->dags)
		tell(*entry);
}

void registry_scan(struct registry *registry, const struct operators *operators, int all)
{
	struct registry_dag **seen;
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
	registry->scans++;
	seen = arena_array(&arena, count, sizeof(struct registry_dag *));
	for (size_t i = 0; i < count; i++)
		seen[i] = see(registry, file_join(&arena, registry->folder, names[i]));
	for (size_t i = 0; i < count; i++)
		scan_file(registry, seen[i], operators, all);
	mark_missing(registry);
	arena_release(&arena);
}
