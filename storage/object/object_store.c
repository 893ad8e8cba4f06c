/* object_store.c - the driver's table, content types, copies between stores */
#include "storage/object/object_store.h"

#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"

enum { COPY_BYTES = 256 * 1024 };

static const struct {
	const char *ending, *type;
} content_types[] = {
	{".csv", "text/csv"},
	{".json", "application/json"},
	{".jsonl", "application/x-ndjson"},
	{".ndjson", "application/x-ndjson"},
	{".avro", "application/avro"},
	{".txt", "text/plain"},
	{".log", "text/plain"},
	{".html", "text/html"},
	{".xml", "application/xml"},
	{".yaml", "application/yaml"},
	{".yml", "application/yaml"},
	{".gz", "application/gzip"},
	{".zst", "application/zstd"},
	{".bz2", "application/x-bzip2"},
	{".xz", "application/x-xz"},
	{".zip", "application/zip"},
	{".parquet", "application/vnd.apache.parquet"},
};

const char *object_store_content_type(const char *key)
{
	for (size_t i = 0; i < countof(content_types); i++)
		if (str_ends_with(key, content_types[i].ending))
			return content_types[i].type;
	return "application/octet-stream";
}

void object_store_free(struct object_store *store)
{
	if (store)
		store->driver->free(store);
}

int object_store_open(const struct object_ref *ref, struct object_range range,
                      struct object_reader **reader, struct err *err)
{
	return ref->store->driver->open(ref, range, reader, err);
}

int object_store_read(struct object_reader *reader, void *bytes, size_t size, size_t *got,
                      struct err *err)
{
	return reader->store->driver->read(reader, bytes, size, got, err);
}

void object_store_close(struct object_reader *reader)
{
	if (reader)
		reader->store->driver->close(reader);
}

int object_store_create(const struct object_ref *ref, struct object_writer **writer,
                        struct err *err)
{
	return ref->store->driver->create(ref, writer, err);
}

int object_store_write(struct object_writer *writer, const void *bytes, size_t size,
                       struct err *err)
{
	return writer->store->driver->write(writer, bytes, size, err);
}

int object_store_commit(struct object_writer *writer, struct object_stat *stat, struct err *err)
{
	struct object_stat unused;

	return writer->store->driver->commit(writer, stat ? stat : &unused, err);
}

void object_store_abort(struct object_writer *writer)
{
	if (writer)
		writer->store->driver->abort(writer);
}

int object_store_stat(const struct object_ref *ref, struct object_stat *stat, struct err *err)
{
	return ref->store->driver->stat(ref, stat, err);
}

int object_store_list(const struct object_ref *prefix, const char *after, size_t limit,
                      struct arena *arena, struct object_page *page, struct err *err)
{
	if (limit > OBJECT_STORE_PAGE)
		limit = OBJECT_STORE_PAGE;
	memset(page, 0, sizeof(*page));
	page->entries = arena_array(arena, limit, sizeof(*page->entries));
	return prefix->store->driver->list(prefix, after, limit, arena, page, err);
}

static int pump(struct object_reader *reader, struct object_writer *writer, struct err *err)
{
	auto_free char *block = mem_alloc(COPY_BYTES);
	size_t got;

	do {
		if (object_store_read(reader, block, COPY_BYTES, &got, err) < 0 ||
		    object_store_write(writer, block, got, err) < 0)
			return -1;
	} while (got > 0);
	return 0;
}

int object_store_copy(const struct object_ref *from, const struct object_ref *to,
                      struct object_stat *stat, struct err *err)
{
	const struct object_range all = {0, -1};
	struct object_reader *reader;
	struct object_writer *writer;
	int result;

	if (object_store_open(from, all, &reader, err) < 0)
		return -1;
	if (object_store_create(to, &writer, err) < 0) {
		object_store_close(reader);
		return -1;
	}
	result = pump(reader, writer, err);
	object_store_close(reader);
	if (result == 0)
		return object_store_commit(writer, stat, err);
	object_store_abort(writer);
	return -1;
}

int object_store_delete(const struct object_ref *ref, struct err *err)
{
	return ref->store->driver->remove(ref, err);
}

int object_store_presign(const struct object_ref *ref, enum object_method method, int64_t expires_s,
                         struct arena *arena, char **url, struct err *err)
{
	return ref->store->driver->presign(ref, method, expires_s, arena, url, err);
}
