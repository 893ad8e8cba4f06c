/* expr_eval.c - what an expression is worth */
#include "scheduler/core/expr_eval.h"

#include <string.h>

#include "lib/json_writer.h"
#include "lib/limits.h"
#include "scheduler/core/expr_function.h"
#include "scheduler/core/expr_tree.h"

const char *expr_eval_type_name(const json_t *value)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "a map",     [JSON_ARRAY] = "a list",  [JSON_STRING] = "text",
		[JSON_INTEGER] = "a number", [JSON_REAL] = "a number", [JSON_TRUE] = "true",
		[JSON_FALSE] = "false",      [JSON_NULL] = "null",
	};

	return names[json_typeof(value)];
}

int expr_eval_truth(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return json_object_size(value) > 0;
	case JSON_ARRAY:
		return json_array_size(value) > 0;
	case JSON_STRING:
		return json_string_length(value) > 0;
	case JSON_INTEGER:
		return json_integer_value(value) != 0;
	case JSON_REAL:
		return json_real_value(value) < 0 || json_real_value(value) > 0;
	case JSON_TRUE:
		return 1;
	case JSON_FALSE:
	case JSON_NULL:
		return 0;
	}
	return 0;
}

void expr_eval_format(struct buf *buf, const json_t *value)
{
	struct json_writer writer;

	if (json_is_string(value)) {
		buf_append(buf, json_string_value(value), json_string_length(value));
	} else if (json_is_real(value)) {
		json_writer_init(&writer, buf);
		json_writer_float(&writer, json_real_value(value));
	} else if (!json_is_null(value)) {
		json_append(buf, value);
	}
}

int64_t expr_eval_size(const json_t *value, int64_t most)
{
	const char *key;
	json_t *member = NULL;
	int64_t size = 1;
	size_t i;

	if (json_is_string(value))
		return (int64_t)json_string_length(value) + 2;
	json_array_foreach(value, i, member)
	{
		if (size > most)
			break;
		size += expr_eval_size(member, most - size) + 1;
	}
	json_object_foreach((json_t *)(uintptr_t)value, key, member)
	{
		if (size > most)
			break;
		size += (int64_t)strlen(key) + expr_eval_size(member, most - size) + 3;
	}
	return size;
}

/* Paths */

static json_t *or_null(json_t *value)
{
	return value ? json_incref(value) : json_null();
}

static json_t *root_value(enum expr_root root, const struct expr_scope *scope)
{
	switch (root) {
	case ROOT_PARAMS:
		return or_null(scope->params);
	case ROOT_RUN:
		return or_null(scope->run);
	case ROOT_VARS:
		return or_null(scope->vars);
	case ROOT_ITEM:
		return or_null(scope->item);
	case ROOT_INDEX:
		return json_integer(scope->index);
	case ROOT_TASKS:
	case ROOT_SECRETS:
	case ROOT_COUNT:
		break;
	}
	return json_null(); /* refused at load */
}

static json_t *look_up(expr_lookup_fn lookup, void *context, const char *what, const char *name,
                       struct err *err)
{
	if (lookup)
		return lookup(context, name, err);
	err_set(err, ERR_INVALID, "there are no %s here to find '%s' in", what, name);
	return NULL;
}

static json_t *member_of(const json_t *value, const char *name, struct err *err)
{
	if (json_is_null(value))
		return json_null();
	if (json_is_object(value))
		return or_null(json_object_get(value, name));
	err_set(err, ERR_INVALID, "%s has no member '%s'", expr_eval_type_name(value), name);
	return NULL;
}

static json_t *eval_member(const struct expr *expr, const struct expr_scope *scope, struct err *err)
{
	const struct expr *base = expr->as.path.base;
	const char *name = expr->as.path.name;
	json_t *value, *member;

	if (base->kind == EXPR_ROOT && base->as.root == ROOT_TASKS)
		return look_up(scope->task, scope->context, "tasks", name, err);
	if (base->kind == EXPR_ROOT && base->as.root == ROOT_SECRETS)
		return look_up(scope->secret, scope->context, "secrets", name, err);
	value = expr_eval(base, scope, err);
	if (!value)
		return NULL;
	member = member_of(value, name, err);
	json_decref(value);
	return member;
}

static json_t *element_of(const json_t *value, const json_t *index, struct err *err)
{
	if (json_is_null(value))
		return json_null();
	if (json_is_array(value) && json_is_integer(index))
		return or_null(json_array_get(value, (size_t)json_integer_value(index)));
	if (json_is_string(index))
		return member_of(value, json_string_value(index), err);
	err_set(err, ERR_INVALID, "%s cannot be looked up in %s", expr_eval_type_name(index),
	        expr_eval_type_name(value));
	return NULL;
}

static json_t *eval_index(const struct expr *expr, const struct expr_scope *scope, struct err *err)
{
	auto_json json_t *value = expr_eval(expr->as.path.base, scope, err);
	auto_json json_t *index = value ? expr_eval(expr->as.path.index, scope, err) : NULL;

	return index ? element_of(value, index, err) : NULL;
}

/* Operators */

static int compare_numbers(const json_t *left, const json_t *right)
{
	if (json_is_integer(left) && json_is_integer(right)) {
		json_int_t a = json_integer_value(left), b = json_integer_value(right);

		return (a > b) - (a < b);
	}
	return (json_number_value(left) > json_number_value(right)) -
	       (json_number_value(left) < json_number_value(right));
}

static int are_equal(const json_t *left, const json_t *right)
{
	if (json_is_number(left) && json_is_number(right))
		return compare_numbers(left, right) == 0;
	return json_equal(left, right);
}

static json_t *order(enum expr_kind kind, const json_t *left, const json_t *right, struct err *err)
{
	int sign;

	if (json_is_number(left) && json_is_number(right)) {
		sign = compare_numbers(left, right);
	} else if (json_is_string(left) && json_is_string(right)) {
		sign = strcmp(json_string_value(left), json_string_value(right));
	} else {
		err_set(err, ERR_INVALID, "cannot order %s and %s", expr_eval_type_name(left),
		        expr_eval_type_name(right));
		return NULL;
	}
	if (kind == EXPR_LESS)
		return json_boolean(sign < 0);
	if (kind == EXPR_LESS_EQUAL)
		return json_boolean(sign <= 0);
	return json_boolean(kind == EXPR_GREATER ? sign > 0 : sign >= 0);
}

/* 1, 0, or -1 with the error. */
static int contains(const json_t *container, const json_t *value, struct err *err)
{
	size_t i;
	json_t *item;

	if (json_is_array(container)) {
		json_array_foreach(container, i, item)
		{
			if (are_equal(item, value))
				return 1;
		}
		return 0;
	}
	if (json_is_string(container) && json_is_string(value))
		return strstr(json_string_value(container), json_string_value(value)) != NULL;
	if (json_is_object(container) && json_is_string(value))
		return json_object_get(container, json_string_value(value)) != NULL;
	return err_set(err, ERR_INVALID, "'in' cannot look for %s in %s",
	               expr_eval_type_name(value), expr_eval_type_name(container));
}

static json_t *apply(enum expr_kind kind, const json_t *left, const json_t *right, struct err *err)
{
	int found;

	if (kind == EXPR_EQUAL || kind == EXPR_NOT_EQUAL)
		return json_boolean(are_equal(left, right) == (kind == EXPR_EQUAL));
	if (kind != EXPR_IN && kind != EXPR_NOT_IN)
		return order(kind, left, right, err);
	found = contains(right, left, err);
	return found < 0 ? NULL : json_boolean(found == (kind == EXPR_IN));
}

static json_t *eval_comparison(const struct expr *expr, const struct expr_scope *scope,
                               struct err *err)
{
	auto_json json_t *left = expr_eval(expr->as.operands.left, scope, err);
	auto_json json_t *right = left ? expr_eval(expr->as.operands.right, scope, err) : NULL;

	return right ? apply(expr->kind, left, right, err) : NULL;
}

/* `and`, `or`: the right side only where it matters. */
static json_t *eval_logic(const struct expr *expr, const struct expr_scope *scope, struct err *err)
{
	json_t *value = expr_eval(expr->as.operands.left, scope, err);
	int truth;

	if (!value)
		return NULL;
	truth = expr_eval_truth(value);
	json_decref(value);
	if (truth == (expr->kind == EXPR_OR))
		return json_boolean(truth);
	value = expr_eval(expr->as.operands.right, scope, err);
	if (!value)
		return NULL;
	truth = expr_eval_truth(value);
	json_decref(value);
	return json_boolean(truth);
}

static json_t *eval_not(const struct expr *expr, const struct expr_scope *scope, struct err *err)
{
	auto_json json_t *value = expr_eval(expr->as.operands.left, scope, err);

	return value ? json_boolean(!expr_eval_truth(value)) : NULL;
}

static json_t *eval_arguments(const struct expr *expr, const struct expr_scope *scope,
                              struct err *err)
{
	json_t *list = json_array();

	for (size_t i = 0; i < expr->as.list.count; i++) {
		json_t *item = expr_eval(expr->as.list.items[i], scope, err);

		if (!item) {
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list, item);
	}
	return list;
}

/* What a list holds together has an end, whatever each of its items is. */
static json_t *eval_literal(const struct expr *expr, const struct expr_scope *scope,
                            struct err *err)
{
	int64_t left = LIMIT_INPUTS_BYTES;
	json_t *list = json_array();

	for (size_t i = 0; i < expr->as.list.count; i++) {
		json_t *item = expr_eval(expr->as.list.items[i], scope, err);

		if (!item)
			goto failed;
		json_array_append_new(list, item);
		left -= expr_eval_size(item, left);
		if (left < 0) {
			err_set(err, ERR_LIMIT, "a list is longer than %d bytes",
			        LIMIT_INPUTS_BYTES);
			goto failed;
		}
	}
	return list;
failed:
	json_decref(list);
	return NULL;
}

static json_t *eval_call(const struct expr *expr, const struct expr_scope *scope, struct err *err)
{
	enum { ARGUMENTS = 3 }; /* the most that any function takes */
	json_t *arguments[ARGUMENTS];
	auto_json json_t *list = eval_arguments(expr, scope, err);

	if (!list)
		return NULL;
	for (size_t i = 0; i < ARGUMENTS; i++)
		arguments[i] = json_array_get(list, i);
	return expr->as.list.function->call(arguments, err);
}

json_t *expr_eval(const struct expr *expr, const struct expr_scope *scope, struct err *err)
{
	switch (expr->kind) {
	case EXPR_NULL:
		return json_null();
	case EXPR_BOOL:
		return json_boolean(expr->as.boolean);
	case EXPR_INT:
		return json_integer(expr->as.integer);
	case EXPR_FLOAT:
		return json_real(expr->as.real);
	case EXPR_TEXT:
		return json_stringn_nocheck(expr->as.text.bytes, expr->as.text.size);
	case EXPR_LIST:
		return eval_literal(expr, scope, err);
	case EXPR_ROOT:
		return root_value(expr->as.root, scope);
	case EXPR_MEMBER:
		return eval_member(expr, scope, err);
	case EXPR_INDEX:
		return eval_index(expr, scope, err);
	case EXPR_CALL:
		return eval_call(expr, scope, err);
	case EXPR_NOT:
		return eval_not(expr, scope, err);
	case EXPR_AND:
	case EXPR_OR:
		return eval_logic(expr, scope, err);
	case EXPR_EQUAL:
	case EXPR_NOT_EQUAL:
	case EXPR_LESS:
	case EXPR_LESS_EQUAL:
	case EXPR_GREATER:
	case EXPR_GREATER_EQUAL:
	case EXPR_IN:
	case EXPR_NOT_IN:
		return eval_comparison(expr, scope, err);
	}
	return json_null();
}
