/* dir_writer.h - writing an object of a directory store so that it appears whole or not at all
 *
 * The writing half of dir_store.c's table; contracts are those of object_store.h.
 */
#ifndef STORAGE_OBJECT_DIR_WRITER_H
#define STORAGE_OBJECT_DIR_WRITER_H

#include "storage/object/object_store.h"

MUST_CHECK int dir_writer_create(const struct object_ref *ref, struct object_writer **writer,
                                 struct err *err);
MUST_CHECK int dir_writer_write(struct object_writer *writer, const void *bytes, size_t size,
                                struct err *err);
MUST_CHECK int dir_writer_commit(struct object_writer *writer, struct object_stat *stat,
                                 struct err *err);
void dir_writer_abort(struct object_writer *writer);

#endif
