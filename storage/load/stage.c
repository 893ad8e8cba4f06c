/* stage.c - entries as flat bytes: header, values, raw text, other texts */
#include "storage/load/stage.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/mem.h"

enum { WINDOW_BYTES = 256 * 1024, ALIGNMENT = 8 };

/* What an entry begins with; all that follows is found from here. */
struct head {
	uint32_t size; /* of the whole entry, a multiple of ALIGNMENT */
	uint32_t raw_size;
	int64_t line;
	uint16_t column; /* position + 1 of a bad entry; 0: the whole record */
	uint8_t code;    /* enum flaw_code; 0: good, values follow */
	uint8_t has_pointer;
	uint32_t pointer_at, detail_at; /* from the start of the texts */
};

/* One value in 16 bytes; text and bytes by their place in the texts. */
struct slot {
	uint32_t kind, size;
	union {
		int64_t integer;
		double real;
		uint64_t at;
	} as;
};

void stage_init(struct stage *stage, const struct table *table, const char *folder)
{
	memset(stage, 0, sizeof(*stage));
	stage->folder = folder;
	stage->table = table;
	stage->fd = -1;
}

void stage_release(struct stage *stage)
{
	if (stage->fd >= 0)
		close(stage->fd);
	stage->fd = -1;
	buf_release(&stage->memory);
	buf_release(&stage->window);
	free(stage->values);
	stage->values = NULL;
}

void stage_set_width(struct stage *stage, size_t width)
{
	assert(stage->count == 0);
	stage->width = width;
	stage->values = mem_resize(stage->values, width + 1, sizeof(*stage->values));
}

static int open_file(struct stage *stage, struct err *err)
{
	char path[4096 + 32];

	if (file_make_folder(stage->folder, err) < 0)
		return -1;
	stage->fd = open(stage->folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (stage->fd >= 0)
		return 0;
	/* a file system without unnamed files */
	snprintf(path, sizeof(path), "%s/stage-XXXXXX", stage->folder);
	stage->fd = mkostemp(path, O_CLOEXEC);
	if (stage->fd < 0)
		return err_errno(err, errno, "could not make a file in '%s'", stage->folder);
	unlink(path);
	return 0;
}

static int spill(struct stage *stage, struct err *err)
{
	if (stage->fd < 0 && open_file(stage, err) < 0)
		return -1;
	if (file_write_all(stage->fd, stage->memory.data, stage->memory.size) < 0)
		return err_errno(err, errno, "could not write prepared rows to '%s'",
		                 stage->folder);
	stage->file_bytes += (int64_t)stage->memory.size;
	buf_clear(&stage->memory);
	return 0;
}

/* Where a text stands among the texts of its entry: in the raw record, or appended. */
static uint64_t place_text(struct buf *memory, size_t texts, const struct stage_entry *entry,
                           const char *text, size_t size)
{
	uint64_t at;

	if (text >= entry->raw && text + size <= entry->raw + entry->raw_size)
		return (uint64_t)(text - entry->raw);
	at = memory->size - texts;
	buf_append(memory, text, size);
	return at;
}

static uint32_t place_string(struct buf *memory, size_t texts, const char *text)
{
	size_t at = memory->size - texts;

	buf_append(memory, text, strlen(text) + 1);
	return (uint32_t)at;
}

static struct slot make_slot(struct buf *memory, size_t texts, const struct stage_entry *entry,
                             const struct value *value)
{
	struct slot slot = {.kind = value->kind, .size = value->size};

	if (value->kind == VALUE_TEXT || value->kind == VALUE_BYTES)
		slot.as.at = place_text(memory, texts, entry, value->as.text, value->size);
	else if (value->kind == VALUE_FLOAT)
		slot.as.real = value->as.real;
	else
		slot.as.integer = value->as.integer;
	return slot;
}

int stage_add(struct stage *stage, const struct stage_entry *entry, struct err *err)
{
	struct buf *memory = &stage->memory;
	size_t start = memory->size, width = entry->values ? stage->width : 0;
	size_t slots = start + sizeof(struct head), texts = slots + width * sizeof(struct slot);
	struct head head = {
		.raw_size = (uint32_t)entry->raw_size,
		.line = entry->line,
		.code = (uint8_t)entry->code,
		.column = (uint16_t)(entry->column ? entry->column->position + 1 : 0),
		.has_pointer = entry->pointer != NULL,
	};

	buf_reserve(memory, texts - start + entry->raw_size + ALIGNMENT);
	memory->size = texts;
	buf_append(memory, entry->raw, entry->raw_size);
	for (size_t i = 0; i < width; i++) {
		struct slot slot = make_slot(memory, texts, entry, &entry->values[i]);

		memcpy(memory->data + slots + i * sizeof(slot), &slot, sizeof(slot));
	}
	if (entry->pointer)
		head.pointer_at = place_string(memory, texts, entry->pointer);
	if (!entry->values)
		head.detail_at = place_string(memory, texts, entry->detail);
	while ((memory->size - start) % ALIGNMENT)
		buf_char(memory, '\0');
	head.size = (uint32_t)(memory->size - start);
	memcpy(memory->data + start, &head, sizeof(head));
	stage->count++;
	return memory->size < STAGE_MEMORY_BYTES ? 0 : spill(stage, err);
}

/* Brings at least `size` bytes of the file into the window behind `window_at`. */
static int fill_window(struct stage *stage, size_t size, struct err *err)
{
	struct buf *window = &stage->window;
	size_t wanted;

	buf_consume(window, stage->window_at);
	stage->window_at = 0;
	wanted = size < WINDOW_BYTES ? WINDOW_BYTES : size;
	buf_reserve(window, wanted - window->size);
	while (window->size < size) {
		ssize_t got = pread(stage->fd, window->data + window->size, wanted - window->size,
		                    stage->read_bytes);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(err, errno, "could not read prepared rows from '%s'",
			                 stage->folder);
		if (got == 0)
			return err_set(err, ERR_DAMAGED, "prepared rows in '%s' end early",
			               stage->folder);
		window->size += (size_t)got;
		stage->read_bytes += got;
	}
	return 0;
}

/* The next entry's bytes in the window or in memory; NULL at the end. */
static int next_bytes(struct stage *stage, const char **bytes, struct err *err)
{
	int64_t file_left = stage->file_bytes - stage->read_bytes +
	                    (int64_t)(stage->window.size - stage->window_at);
	struct head head;

	*bytes = NULL;
	if (file_left > 0) {
		if (stage->window.size - stage->window_at < sizeof(head) &&
		    fill_window(stage, sizeof(head), err) < 0)
			return -1;
		memcpy(&head, stage->window.data + stage->window_at, sizeof(head));
		if (stage->window.size - stage->window_at < head.size &&
		    fill_window(stage, head.size, err) < 0)
			return -1;
		*bytes = stage->window.data + stage->window_at;
		stage->window_at += head.size;
	} else if (stage->memory_at < stage->memory.size) {
		*bytes = stage->memory.data + stage->memory_at;
		memcpy(&head, *bytes, sizeof(head));
		stage->memory_at += head.size;
	}
	return 0;
}

static void read_values(struct stage *stage, const char *slots, const char *texts)
{
	for (size_t i = 0; i < stage->width; i++) {
		struct value *value = &stage->values[i];
		struct slot slot;

		memcpy(&slot, slots + i * sizeof(slot), sizeof(slot));
		value->kind = (enum value_kind)slot.kind;
		value->size = slot.size;
		if (value->kind == VALUE_TEXT || value->kind == VALUE_BYTES)
			value->as.text = texts + slot.as.at;
		else if (value->kind == VALUE_FLOAT)
			value->as.real = slot.as.real;
		else
			value->as.integer = slot.as.integer;
	}
}

int stage_next(struct stage *stage, struct stage_entry *entry, struct err *err)
{
	const char *bytes, *texts;
	struct head head;

	if (next_bytes(stage, &bytes, err) < 0)
		return -1;
	if (!bytes)
		return 0;
	memcpy(&head, bytes, sizeof(head));
	texts = bytes + sizeof(head) + (head.code ? 0 : stage->width * sizeof(struct slot));
	memset(entry, 0, sizeof(*entry));
	entry->line = head.line;
	entry->raw = texts;
	entry->raw_size = head.raw_size;
	entry->code = (enum flaw_code)head.code;
	if (head.has_pointer)
		entry->pointer = texts + head.pointer_at;
	if (head.code) {
		entry->column = head.column ? &stage->table->columns[head.column - 1] : NULL;
		entry->detail = texts + head.detail_at;
		return 1;
	}
	read_values(stage, bytes + sizeof(head), texts);
	entry->values = stage->values;
	return 1;
}

void stage_rewind(struct stage *stage)
{
	stage->read_bytes = 0;
	stage->window_at = stage->memory_at = 0;
	buf_clear(&stage->window);
}

int stage_clear(struct stage *stage, struct err *err)
{
	stage_rewind(stage);
	buf_clear(&stage->memory);
	stage->count = 0;
	if (stage->file_bytes == 0)
		return 0;
	stage->file_bytes = 0;
	if (ftruncate(stage->fd, 0) < 0 || lseek(stage->fd, 0, SEEK_SET) < 0)
		return err_errno(err, errno, "could not empty the prepared rows in '%s'",
		                 stage->folder);
	return 0;
}
