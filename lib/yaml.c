/* yaml.c - YAML documents with the place of every node, by libfyaml */
#include "lib/yaml.h"

#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/file.h"
#include "lib/limits.h"
#include "lib/map.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "lib/yaml_scalar.h"
#include "lib/yaml_source.h"

struct yaml {
	struct arena arena;
	struct yaml_source source;
	const struct yaml_node *root;
};

struct reader {
	struct yaml *yaml;
	struct yaml_errors *errors;
	struct fy_diag *diag;
	struct fy_parser *parser;
};

static const struct yaml_node nothing = {.kind = YAML_NULL, .line = 1, .column = 1, .text = ""};

void yaml_error(const struct yaml *yaml, const struct yaml_node *node, struct yaml_errors *errors,
                const char *format, ...)
{
	struct yaml_error error = {
		.line = node->line, .column = node->column, .length = node->length};
	va_list arguments;

	va_start(arguments, format);
	yaml_source_report(&yaml->source, errors, error, format, arguments);
	va_end(arguments);
}

void yaml_error_at(const struct yaml *yaml, const struct yaml_node *node, size_t offset,
                   struct yaml_errors *errors, const char *format, ...)
{
	struct yaml_error error = {.line = node->line, .column = node->column, .length = 1};
	va_list arguments;

	yaml_source_place(&yaml->source, node, offset, &error);
	va_start(arguments, format);
	yaml_source_report(&yaml->source, errors, error, format, arguments);
	va_end(arguments);
}

/* Gives an unquoted scalar its type. */
static void read_plain(struct reader *reader, struct yaml_node *node)
{
	const char *fault = yaml_scalar_read(node);

	if (fault)
		yaml_error(reader->yaml, node, reader->errors, "%s", fault);
}

/* Nodes */

static struct yaml_node *new_node(struct reader *reader, struct fy_event *event,
                                  enum yaml_kind kind)
{
	struct yaml_node *node = arena_alloc(&reader->yaml->arena, sizeof(*node));
	const struct fy_mark *start = fy_event_start_mark(event), *end = fy_event_end_mark(event);
	const char *text, *line_end;
	size_t size;

	node->kind = kind;
	node->length = 1;
	if (!start)
		return node;
	node->line = (uint32_t)start->line + 1;
	node->column = (uint32_t)start->column + 1;
	if (!end || end->input_pos > reader->yaml->source.size ||
	    end->input_pos <= start->input_pos)
		return node;
	text = reader->yaml->source.text + start->input_pos;
	size = end->input_pos - start->input_pos;
	/* block scalars are said to begin with their indent */
	for (; size > 1 && *text == ' '; text++, size--)
		node->column++;
	line_end = memchr(text, '\n', size);
	node->length = (uint32_t)str_utf8_length(text, line_end ? (size_t)(line_end - text) : size);
	return node;
}

static void refuse_tag(struct reader *reader, struct fy_event *event, const struct yaml_node *node)
{
	if (fy_event_get_tag_token(event))
		yaml_error(reader->yaml, node, reader->errors,
		           "tags are not supported; in quotes a value is text");
	if (fy_event_get_anchor_token(event))
		yaml_error(reader->yaml, node, reader->errors,
		           "anchors and aliases are not supported, write the value out");
}

static const struct yaml_node *read_scalar(struct reader *reader, struct fy_event *event)
{
	struct yaml_node *node = new_node(reader, event, YAML_STRING);
	struct fy_token *token = event->scalar.value;
	size_t size = 0;
	const char *text = token ? fy_token_get_text(token, &size) : "";

	refuse_tag(reader, event, node);
	node->text = arena_strndup(&reader->yaml->arena, text ? text : "", text ? size : 0);
	if (strlen(node->text) != size)
		yaml_error(reader->yaml, node, reader->errors, "text must not contain NUL");
	if (!token || fy_token_scalar_style(token) == FYSS_PLAIN)
		read_plain(reader, node);
	return node;
}

static const struct yaml_node *read_alias(struct reader *reader, struct fy_event *event)
{
	struct yaml_node *node = new_node(reader, event, YAML_NULL);

	node->text = "";
	yaml_error(reader->yaml, node, reader->errors,
	           "anchors and aliases are not supported, write the value out");
	return node;
}

static const struct yaml_node *read_node(struct reader *reader, struct fy_event *event, int depth);

static const struct yaml_node *read_list(struct reader *reader, struct yaml_node *node, int depth)
{
	struct {
		const struct yaml_node **items;
		size_t count, capacity;
	} list = {0};
	const struct yaml_node **items;
	const struct yaml_node *item = NULL;
	struct fy_event *event;

	while ((event = fy_parser_parse(reader->parser))) {
		if (event->type == FYET_SEQUENCE_END) {
			fy_parser_event_free(reader->parser, event);
			item = node;
			break;
		}
		item = read_node(reader, event, depth + 1);
		if (!item)
			break;
		*vec_push(&list) = item;
		item = NULL;
	}
	items = arena_array(&reader->yaml->arena, list.count + 1, sizeof(*items));
	if (list.count)
		memcpy(items, list.items, list.count * sizeof(*items));
	node->as.list.items = items;
	node->as.list.count = list.count;
	vec_release(&list);
	return item;
}

static void check_key(struct reader *reader, struct map *seen, const struct yaml_node *key)
{
	const struct yaml_node *first;

	if (!key->text || !*key->text) {
		yaml_error(reader->yaml, key, reader->errors, "a key must be text");
		return;
	}
	first = map_get(seen, key->text);
	if (first)
		yaml_error(reader->yaml, key, reader->errors, "key '%s' stands in line %u already",
		           key->text, first->line);
	else
		map_set(seen, key->text, (void *)(uintptr_t)key);
}

/* The value behind `key`; an empty one stands where its key does. */
static const struct yaml_node *read_value(struct reader *reader, const struct yaml_node *key,
                                          int depth)
{
	struct fy_event *event = fy_parser_parse(reader->parser);
	const struct yaml_node *value = event ? read_node(reader, event, depth + 1) : NULL;
	struct yaml_node *placed;

	if (!value || value->line)
		return value;
	placed = arena_alloc(&reader->yaml->arena, sizeof(*placed));
	*placed = *value;
	placed->line = key->line;
	placed->column = key->column;
	placed->length = key->length;
	return placed;
}

static const struct yaml_node *read_map(struct reader *reader, struct yaml_node *node, int depth)
{
	struct {
		struct yaml_pair *items;
		size_t count, capacity;
	} list = {0};
	struct yaml_pair *pairs, pair;
	const struct yaml_node *done = NULL;
	struct map seen = {0};
	struct fy_event *event;

	while ((event = fy_parser_parse(reader->parser))) {
		if (event->type == FYET_MAPPING_END) {
			fy_parser_event_free(reader->parser, event);
			done = node;
			break;
		}
		pair.key = read_node(reader, event, depth + 1);
		pair.value = pair.key ? read_value(reader, pair.key, depth) : NULL;
		if (!pair.value)
			break;
		check_key(reader, &seen, pair.key);
		*vec_push(&list) = pair;
	}
	pairs = arena_array(&reader->yaml->arena, list.count + 1, sizeof(*pairs));
	if (list.count)
		memcpy(pairs, list.items, list.count * sizeof(*pairs));
	node->as.map.pairs = pairs;
	node->as.map.count = list.count;
	if (list.count && node->line == pairs[0].key->line && node->column == pairs[0].key->column)
		node->length = pairs[0].key->length;
	vec_release(&list);
	map_release(&seen);
	return done;
}

/* A map or a list, after its opening event. NULL when the parser gave up. */
static const struct yaml_node *read_collection(struct reader *reader, struct fy_event *event,
                                               int depth)
{
	int is_map = event->type == FYET_MAPPING_START;
	struct yaml_node *node = new_node(reader, event, is_map ? YAML_MAP : YAML_LIST);

	refuse_tag(reader, event, node);
	fy_parser_event_free(reader->parser, event);
	if (depth >= LIMIT_YAML_DEPTH) {
		yaml_error(reader->yaml, node, reader->errors, "nested deeper than %d levels",
		           LIMIT_YAML_DEPTH);
		return NULL;
	}
	return is_map ? read_map(reader, node, depth) : read_list(reader, node, depth);
}

/* Takes the event. */
static const struct yaml_node *read_node(struct reader *reader, struct fy_event *event, int depth)
{
	const struct yaml_node *node;

	if (event->type == FYET_MAPPING_START || event->type == FYET_SEQUENCE_START)
		return read_collection(reader, event, depth);
	node = event->type == FYET_ALIAS ? read_alias(reader, event) : read_scalar(reader, event);
	fy_parser_event_free(reader->parser, event);
	return node;
}

/* Documents */

static void refuse_second_document(struct reader *reader, struct fy_event *event)
{
	const struct fy_mark *mark = fy_event_start_mark(event);

	yaml_source_report_at(&reader->yaml->source, reader->errors,
	                      mark ? (uint32_t)mark->line + 1 : 1, 1, "only one document a file");
	fy_parser_event_free(reader->parser, event);
}

/* The next event other than the stream's own; NULL at the end. */
static struct fy_event *next_event(struct reader *reader)
{
	struct fy_event *event;

	while ((event = fy_parser_parse(reader->parser))) {
		enum fy_event_type type = event->type;

		if (type != FYET_STREAM_START && type != FYET_STREAM_END &&
		    type != FYET_DOCUMENT_END)
			return event;
		fy_parser_event_free(reader->parser, event);
	}
	return NULL;
}

static void read_document(struct reader *reader)
{
	struct fy_event *event = next_event(reader);
	const struct yaml_node *root = NULL;

	if (event) {
		fy_parser_event_free(reader->parser, event); /* the document's start */
		event = next_event(reader);
		root = event ? read_node(reader, event, 0) : NULL;
		if (!root)
			return;
		event = next_event(reader);
	}
	if (event)
		refuse_second_document(reader, event);
	reader->yaml->root = root && root->line ? root : &nothing;
}

/* What the parser has to say; further ones follow from the first. */
static void report_diagnosis(struct reader *reader)
{
	void *position = NULL;
	struct fy_diag_error *error;

	while ((error = fy_diag_errors_iterate(reader->diag, &position))) {
		if (error->type != FYET_ERROR || !error->msg)
			continue;
		yaml_source_report_at(&reader->yaml->source, reader->errors,
		                      error->line > 0 ? (uint32_t)error->line : 1,
		                      error->column > 0 ? (uint32_t)error->column : 1,
		                      "not well-formed YAML: %s", error->msg);
		return;
	}
}

static void parse_document(struct reader *reader)
{
	struct fy_diag_cfg diag_config;
	/* the library holds or-ed flags in the enum of the single ones */
	struct fy_parse_cfg config = {
		.flags = (enum fy_parse_cfg_flags)(FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE)};

	fy_diag_cfg_default(&diag_config);
	diag_config.fp = NULL;
	diag_config.colorize = false;
	reader->diag = fy_diag_create(&diag_config);
	fy_diag_set_collect_errors(reader->diag, true);
	config.diag = reader->diag;
	reader->parser = fy_parser_create(&config);
	if (reader->parser && fy_parser_set_string(reader->parser, reader->yaml->source.text,
	                                           reader->yaml->source.size) == 0)
		read_document(reader);
	report_diagnosis(reader);
	fy_parser_destroy(reader->parser);
	fy_diag_destroy(reader->diag);
}

struct yaml *yaml_parse(const char *file, const char *text, size_t size, struct yaml_errors *errors)
{
	struct yaml *yaml = mem_alloc(sizeof(*yaml));
	struct reader reader = {.yaml = yaml, .errors = errors};
	size_t faults = errors->count;

	arena_init(&yaml->arena);
	yaml->source.file = arena_strdup(&yaml->arena, file);
	if (size > LIMIT_YAML_BYTES) {
		yaml_source_report_at(&yaml->source, errors, 0, 0, "larger than %d bytes",
		                      LIMIT_YAML_BYTES);
	} else {
		yaml->source.text = arena_strndup(&yaml->arena, text, size);
		yaml->source.size = size;
		yaml_source_index(&yaml->source, &yaml->arena);
		if (yaml_source_is_text(&yaml->source, errors))
			parse_document(&reader);
	}
	if (errors->count == faults && yaml->root)
		return yaml;
	if (errors->count == faults)
		yaml_source_report_at(&yaml->source, errors, 1, 1, "not well-formed YAML");
	yaml_free(yaml);
	return NULL;
}

struct yaml *yaml_read(const char *path, struct yaml_errors *errors)
{
	auto_buf struct buf contents = {0};
	struct err err;

	if (file_read(path, LIMIT_YAML_BYTES, &contents, &err) < 0) {
		struct yaml_error error = {.file = path, .text = err.text, .source = ""};

		yaml_errors_add(errors, &error);
		return NULL;
	}
	return yaml_parse(path, buf_string(&contents), contents.size, errors);
}

void yaml_free(struct yaml *yaml)
{
	if (!yaml)
		return;
	arena_release(&yaml->arena);
	free(yaml);
}

const char *yaml_text(const struct yaml *yaml, size_t *size)
{
	*size = yaml->source.size;
	return yaml->source.text;
}

const struct yaml_node *yaml_root(const struct yaml *yaml)
{
	return yaml->root;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	for (size_t i = 0; map->kind == YAML_MAP && i < map->as.map.count; i++) {
		if (str_equal(map->as.map.pairs[i].key->text, key))
			return map->as.map.pairs[i].value;
	}
	return NULL;
}

const char *yaml_kind_name(enum yaml_kind kind)
{
	static const char *const names[] = {
		[YAML_NULL] = "null",          [YAML_BOOL] = "true or false",
		[YAML_INT] = "a whole number", [YAML_FLOAT] = "a number",
		[YAML_STRING] = "text",        [YAML_LIST] = "a list",
		[YAML_MAP] = "a map",
	};

	return names[kind];
}

void yaml_check_keys(const struct yaml *yaml, const struct yaml_node *map, const char *const *known,
                     size_t known_count, struct yaml_errors *errors)
{
	for (size_t i = 0; map->kind == YAML_MAP && i < map->as.map.count; i++) {
		const struct yaml_node *key = map->as.map.pairs[i].key;
		const char *nearest;
		size_t at = 0;

		while (at < known_count && !str_equal(known[at], key->text))
			at++;
		if (at < known_count)
			continue;
		nearest = str_nearest(key->text, known, known_count);
		if (nearest)
			yaml_error(yaml, key, errors, "unknown key '%s', did you mean '%s'?",
			           key->text, nearest);
		else
			yaml_error(yaml, key, errors, "unknown key '%s'", key->text);
	}
}

static json_t *list_to_json(const struct yaml_node *node)
{
	json_t *list = json_array();

	for (size_t i = 0; i < node->as.list.count; i++)
		json_array_append_new(list, yaml_to_json(node->as.list.items[i]));
	return list;
}

static json_t *map_to_json(const struct yaml_node *node)
{
	json_t *object = json_object();

	for (size_t i = 0; i < node->as.map.count; i++)
		json_object_set_new(object, node->as.map.pairs[i].key->text,
		                    yaml_to_json(node->as.map.pairs[i].value));
	return object;
}

json_t *yaml_to_json(const struct yaml_node *node)
{
	switch (node->kind) {
	case YAML_NULL:
		return json_null();
	case YAML_BOOL:
		return json_boolean(node->as.boolean);
	case YAML_INT:
		return json_integer(node->as.integer);
	case YAML_FLOAT:
		return json_real(node->as.real);
	case YAML_STRING:
		return json_string(node->text);
	case YAML_LIST:
		return list_to_json(node);
	case YAML_MAP:
		return map_to_json(node);
	}
	return json_null();
}
