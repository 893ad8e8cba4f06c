/* watermark_repo.h - what tasks remember beside the rows they wrote, in the data database
 *
 * One row per name in `millrace_watermark` (PostgreSQL: `millrace_data.watermark`), set in the
 * caller's write transaction: rows and watermark are stored together or not at all.
 */
#ifndef STORAGE_REPO_WATERMARK_REPO_H
#define STORAGE_REPO_WATERMARK_REPO_H

#include <stdint.h>

#include "lib/arena.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "storage/db/db.h"

/* 1: `json` is the arena's; 0: there is none; -1. */
MUST_CHECK int watermark_repo_get(struct db *db, const char *name, struct arena *arena,
                                  const char **json, struct err *err);
MUST_CHECK int watermark_repo_set(struct db *db, const char *name, const char *json, int64_t now_us,
                                  struct err *err);
/* Fine when there is none. */
MUST_CHECK int watermark_repo_remove(struct db *db, const char *name, struct err *err);

#endif
