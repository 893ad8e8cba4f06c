/* serve.h - `millrace serve`: API and scheduler in one process, until a signal ends it */
#ifndef CLI_SERVE_H
#define CLI_SERVE_H

#include "lib/compiler.h"
#include "lib/config.h"
#include "lib/err.h"

/* Where the Unix socket of a state directory is; in the arena. */
const char *serve_socket_path(struct arena *arena, const char *state_dir);

/* Main thread. Says on stderr where it listens; returns after a clean end. */
MUST_CHECK int serve_run(struct config *config, struct err *err);

#endif
