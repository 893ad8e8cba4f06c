/* registry.h - the DAGs of the project, as their files say now
 *
 * A file that turns bad keeps its last good version and shows its faults; one that goes away takes its
 * DAG off the list, not its history, and is remembered for a while: an editor that moves a file away
 * and writes it anew has the last good version meanwhile. A file is read again when its size, times or
 * inode are other ones, or when it changed so shortly before that they may not tell. Names are unique: of two files with the same DAG the one that
 * had it first, at the start the first by name, keeps it and the other is a fault. A file that was never
 * good goes by its own name. One thread.
 */
#ifndef SCHEDULER_SERVICE_REGISTRY_H
#define SCHEDULER_SERVICE_REGISTRY_H

#include <stddef.h>
#include <sys/stat.h>

#include "lib/err.h"
#include "lib/json.h"
#include "lib/map.h"
#include "scheduler/core/dag.h"
#include "scheduler/service/operators.h"

struct registry_dag {
	char *name, *file;
	char *old_name;   /* the stored row has; NULL: the same */
	char *hash;       /* of the file's bytes, "" before it was read */
	char *told_hash;  /* of the last bytes whose faults were logged, "" when none are */
	struct stat stat; /* of the file when it was read */
	int is_unsure;    /* it had just changed then: `stat` may not tell the next change */
	struct dag *dag;  /* the last good version, NULL before the first */
	json_t *faults;   /* array of {file, line, column, text}; empty when the file is good */
	int is_paused;
	int is_changed; /* not stored yet */
	int is_stored;  /* in some version */
	int is_rival;   /* another file has its DAG: it is read again with every scan */
	int is_seen;    /* by the scan that is under way */
	int is_missing; /* the file is gone: to be stored once, then forgotten */
};

struct registry {
	char *folder;
	struct {
		struct registry_dag **items;
		size_t count, capacity;
	} dags;
	/* whose file is gone, the latest last */
	struct {
		struct registry_dag **items;
		size_t count, capacity;
	} gone;
	struct map files; /* path to struct registry_dag, of `dags` */
	size_t scans;
};

void registry_init(struct registry *registry, const char *folder);
void registry_release(struct registry *registry);

/* Reads what has changed since the last scan, all of it when `operators` are other ones than then. */
void registry_scan(struct registry *registry, const struct operators *operators, int all);

/* Takes those whose file is gone off the list; call it when that is stored. */
void registry_forget_missing(struct registry *registry);

/* Logs what is wrong and was not told yet. Not after each scan: a file may be half written. */
void registry_tell(struct registry *registry);

/* NULL when there is none of this name. */
struct registry_dag *registry_find(const struct registry *registry, const char *name);

#endif
