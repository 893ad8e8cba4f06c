/* write_watch.c - whether a client still takes what we write */
#include "api/write_watch.h"

#include <h2o.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

static int64_t bytes_unsent(h2o_socket_t *sock, const uv_stream_t *stream)
{
	uv_os_fd_t fd;
	int in_kernel = 0;

	if (!h2o_socket_is_writing(sock))
		return -1;
	if (uv_fileno((const uv_handle_t *)stream, &fd) < 0 || ioctl(fd, SIOCOUTQ, &in_kernel) < 0)
		in_kernel = 0;
	return (int64_t)uv_stream_get_write_queue_size(stream) + in_kernel;
}

uint64_t write_watch_stalled_ms(struct write_watch *watch, h2o_socket_t *sock,
                                const uv_stream_t *stream, uint64_t now_ms)
{
	int64_t unsent = bytes_unsent(sock, stream);

	if (unsent < 0 || unsent != watch->unsent) {
		watch->unsent = unsent;
		watch->since_ms = now_ms;
		return 0;
	}
	return now_ms - watch->since_ms;
}
