/* progress.c - how far running tasks have come */
#include "scheduler/service/progress.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/map.h"
#include "lib/mem.h"

struct entry {
	struct progress_value value;
	char key[];
};

struct progress {
	pthread_mutex_t lock;
	struct map entries;
};

struct progress *progress_new(void)
{
	struct progress *progress = mem_alloc(sizeof(*progress));

	pthread_mutex_init(&progress->lock, NULL);
	return progress;
}

void progress_free(struct progress *progress)
{
	const struct map_entry *entry;
	size_t position = 0;

	if (!progress)
		return;
	while ((entry = map_next(&progress->entries, &position)))
		free(entry->value);
	map_release(&progress->entries);
	pthread_mutex_destroy(&progress->lock);
	free(progress);
}

static struct entry *entry_new(const char *key)
{
	size_t size = strlen(key) + 1;
	struct entry *entry = mem_alloc(sizeof(*entry) + size);

	memcpy(entry->key, key, size);
	return entry;
}

void progress_set(struct progress *progress, const char *key, const struct progress_value *value)
{
	struct entry *entry;

	pthread_mutex_lock(&progress->lock);
	entry = map_get(&progress->entries, key);
	if (!entry) {
		entry = entry_new(key);
		map_set(&progress->entries, entry->key, entry);
	}
	entry->value = *value;
	pthread_mutex_unlock(&progress->lock);
}

void progress_remove(struct progress *progress, const char *key)
{
	pthread_mutex_lock(&progress->lock);
	if (progress->entries.count)
		free(map_remove(&progress->entries, key));
	pthread_mutex_unlock(&progress->lock);
}

int progress_get(struct progress *progress, const char *key, struct progress_value *value)
{
	const struct entry *entry;

	pthread_mutex_lock(&progress->lock);
	entry = map_get(&progress->entries, key);
	if (entry)
		*value = entry->value;
	pthread_mutex_unlock(&progress->lock);
	return entry != NULL;
}

void progress_key(char key[PROGRESS_KEY_SIZE], const char *dag, const char *run_id,
                  const char *task, int64_t map_index)
{
	snprintf(key, PROGRESS_KEY_SIZE, "%s/%s/%s/%lld", dag, run_id, task, (long long)map_index);
}
