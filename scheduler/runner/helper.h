/* helper.h - the second thread of a runner
 *
 * Receives frames while an attempt runs (channel.h), sends what could not be sent at once, moves the
 * log pipe into the attempt's file, says `alive`, turns a cancel into flag, descriptor and SIGTERM to
 * the children. When the service is gone it waits the grace and kills the process group: nothing
 * outlives its server. Never joined, the process ends by _exit(2).
 */
#ifndef SCHEDULER_RUNNER_HELPER_H
#define SCHEDULER_RUNNER_HELPER_H

#include "lib/compiler.h"
#include "lib/err.h"
#include "scheduler/runner/attempt_log.h"
#include "scheduler/runner/channel.h"
#include "scheduler/runner/host_session.h"

struct helper {
	struct channel *channel;
	struct attempt_log *log;
	struct host_session *session;
};

/* All signals are blocked in it. `helper` must live as long as the process. */
MUST_CHECK int helper_start(struct helper *helper, struct err *err);

#endif
