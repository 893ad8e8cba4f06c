/* load_input.h - the byte sources a CSV load reads from
 *
 * Each makes a `struct load_input` that borrows what it reads from: an open object, a descriptor
 * (a file, a pipe, standard input) or memory. One thread at a time; it may be another than the maker.
 */
#ifndef STORAGE_LOAD_LOAD_INPUT_H
#define STORAGE_LOAD_LOAD_INPUT_H

#include "storage/load/load.h"

/* `uri` names it in errors and, with its etag, in `source`, which is the arena's. */
struct load_input load_input_object(struct object_reader *reader, const char *uri,
                                    struct arena *arena);

/* `*fd` stays the caller's. */
struct load_input load_input_fd(int *fd);

struct load_input_memory {
	const char *bytes;
	size_t size, read;
};

struct load_input load_input_memory(struct load_input_memory *memory);

#endif
