/* progress.h - how far running tasks have come, for whoever looks
 *
 * Lives in memory only: a running task says where it is, the last word counts, its end removes it.
 * Any thread.
 */
#ifndef SCHEDULER_SERVICE_PROGRESS_H
#define SCHEDULER_SERVICE_PROGRESS_H

#include <stdint.h>

struct progress;

struct progress_value {
	int64_t done, total; /* total 0: unknown */
	char unit[16];
	char note[128];
};

struct progress *progress_new(void);
void progress_free(struct progress *progress);

/* `key` names the instance: see progress_key(). */
void progress_set(struct progress *progress, const char *key, const struct progress_value *value);
void progress_remove(struct progress *progress, const char *key);
/* 1 when something is known, else 0. */
int progress_get(struct progress *progress, const char *key, struct progress_value *value);

enum {
	PROGRESS_KEY_SIZE = 512,
};

void progress_key(char key[PROGRESS_KEY_SIZE], const char *dag, const char *run_id,
                  const char *task, int64_t map_index);

#endif
