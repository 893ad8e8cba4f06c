/* dag_schema.c - the JSON-Schema words of a parameter in a DAG file */
#include "scheduler/core/dag_schema.h"

#include <regex.h>
#include <string.h>

#include "lib/limits.h"
#include "lib/str.h"
#include "scheduler/core/schema.h"

static void read_schema(struct dag_file *file, const struct yaml_node *node);

static void read_any(struct dag_file *file, const struct yaml_node *node, void *target)
{
	(void)file;
	(void)node;
	(void)target;
}

static void read_text(struct dag_file *file, const struct yaml_node *node, void *target)
{
	const char *text;

	(void)target;
	(void)dag_file_text(file, node, &text);
}

static void read_type_name(struct dag_file *file, const struct yaml_node *node)
{
	int type;

	if (node->kind == YAML_NULL)
		yaml_error(file->dag->yaml, node, file->errors,
		           "in quotes, please: \"null\" is the type, null is nothing");
	else
		(void)dag_file_choice(file, node, schema_types, SCHEMA_TYPES, &type);
}

static void read_type(struct dag_file *file, const struct yaml_node *node, void *target)
{
	(void)target;
	if (node->kind != YAML_LIST) {
		read_type_name(file, node);
		return;
	}
	if (!node->as.list.count)
		yaml_error(file->dag->yaml, node, file->errors, "the list of types is empty");
	for (size_t i = 0; i < node->as.list.count; i++)
		read_type_name(file, node->as.list.items[i]);
}

static void read_list(struct dag_file *file, const struct yaml_node *node, void *target)
{
	(void)target;
	if (node->kind != YAML_LIST)
		yaml_error(file->dag->yaml, node, file->errors, "expected a list, not %s",
		           yaml_kind_name(node->kind));
}

static void read_number(struct dag_file *file, const struct yaml_node *node, void *target)
{
	(void)target;
	if (node->kind != YAML_INT && node->kind != YAML_FLOAT)
		yaml_error(file->dag->yaml, node, file->errors, "expected a number, not %s",
		           yaml_kind_name(node->kind));
}

static void read_count(struct dag_file *file, const struct yaml_node *node, void *target)
{
	int32_t count;

	(void)target;
	(void)dag_file_int(file, node, 0, INT32_MAX, &count);
}

static void read_flag(struct dag_file *file, const struct yaml_node *node, void *target)
{
	int flag;

	(void)target;
	(void)dag_file_bool(file, node, &flag);
}

static void read_pattern(struct dag_file *file, const struct yaml_node *node, void *target)
{
	char why[128];
	regex_t regex;
	const char *pattern;
	int fault;

	(void)target;
	if (dag_file_text(file, node, &pattern) < 0)
		return;
	if (strlen(pattern) > LIMIT_PATTERN_BYTES) {
		yaml_error(file->dag->yaml, node, file->errors,
		           "the pattern is longer than %d bytes", LIMIT_PATTERN_BYTES);
		return;
	}
	fault = regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB);
	if (fault) {
		regerror(fault, &regex, why, sizeof(why));
		yaml_error(file->dag->yaml, node, file->errors,
		           "not a regular expression (POSIX extended): %s", why);
		return;
	}
	regfree(&regex);
}

static void read_nested(struct dag_file *file, const struct yaml_node *node, void *target)
{
	(void)target;
	if (dag_file_kind(file, node, YAML_MAP) == 0)
		read_schema(file, node);
}

static void read_properties(struct dag_file *file, const struct yaml_node *node, void *target)
{
	if (dag_file_kind(file, node, YAML_MAP) < 0)
		return;
	for (size_t i = 0; i < node->as.map.count; i++)
		read_nested(file, node->as.map.pairs[i].value, target);
}

static void read_additional(struct dag_file *file, const struct yaml_node *node, void *target)
{
	if (node->kind != YAML_BOOL)
		read_nested(file, node, target);
}

static void read_required(struct dag_file *file, const struct yaml_node *node, void *target)
{
	const char *name;

	read_list(file, node, target);
	for (size_t i = 0; node->kind == YAML_LIST && i < node->as.list.count; i++) {
		if (dag_file_text(file, node->as.list.items[i], &name) < 0 &&
		    node->as.list.items[i]->kind == YAML_NULL)
			yaml_error(file->dag->yaml, node->as.list.items[i], file->errors,
			           "expected a name");
	}
}

static const struct dag_file_key words[] = {
	{"type", read_type},
	{"default", read_any},
	{"title", read_text},
	{"description", read_text},
	{"examples", read_list},
	{"enum", read_list},
	{"const", read_any},
	{"minimum", read_number},
	{"maximum", read_number},
	{"exclusiveMinimum", read_number},
	{"exclusiveMaximum", read_number},
	{"minLength", read_count},
	{"maxLength", read_count},
	{"pattern", read_pattern},
	{"items", read_nested},
	{"minItems", read_count},
	{"maxItems", read_count},
	{"uniqueItems", read_flag},
	{"properties", read_properties},
	{"required", read_required},
	{"additionalProperties", read_additional},
};

static void read_schema(struct dag_file *file, const struct yaml_node *node)
{
	dag_file_keys(file, node, words, countof(words), NULL);
}

static void check_default(struct dag_file *file, const struct yaml_node *node)
{
	const struct yaml_node *fallback = yaml_get(node, "default");
	auto_json json_t *schema = yaml_to_json(node);
	auto_json json_t *value = fallback ? yaml_to_json(fallback) : NULL;
	struct err err;

	if (value && schema_check(schema, value, &err) < 0)
		yaml_error(file->dag->yaml, fallback, file->errors, "the default %s", err.text);
}

int dag_schema_read(struct dag_file *file, const struct yaml_node *node)
{
	size_t faults = file->errors->count;

	if (node->kind != YAML_MAP) {
		yaml_error(file->dag->yaml, node, file->errors,
		           "expected JSON-Schema words, such as {type: string, default: x}");
		return -1;
	}
	read_schema(file, node);
	if (file->errors->count == faults)
		check_default(file, node);
	return file->errors->count == faults ? 0 : -1;
}
