/* load_input.c - objects, descriptors and memory as byte sources */
#include "storage/load/load_input.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int read_object(void *data, void *bytes, size_t size, size_t *got, struct err *err)
{
	return object_store_read(data, bytes, size, got, err);
}

struct load_input load_input_object(struct object_reader *reader, const char *uri,
                                    struct arena *arena)
{
	return (struct load_input){
		.read = read_object,
		.data = reader,
		.size_bytes = reader->stat.size_bytes,
		.source = arena_printf(arena, "%s %s", uri, reader->stat.etag),
	};
}

static int read_fd(void *data, void *bytes, size_t size, size_t *got, struct err *err)
{
	const int *fd = data;
	ssize_t count;

	do
		count = read(*fd, bytes, size);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return err_errno(err, errno, "could not read the input");
	*got = (size_t)count;
	return 0;
}

struct load_input load_input_fd(int *fd)
{
	return (struct load_input){.read = read_fd, .data = fd, .size_bytes = -1};
}

static int read_memory(void *data, void *bytes, size_t size, size_t *got, struct err *err)
{
	struct load_input_memory *memory = data;

	(void)err;
	*got = memory->size - memory->read;
	if (*got > size)
		*got = size;
	memcpy(bytes, memory->bytes + memory->read, *got);
	memory->read += *got;
	return 0;
}

struct load_input load_input_memory(struct load_input_memory *memory)
{
	return (struct load_input){
		.read = read_memory,
		.data = memory,
		.size_bytes = (int64_t)memory->size,
	};
}
