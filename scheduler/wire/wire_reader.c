/* wire_reader.c - frames out of a stream that arrives in pieces */
#include "scheduler/wire/wire_reader.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/limits.h"

enum {
	CHUNK_BYTES = 64 * 1024,
};

void wire_reader_init(struct wire_reader *reader, enum wire_side from)
{
	*reader = (struct wire_reader){.from = from};
}

static void close_fds(struct wire_reader *reader)
{
	for (size_t i = 0; i < reader->fd_count; i++)
		close(reader->fds[i]);
	reader->fd_count = 0;
}

void wire_reader_release(struct wire_reader *reader)
{
	close_fds(reader);
	buf_release(&reader->in);
	reader->taken = 0;
}

static void drop_taken(struct wire_reader *reader)
{
	buf_consume(&reader->in, reader->taken);
	reader->taken = 0;
}

void wire_reader_feed(struct wire_reader *reader, const void *bytes, size_t size)
{
	drop_taken(reader);
	buf_append(&reader->in, bytes, size);
}

static int keep_fd(struct wire_reader *reader, int fd)
{
	if (reader->fd_count == WIRE_READER_FDS) {
		close(fd);
		return -1;
	}
	reader->fds[reader->fd_count++] = fd;
	return 0;
}

/* Takes the descriptors over; -1 when there are more than fit. */
static int take_fds(struct wire_reader *reader, struct msghdr *message)
{
	int lost = message->msg_flags & MSG_CTRUNC;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (keep_fd(reader, fd) < 0)
				lost = 1;
		}
	}
	return lost ? -1 : 0;
}

enum wire_io wire_reader_fill(struct wire_reader *reader, int fd, struct err *err)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * WIRE_READER_FDS)];
	} control;
	struct iovec space;
	struct msghdr message = {.msg_iov = &space,
	                         .msg_iovlen = 1,
	                         .msg_control = &control,
	                         .msg_controllen = sizeof(control)};
	ssize_t got;

	drop_taken(reader);
	space = (struct iovec){buf_reserve(&reader->in, CHUNK_BYTES), CHUNK_BYTES};
	do
		got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return WIRE_IO_WAIT;
	if (got == 0 || (got < 0 && errno == ECONNRESET))
		return WIRE_IO_END;
	if (got < 0) {
		err_errno(err, errno, "could not read from the wire");
		return WIRE_IO_ERROR;
	}
	reader->in.size += (size_t)got;
	reader->in.data[reader->in.size] = '\0';
	if (take_fds(reader, &message) < 0 ||
	    (reader->from == WIRE_FROM_RUNNER && reader->fd_count)) {
		err_set(err, ERR_INVALID, "descriptors that nobody asked for");
		return WIRE_IO_ERROR;
	}
	return WIRE_IO_OK;
}

static int read_all(int fd, size_t size, struct buf *contents, struct err *err)
{
	size_t done = 0;

	buf_reserve(contents, size);
	while (done < size) {
		ssize_t got = pread(fd, contents->data + done, size - done, (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(err, errno, "could not read a large frame");
		if (got == 0)
			return err_set(err, ERR_INVALID, "a large frame that ends early");
		done += (size_t)got;
	}
	contents->size = size;
	return 0;
}

/* Puts the frame in the oldest descriptor in the place of the one that announced it. */
static int read_large(struct wire_reader *reader, int64_t size, struct wire_frame *frame,
                      struct err *err)
{
	auto_buf struct buf contents = {0};
	auto_close int fd = -1;

	wire_release(frame);
	if (!reader->fd_count)
		return err_set(err, ERR_INVALID, "a large frame without its descriptor");
	fd = reader->fds[0];
	reader->fd_count--;
	memmove(reader->fds, reader->fds + 1, reader->fd_count * sizeof(int));
	if (size < 0 || size > LIMIT_INPUTS_BYTES)
		return err_set(err, ERR_LIMIT, "a frame over the limit of %d bytes",
		               LIMIT_INPUTS_BYTES);
	if (read_all(fd, (size_t)size, &contents, err) < 0)
		return -1;
	if (wire_decode(contents.data, contents.size, reader->from, frame, err) < 0)
		return -1;
	if (frame->type == WIRE_START)
		return 1;
	wire_release(frame);
	return err_set(err, ERR_INVALID, "a large frame that is no start");
}

int wire_reader_next(struct wire_reader *reader, struct wire_frame *frame, struct err *err)
{
	const unsigned char *at = (const unsigned char *)reader->in.data + reader->taken;
	size_t waiting = reader->in.size - reader->taken;
	size_t length = 0;

	if (waiting < WIRE_HEADER_BYTES)
		return 0;
	for (int i = 0; i < WIRE_HEADER_BYTES; i++)
		length = length << 8 | at[i];
	if (length > wire_cap(reader->from))
		return err_set(err, ERR_LIMIT, "a frame of %zu bytes is over the limit of %zu",
		               length, wire_cap(reader->from));
	if (waiting - WIRE_HEADER_BYTES < length)
		return 0;
	reader->taken += WIRE_HEADER_BYTES + length;
	if (wire_decode((const char *)at + WIRE_HEADER_BYTES, length, reader->from, frame, err) < 0)
		return -1;
	if (frame->type == WIRE_LARGE)
		return read_large(reader, frame->as.large.size, frame, err);
	return 1;
}
