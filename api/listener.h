/* listener.h - sockets that wait for clients
 *
 * Descriptors are CLOEXEC and non-blocking, and listen already: from here on the kernel queues.
 */
#ifndef API_LISTENER_H
#define API_LISTENER_H

#include <stdint.h>

#include "lib/compiler.h"
#include "lib/err.h"

/* Fails when anybody else listens there. `*port` 0 means any free one and is filled in. */
MUST_CHECK int listener_probe(const char *host, uint16_t port, struct err *err);
/* One of several on the same address and port (SO_REUSEPORT). The descriptor, or -1. */
MUST_CHECK int listener_tcp(const char *host, uint16_t *port, struct err *err);
/* Mode 0600; a socket file that nobody answers on is replaced. The descriptor, or -1. */
MUST_CHECK int listener_unix(const char *path, struct err *err);

#endif
