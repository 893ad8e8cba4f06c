/* outbox_repo.h - messages that are to leave: callbacks, and logs on their way to the object store
 *
 * Conventions: metadata.h. A message is stored with the change that it tells of and stays until it was
 * taken over there, or given up. Secrets are not in it: `target` names them.
 */
#ifndef STORAGE_REPO_OUTBOX_REPO_H
#define STORAGE_REPO_OUTBOX_REPO_H

#include <stddef.h>

#include "storage/repo/metadata.h"

enum {
	OUTBOX_REPO_BUSY = 4, /* places that may be left out at a time */
};

struct outbox_repo_row {
	int64_t id;            /* given by the database */
	const char *kind;      /* webhook, command, log */
	int64_t run;           /* 0: none */
	int64_t task_instance; /* 0: it is of the run */
	const char *target;    /* JSON object: where to, and what it is called */
	const char *place;     /* what many of them may have in common: a host */
	const char *body;      /* JSON */
	const char *state;     /* pending, sent, failed */
	int64_t tries;
	int64_t due_at_us;
	const char *reason; /* why the last try failed */
	int64_t created_at_us, ended_at_us;
};

struct outbox_repo_rows {
	struct outbox_repo_row *items;
	size_t count;
};

MUST_CHECK int outbox_repo_add(struct db *db, const struct outbox_repo_row *row, struct err *err);

struct outbox_repo_wanted {
	int64_t now_us;
	const char *busy[OUTBOX_REPO_BUSY]; /* places to be left out; NULL: none */
	size_t limit;
};

/* Pending ones whose time has come, the longest due first. */
MUST_CHECK int outbox_repo_due(struct db *db, const struct outbox_repo_wanted *wanted,
                               struct arena *arena, struct outbox_repo_rows *rows, struct err *err);
/* When the next one is due after `now_us`, 0 when none is. */
MUST_CHECK int outbox_repo_next_due(struct db *db, int64_t now_us, int64_t *due_us,
                                    struct err *err);

/* id, state, tries, due_at, reason, ended_at; the body of one that has ended is dropped. */
MUST_CHECK int outbox_repo_update(struct db *db, const struct outbox_repo_row *row,
                                  struct err *err);
/* Forgets those that ended before that time. */
MUST_CHECK int outbox_repo_trim(struct db *db, int64_t before_us, struct err *err);

#endif
