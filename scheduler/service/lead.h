/* lead.h - how a scheduler comes to lead on its metadata database (scheduler.md §6 of the design)
 *
 * On PostgreSQL several servers may share a metadata database, one leads, the others stand by
 * (standby.h). The lease says which state directory the leader works in, by an identity that is kept
 * in it: a server that is started again in the same one holds its lock, so nobody else of that
 * identity lives, and it need not wait. Errors as struct err; all is for one thread.
 */
#ifndef SCHEDULER_SERVICE_LEAD_H
#define SCHEDULER_SERVICE_LEAD_H

#include "lib/config.h"
#include "storage/repo/lease_repo.h"

/* Whether others may want to lead on the metadata database too. */
int lead_is_shared(const struct config *config);

/* The identity of the state directory, made the first time. */
MUST_CHECK int lead_home(const struct config *config, char home[LEASE_REPO_HOME_SIZE],
                         struct err *err);

/* Opens and migrates the metadata database and takes the lease, if it is still the one of `epoch`
 * (as in struct lease_repo_claim; ERR_STALE: it is not). The caller closes `writer`. */
MUST_CHECK int lead_take(const struct config *config, int64_t epoch, struct db **writer,
                         struct lease_repo_lease *lease, struct err *err);

#endif
