/* wire_writer.c - frames into a stream, many at a time */
#include "scheduler/wire/wire_writer.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/limits.h"
#include "lib/vec.h"

void wire_writer_release(struct wire_writer *writer)
{
	vec_foreach(struct wire_passed *, passed, &writer->passed)
		close(passed->fd);
	vec_release(&writer->passed);
	buf_release(&writer->out);
	*writer = (struct wire_writer){0};
}

static int write_all(int fd, const char *bytes, size_t size, struct err *err)
{
	for (size_t done = 0; done < size;) {
		ssize_t sent = write(fd, bytes + done, size - done);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return err_errno(err, errno, "could not write a large frame");
		done += (size_t)sent;
	}
	return 0;
}

static int put_large(struct wire_writer *writer, const char *json, size_t size, struct err *err)
{
	struct wire_frame large = {.type = WIRE_LARGE, .as.large.size = (int64_t)size};
	size_t offset = writer->out.size;
	int fd;

	if (size > LIMIT_INPUTS_BYTES)
		return err_set(err, ERR_LIMIT,
		               "parameters of %zu bytes are over the limit of %d bytes", size,
		               LIMIT_INPUTS_BYTES);
	fd = memfd_create("millrace-start", MFD_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "could not make a descriptor for a large frame");
	if (write_all(fd, json, size, err) < 0 || wire_encode(&writer->out, &large, err) < 0) {
		close(fd);
		return -1;
	}
	*vec_push(&writer->passed) = (struct wire_passed){offset, fd};
	return 0;
}

int wire_writer_put(struct wire_writer *writer, const struct wire_frame *frame, struct err *err)
{
	auto_buf struct buf json = {0};

	if (wire_encode(&writer->out, frame, err) == 0)
		return 0;
	if (frame->type != WIRE_START)
		return -1;
	wire_encode_json(&json, frame);
	return put_large(writer, json.data, json.size, err);
}

size_t wire_writer_pending(const struct wire_writer *writer)
{
	return writer->out.size - writer->sent;
}

/* Sends up to `size` bytes, with `passed` (or -1) on the first of them. */
static ssize_t send_some(int fd, const char *bytes, size_t size, int passed)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec space = {(void *)(uintptr_t)bytes, size};
	struct msghdr message = {.msg_iov = &space, .msg_iovlen = 1};
	ssize_t sent;

	if (passed >= 0) {
		control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)),
		                                  .cmsg_level = SOL_SOCKET,
		                                  .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(&control.header), &passed, sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	do
		sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	return sent;
}

/* The descriptor that goes with the next byte, or -1; `size` ends before the one after. */
static int next_passed(const struct wire_writer *writer, size_t *size)
{
	size_t next = 0;
	int fd = -1;

	if (writer->passed.count && writer->passed.items[0].offset == writer->sent)
		fd = writer->passed.items[next++].fd;
	*size = writer->out.size - writer->sent;
	if (next < writer->passed.count)
		*size = writer->passed.items[next].offset - writer->sent;
	return fd;
}

static void drop_passed(struct wire_writer *writer)
{
	close(writer->passed.items[0].fd);
	writer->passed.count--;
	memmove(writer->passed.items, writer->passed.items + 1,
	        writer->passed.count * sizeof(*writer->passed.items));
}

enum wire_io wire_writer_flush(struct wire_writer *writer, int fd, struct err *err)
{
	while (writer->sent < writer->out.size) {
		size_t size;
		int passed = next_passed(writer, &size);
		ssize_t sent = send_some(fd, writer->out.data + writer->sent, size, passed);

		if (sent < 0 && errno == EAGAIN)
			return WIRE_IO_WAIT;
		if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
			return WIRE_IO_END;
		if (sent < 0) {
			err_errno(err, errno, "could not write to the wire");
			return WIRE_IO_ERROR;
		}
		if (passed >= 0)
			drop_passed(writer);
		writer->sent += (size_t)sent;
	}
	writer->sent = 0;
	buf_clear(&writer->out);
	return WIRE_IO_OK;
}
