/* template.c - YAML values with expressions inside */
#include "scheduler/core/template.h"

#include <string.h>

#include "lib/buf.h"
#include "lib/limits.h"
#include "lib/str.h"
#include "lib/vec.h"

static const char open_mark[] = "${{";

struct part {
	const char *text; /* NULL: an expression */
	size_t size;
	const struct expr *expr;
};

struct member {
	const char *key; /* NULL in a list */
	const struct template *value;
};

enum template_kind {
	TEMPLATE_SCALAR, /* as the YAML has it */
	TEMPLATE_EXPRESSION,
	TEMPLATE_TEXT, /* parts, formatted one behind the other */
	TEMPLATE_LIST,
	TEMPLATE_MAP,
};

struct template
{
	enum template_kind kind;
	union {
		struct yaml_node scalar; /* its text is the arena's */
		const struct expr *expr;
		struct {
			struct part *items;
			size_t count;
		} parts;
		struct {
			struct member *items;
			size_t count;
		} members;
	} as;
};

struct reader {
	struct arena *arena;
	const struct yaml *yaml;
	const struct expr_names *names;
	struct yaml_errors *errors;
};

/* Where the faults of one expression go. */
struct fault_place {
	const struct reader *reader;
	const struct yaml_node *node;
	size_t start; /* of the expression in the node's text */
};

static void tell_fault(void *context, size_t offset, const char *text)
{
	const struct fault_place *place = context;

	yaml_error_at(place->reader->yaml, place->node, place->start + offset,
	              place->reader->errors, "%s", text);
}

/* The expression at `start` of a node's text; NULL after telling its fault. */
static const struct expr *read_expression(const struct reader *reader, const struct yaml_node *node,
                                          size_t start, size_t size)
{
	struct fault_place place = {.reader = reader, .node = node, .start = start};
	const struct expr *expr;
	size_t fault_at;
	struct err err;

	expr = expr_parse(reader->arena, node->text + start, size, &fault_at, &err);
	if (expr)
		expr_check(expr, reader->names, tell_fault, &place);
	else
		tell_fault(&place, fault_at, err.text);
	return expr;
}

struct parts {
	struct part *items;
	size_t count, capacity;
};

/* Reads `${{ … }}` at `at`; returns what is behind it, NULL at a fault. */
static const char *read_part(const struct reader *reader, const struct yaml_node *node,
                             const char *at, struct parts *parts)
{
	const char *inner = at + sizeof(open_mark) - 1;
	size_t size = expr_end(inner, strlen(inner));
	struct part part = {0};

	if (!inner[size]) {
		yaml_error_at(reader->yaml, node, (size_t)(at - node->text), reader->errors,
		              "'${{' has no closing '}}'");
		return NULL;
	}
	part.expr = read_expression(reader, node, (size_t)(inner - node->text), size);
	if (!part.expr)
		return NULL;
	*vec_push(parts) = part;
	return inner + size + 2;
}

static void read_parts(const struct reader *reader, const struct yaml_node *node,
                       struct parts *parts)
{
	const char *at = node->text;

	while (at && *at) {
		const char *mark = strstr(at, open_mark);
		size_t size = mark ? (size_t)(mark - at) : strlen(at);

		if (size) {
			struct part *part = vec_push(parts);

			part->text = arena_strndup(reader->arena, at, size);
			part->size = size;
		}
		at = mark ? read_part(reader, node, mark, parts) : NULL;
	}
}

static void read_text(const struct reader *reader, const struct yaml_node *node,
                      struct template *template)
{
	struct parts parts = {0};

	read_parts(reader, node, &parts);
	if (parts.count == 1 && parts.items[0].expr) {
		template->kind = TEMPLATE_EXPRESSION;
		template->as.expr = parts.items[0].expr;
	} else {
		template->kind = TEMPLATE_TEXT;
		template->as.parts.count = parts.count;
		template->as.parts.items =
			arena_array(reader->arena, parts.count + 1, sizeof(*parts.items));
		if (parts.count)
			memcpy(template->as.parts.items, parts.items,
			       parts.count * sizeof(*parts.items));
	}
	vec_release(&parts);
}

static const struct template *read_value(const struct reader *reader, const struct yaml_node *node);

static void read_members(const struct reader *reader, const struct yaml_node *node,
                         struct template *template)
{
	int is_map = node->kind == YAML_MAP;
	size_t count = is_map ? node->as.map.count : node->as.list.count;
	struct member *members = arena_array(reader->arena, count + 1, sizeof(*members));

	for (size_t i = 0; i < count; i++) {
		if (is_map)
			members[i].key =
				arena_strdup(reader->arena, node->as.map.pairs[i].key->text);
		members[i].value = read_value(reader, is_map ? node->as.map.pairs[i].value
		                                             : node->as.list.items[i]);
	}
	template->kind = is_map ? TEMPLATE_MAP : TEMPLATE_LIST;
	template->as.members.items = members;
	template->as.members.count = count;
}

static const struct template *read_value(const struct reader *reader, const struct yaml_node *node)
{
	struct template *template = arena_alloc(reader->arena, sizeof(*template));

	if (node->kind == YAML_MAP || node->kind == YAML_LIST) {
		read_members(reader, node, template);
	} else if (node->kind == YAML_STRING && strstr(node->text, open_mark)) {
		read_text(reader, node, template);
	} else {
		template->kind = TEMPLATE_SCALAR;
		template->as.scalar = *node;
		template->as.scalar.text = arena_strdup(reader->arena, node->text);
	}
	return template;
}

const struct template *template_parse(struct arena *arena, const struct yaml *yaml,
                                      const struct yaml_node *node, const struct expr_names *names,
                                      struct yaml_errors *errors)
{
	const struct reader reader = {arena, yaml, names, errors};

	return read_value(&reader, node);
}

const struct expr *template_parse_condition(struct arena *arena, const struct yaml *yaml,
                                            const struct yaml_node *node,
                                            const struct expr_names *names,
                                            struct yaml_errors *errors)
{
	const struct reader reader = {arena, yaml, names, errors};
	struct parts parts = {0};
	const struct expr *expr = NULL;

	if (node->kind != YAML_STRING && node->kind != YAML_BOOL) {
		yaml_error(yaml, node, errors, "expected an expression, not %s",
		           yaml_kind_name(node->kind));
		return NULL;
	}
	if (!strstr(node->text, open_mark))
		return read_expression(&reader, node, 0, strlen(node->text));
	read_parts(&reader, node, &parts);
	if (parts.count == 1)
		expr = parts.items[0].expr;
	else if (parts.count > 1)
		yaml_error(yaml, node, errors, "expected one expression and nothing beside it");
	vec_release(&parts);
	return expr;
}

/* Rendering */

/* One value on its way; it must end in time, for each part alone may be as long as the limit. */
struct rendering {
	const struct expr_scope *scope;
	struct err *err;
	int64_t left; /* bytes, as JSON */
};

static json_t *render(const struct template *template, struct rendering *rendering);

static json_t *render_text(const struct template *template, struct rendering *rendering)
{
	auto_buf struct buf buf = {0};

	for (size_t i = 0; i < template->as.parts.count; i++) {
		const struct part *part = &template->as.parts.items[i];
		json_t *value;

		if (part->text) {
			buf_append(&buf, part->text, part->size);
			continue;
		}
		value = expr_eval(part->expr, rendering->scope, rendering->err);
		if (!value)
			return NULL;
		expr_eval_format(&buf, value);
		json_decref(value);
		if (buf.size > LIMIT_INPUTS_BYTES) {
			err_set(rendering->err, ERR_LIMIT, "the text is longer than %d bytes",
			        LIMIT_INPUTS_BYTES);
			return NULL;
		}
	}
	return json_stringn_nocheck(buf.data ? buf.data : "", buf.size);
}

static json_t *render_list(const struct template *template, struct rendering *rendering)
{
	json_t *list = json_array();

	for (size_t i = 0; i < template->as.members.count; i++) {
		json_t *value = render(template->as.members.items[i].value, rendering);

		if (!value) {
			err_prefix(rendering->err, "item %zu", i + 1);
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list, value);
	}
	return list;
}

static json_t *render_map(const struct template *template, struct rendering *rendering)
{
	json_t *object = json_object();

	for (size_t i = 0; i < template->as.members.count; i++) {
		const struct member *member = &template->as.members.items[i];
		json_t *value = render(member->value, rendering);

		if (!value) {
			err_prefix(rendering->err, "'%s'", member->key);
			json_decref(object);
			return NULL;
		}
		json_object_set_new(object, member->key, value);
	}
	return object;
}

/* NULL stays NULL. */
static json_t *take_room(json_t *value, struct rendering *rendering)
{
	if (!value)
		return NULL;
	rendering->left -= expr_eval_size(value, rendering->left);
	if (rendering->left >= 0)
		return value;
	json_decref(value);
	err_set(rendering->err, ERR_LIMIT, "with what stands before it, it is longer than %d bytes",
	        LIMIT_INPUTS_BYTES);
	return NULL;
}

static json_t *render(const struct template *template, struct rendering *rendering)
{
	switch (template->kind) {
	case TEMPLATE_SCALAR:
		return yaml_to_json(&template->as.scalar);
	case TEMPLATE_EXPRESSION:
		return take_room(expr_eval(template->as.expr, rendering->scope, rendering->err),
		                 rendering);
	case TEMPLATE_TEXT:
		return take_room(render_text(template, rendering), rendering);
	case TEMPLATE_LIST:
		return render_list(template, rendering);
	case TEMPLATE_MAP:
		return render_map(template, rendering);
	}
	return json_null();
}

json_t *template_render(const struct template *template, const struct expr_scope *scope,
                        struct err *err)
{
	struct rendering rendering = {scope, err, LIMIT_INPUTS_BYTES};
	json_t *value = render(template, &rendering);

	/* values are shared while they are in memory, not any more where they are written */
	if (!value ||
	    json_dumpb(value, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) <= LIMIT_INPUTS_BYTES)
		return value;
	json_decref(value);
	err_set(err, ERR_LIMIT, "it is longer than %d bytes", LIMIT_INPUTS_BYTES);
	return NULL;
}

int template_may_be_list(const struct template *template)
{
	return template->kind == TEMPLATE_LIST || template->kind == TEMPLATE_EXPRESSION;
}

int template_has_expressions(const struct yaml_node *node)
{
	if (node->kind == YAML_STRING)
		return strstr(node->text, open_mark) != NULL;
	for (size_t i = 0; node->kind == YAML_LIST && i < node->as.list.count; i++) {
		if (template_has_expressions(node->as.list.items[i]))
			return 1;
	}
	for (size_t i = 0; node->kind == YAML_MAP && i < node->as.map.count; i++) {
		if (template_has_expressions(node->as.map.pairs[i].value))
			return 1;
	}
	return 0;
}
