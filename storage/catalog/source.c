/* source.c - typed members of a catalog file */
#include "storage/catalog/source.h"

#include <inttypes.h>
#include <string.h>

#include "lib/limits.h"

static void wrong_kind(const struct source *source, const struct yaml_node *node, const char *key,
                       const char *expected)
{
	yaml_error(source->yaml, node, source->errors, "'%s' must be %s, not %s", key, expected,
	           yaml_kind_name(node->kind));
}

const struct yaml_node *source_needed(const struct source *source, const struct yaml_node *map,
                                      const char *key)
{
	const struct yaml_node *node = yaml_get(map, key);

	if (!node)
		yaml_error(source->yaml, map, source->errors, "'%s' is missing", key);
	return node;
}

const struct yaml_node *source_list(const struct source *source, const struct yaml_node *map,
                                    const char *key)
{
	const struct yaml_node *node = yaml_get(map, key);

	if (!node)
		return NULL;
	if (node->kind == YAML_LIST)
		return node;
	wrong_kind(source, node, key, "a list");
	return NULL;
}

const char *source_text(const struct source *source, const struct yaml_node *map, const char *key)
{
	const struct yaml_node *node = yaml_get(map, key);

	if (!node)
		return NULL;
	if (node->kind == YAML_STRING)
		return arena_strdup(source->arena, node->text);
	wrong_kind(source, node, key, "text");
	return NULL;
}

int source_int(const struct source *source, const struct yaml_node *map, const char *key,
               struct source_range range, int64_t *value)
{
	const struct yaml_node *node = yaml_get(map, key);

	if (!node)
		return 0;
	if (node->kind != YAML_INT) {
		wrong_kind(source, node, key, "a whole number");
		return 0;
	}
	if (node->as.integer < range.min || node->as.integer > range.max) {
		yaml_error(source->yaml, node, source->errors,
		           "'%s' must be between %" PRId64 " and %" PRId64, key, range.min,
		           range.max);
		return 0;
	}
	*value = node->as.integer;
	return 1;
}

int source_flag(const struct source *source, const struct yaml_node *map, const char *key,
                int fallback)
{
	const struct yaml_node *node = yaml_get(map, key);

	if (!node)
		return fallback;
	if (node->kind == YAML_BOOL)
		return node->as.boolean;
	wrong_kind(source, node, key, "true or false");
	return fallback;
}

static int has_control_character(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return 1;
	}
	return 0;
}

const char *source_name(const struct source *source, const struct yaml_node *node)
{
	size_t size;

	if (node->kind != YAML_STRING) {
		yaml_error(source->yaml, node, source->errors, "a name must be text, not %s%s",
		           yaml_kind_name(node->kind), node->text ? ": put it in quotes" : "");
		return NULL;
	}
	size = strlen(node->text);
	if (!size || size > LIMIT_IDENTIFIER_BYTES) {
		yaml_error(source->yaml, node, source->errors, "a name has 1 to %d bytes, not %zu",
		           LIMIT_IDENTIFIER_BYTES, size);
		return NULL;
	}
	if (has_control_character(node->text)) {
		yaml_error(source->yaml, node, source->errors,
		           "a name cannot contain control characters");
		return NULL;
	}
	return arena_strdup(source->arena, node->text);
}
