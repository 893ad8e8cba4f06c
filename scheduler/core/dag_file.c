/* dag_file.c - reading keys of a DAG file, each fault with its place */
#include "scheduler/core/dag_file.h"

#include <string.h>

#include "lib/limits.h"
#include "lib/str.h"

enum {
	MAX_KEYS = 32,
};

static const int64_t max_duration_ms = INT64_C(3650) * 86400 * 1000;

static const struct dag_file_key *find_key(const struct dag_file_key *keys, size_t count,
                                           const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (str_equal(keys[i].name, name))
			return &keys[i];
	}
	return NULL;
}

void dag_file_keys(struct dag_file *file, const struct yaml_node *map,
                   const struct dag_file_key *keys, size_t key_count, void *target)
{
	const char *names[MAX_KEYS];

	for (size_t i = 0; i < key_count; i++)
		names[i] = keys[i].name;
	yaml_check_keys(file->dag->yaml, map, names, key_count, file->errors);
	for (size_t i = 0; i < map->as.map.count; i++) {
		const struct yaml_pair *pair = &map->as.map.pairs[i];
		const struct dag_file_key *key = find_key(keys, key_count, pair->key->text);

		if (key && key->read)
			key->read(file, pair->value, target);
		else if (key && pair->value->kind != YAML_NULL)
			yaml_error(file->dag->yaml, pair->key, file->errors,
			           "'%s' is not supported yet, leave it out", key->name);
	}
}

int dag_file_kind(struct dag_file *file, const struct yaml_node *node, enum yaml_kind kind)
{
	if (node->kind == kind)
		return 0;
	if (node->kind != YAML_NULL)
		yaml_error(file->dag->yaml, node, file->errors, "expected %s, not %s",
		           yaml_kind_name(kind), yaml_kind_name(node->kind));
	return -1;
}

int dag_file_text(struct dag_file *file, const struct yaml_node *node, const char **value)
{
	if (dag_file_kind(file, node, YAML_STRING) < 0)
		return -1;
	*value = arena_strdup(&file->dag->arena, node->text);
	return 0;
}

int dag_file_is_name(const char *text, unsigned flags)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_-.";
	size_t size = strlen(text);

	return size > 0 && size <= LIMIT_NAME_BYTES && strspn(text, letters) == size &&
	       *text != '-' && *text != '.' && ((flags & DAG_FILE_DOTS) || !strchr(text, '.'));
}

int dag_file_name(struct dag_file *file, const struct yaml_node *node, unsigned flags,
                  const char **value)
{
	if (node->kind == YAML_NULL)
		return -1;
	if (!node->text || !dag_file_is_name(node->text, flags)) {
		yaml_error(file->dag->yaml, node, file->errors,
		           "a name is up to %d letters, digits, %s", LIMIT_NAME_BYTES,
		           flags & DAG_FILE_DOTS ? "'_', '-' and '.'" : "'_' and '-'");
		return -1;
	}
	*value = arena_strdup(&file->dag->arena, node->text);
	return 0;
}

int dag_file_int(struct dag_file *file, const struct yaml_node *node, int32_t low, int32_t high,
                 int32_t *value)
{
	if (dag_file_kind(file, node, YAML_INT) < 0)
		return -1;
	if (node->as.integer < low || node->as.integer > high) {
		yaml_error(file->dag->yaml, node, file->errors, "must be from %d to %d", (int)low,
		           (int)high);
		return -1;
	}
	*value = (int32_t)node->as.integer;
	return 0;
}

int dag_file_bool(struct dag_file *file, const struct yaml_node *node, int *value)
{
	if (dag_file_kind(file, node, YAML_BOOL) < 0)
		return -1;
	*value = node->as.boolean;
	return 0;
}

int dag_file_duration(struct dag_file *file, const struct yaml_node *node, int64_t *value_ms)
{
	struct err err;
	int64_t duration_ms;

	if (node->kind == YAML_NULL)
		return -1;
	if (!node->text) {
		yaml_error(file->dag->yaml, node, file->errors,
		           "expected a duration such as 90s, 15m, 2h or 1d, not %s",
		           yaml_kind_name(node->kind));
		return -1;
	}
	if (str_to_duration_ms(node->text, &duration_ms, &err) < 0) {
		yaml_error(file->dag->yaml, node, file->errors, "%s", err.text);
		return -1;
	}
	if (duration_ms > max_duration_ms) {
		yaml_error(file->dag->yaml, node, file->errors, "longer than 3650d");
		return -1;
	}
	*value_ms = duration_ms;
	return 0;
}

int dag_file_choice(struct dag_file *file, const struct yaml_node *node, const char *const *names,
                    size_t count, int *value)
{
	auto_buf struct buf list = {0};
	const char *nearest;

	if (node->kind == YAML_NULL)
		return -1;
	for (size_t i = 0; node->text && i < count; i++) {
		if (!str_equal(names[i], node->text))
			continue;
		*value = (int)i;
		return 0;
	}
	nearest = node->text ? str_nearest(node->text, names, count) : NULL;
	if (nearest) {
		yaml_error(file->dag->yaml, node, file->errors,
		           "'%s' is not known, did you mean '%s'?", node->text, nearest);
		return -1;
	}
	for (size_t i = 0; i < count; i++)
		buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
	yaml_error(file->dag->yaml, node, file->errors, "expected one of %s", buf_string(&list));
	return -1;
}
