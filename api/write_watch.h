/* write_watch.h - whether a client still takes what we write
 *
 * The library knows no timeout of writing. What the kernel and libuv have not sent yet is looked at now
 * and then: as long as the sum changes, the client reads. Loop thread only; zero-initialised is valid.
 */
#ifndef API_WRITE_WATCH_H
#define API_WRITE_WATCH_H

#include <stdint.h>
#include <uv.h>

struct st_h2o_socket_t;

struct write_watch {
	int64_t unsent;    /* bytes at the last look, -1 when nothing was being written */
	uint64_t since_ms; /* it is this since then */
};

/* How long a write has made no progress; 0 when nothing is being written. */
uint64_t write_watch_stalled_ms(struct write_watch *watch, struct st_h2o_socket_t *sock,
                                const uv_stream_t *stream, uint64_t now_ms);

#endif
