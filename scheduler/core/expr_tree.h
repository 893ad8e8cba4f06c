/* expr_tree.h - an expression as a tree, for those who walk it
 *
 * Made by expr.c, read by expr_check.c and expr_eval.c. Everything lives in the arena of the parse.
 */
#ifndef SCHEDULER_CORE_EXPR_TREE_H
#define SCHEDULER_CORE_EXPR_TREE_H

#include <stddef.h>
#include <stdint.h>

struct expr_function;

enum expr_kind {
	EXPR_NULL,
	EXPR_BOOL,
	EXPR_INT,
	EXPR_FLOAT,
	EXPR_TEXT,
	EXPR_LIST,
	EXPR_ROOT,   /* the first name of a path */
	EXPR_MEMBER, /* base.name */
	EXPR_INDEX,  /* base[index] */
	EXPR_CALL,
	EXPR_NOT,
	EXPR_AND,
	EXPR_OR,
	EXPR_EQUAL,
	EXPR_NOT_EQUAL,
	EXPR_LESS,
	EXPR_LESS_EQUAL,
	EXPR_GREATER,
	EXPR_GREATER_EQUAL,
	EXPR_IN,
	EXPR_NOT_IN,
};

/* What a path may begin with. */
enum expr_root {
	ROOT_PARAMS,
	ROOT_RUN,
	ROOT_TASKS,
	ROOT_ITEM,
	ROOT_INDEX,
	ROOT_VARS,
	ROOT_SECRETS,
	ROOT_COUNT,
};

struct expr {
	enum expr_kind kind;
	size_t offset; /* of its first byte in the text */
	union {
		int boolean;
		int64_t integer;
		double real;
		enum expr_root root;
		struct {
			const char *bytes; /* NUL-terminated */
			size_t size;
		} text;
		struct {
			const struct expr *base;
			const char *name;         /* of a member */
			const struct expr *index; /* of an index */
		} path;
		struct {
			const struct expr *left, *right; /* `not` has left only */
		} operands;
		struct {
			const struct expr_function *function; /* NULL: a list */
			const struct expr *const *items;
			size_t count;
		} list;
	} as;
};

#endif
