/* expr.c - the expressions of DAG files, as trees */
#include "scheduler/core/expr.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/limits.h"
#include "lib/str.h"
#include "lib/vec.h"
#include "scheduler/core/expr_function.h"
#include "scheduler/core/expr_tree.h"

struct parser {
	struct arena *arena;
	const char *text; /* NUL-terminated copy */
	size_t at;
	int depth;
	int failed;
	size_t fault_at;
	struct err *err;
};

struct operands {
	const struct expr **items;
	size_t count, capacity;
};

static const struct expr *parse_or(struct parser *parser);

/* Words */

static const struct expr *fail(struct parser *parser, size_t at, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* The first fault is the one to tell; what follows it is guesswork. */
static const struct expr *fail(struct parser *parser, size_t at, const char *format, ...)
{
	va_list arguments;
	auto_buf struct buf text = {0};

	if (parser->failed)
		return NULL;
	va_start(arguments, format);
	buf_vprintf(&text, format, arguments);
	va_end(arguments);
	err_set(parser->err, ERR_INVALID, "%s", buf_string(&text));
	parser->failed = 1;
	parser->fault_at = at;
	return NULL;
}

static int is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int starts_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Names may hold `-`: there is no subtraction. */
static int in_name(char c)
{
	return starts_name(c) || is_digit(c) || c == '-';
}

static void skip_space(struct parser *parser)
{
	while (is_space(parser->text[parser->at]))
		parser->at++;
}

/* Bytes of the name that stands here, or 0. */
static size_t name_size(const struct parser *parser)
{
	const char *text = parser->text + parser->at;
	size_t size = 0;

	while (in_name(text[size]))
		size++;
	return size;
}

/* Takes a sign when it stands here. */
static int take(struct parser *parser, const char *sign)
{
	skip_space(parser);
	if (!str_starts_with(parser->text + parser->at, sign))
		return 0;
	parser->at += strlen(sign);
	return 1;
}

/* Takes a word such as `and` when it stands here. */
static int take_word(struct parser *parser, const char *word)
{
	size_t size;

	skip_space(parser);
	size = name_size(parser);
	if (size != strlen(word) || strncmp(parser->text + parser->at, word, size) != 0)
		return 0;
	parser->at += size;
	return 1;
}

static struct expr *new_expr(struct parser *parser, enum expr_kind kind, size_t offset)
{
	struct expr *expr = arena_alloc(parser->arena, sizeof(*expr));

	expr->kind = kind;
	expr->offset = offset;
	return expr;
}

/* Values */

static const struct expr *parse_number(struct parser *parser)
{
	size_t start = parser->at;
	const char *text = parser->text + start;
	struct expr *expr = new_expr(parser, EXPR_INT, start);
	size_t size = strspn(text, "+-0123456789");
	char *end;

	errno = 0;
	if (text[size] == '.' || text[size] == 'e' || text[size] == 'E') {
		expr->kind = EXPR_FLOAT;
		expr->as.real = strtod(text, &end);
		if (!isfinite(expr->as.real))
			return fail(parser, start, "the number is too large");
	} else {
		expr->as.integer = strtoll(text, &end, 10);
		if (errno == ERANGE)
			return fail(parser, start, "the number does not fit 64 bits");
	}
	parser->at += (size_t)(end - text);
	if (end == text || in_name(*end) || *end == '.')
		return fail(parser, start, "not a number");
	return expr;
}

/* What stands behind a backslash, or 0. */
static char escaped(char c)
{
	static const char from[] = "ntr\\'\"", to[] = "\n\t\r\\'\"";
	const char *found = c ? strchr(from, c) : NULL;

	if (!found)
		return '\0';
	return to[found - from];
}

static const struct expr *parse_text(struct parser *parser)
{
	auto_buf struct buf buf = {0};
	size_t start = parser->at;
	char quote = parser->text[parser->at++];
	struct expr *expr = new_expr(parser, EXPR_TEXT, start);

	for (char c; (c = parser->text[parser->at]) != quote; parser->at++) {
		if (!c)
			return fail(parser, start, "the text has no closing %c", quote);
		if (c == '\\') {
			parser->at++;
			c = escaped(parser->text[parser->at]);
			if (!c)
				return fail(parser, parser->at - 1,
				            "unknown escape, there are \\n \\t \\r \\\\ \\' \\\"");
		}
		buf_char(&buf, c);
	}
	parser->at++;
	expr->as.text.bytes = arena_strndup(parser->arena, buf_string(&buf), buf.size);
	expr->as.text.size = buf.size;
	return expr;
}

/* Expressions between commas up to `close`. */
static int parse_items(struct parser *parser, const char *close, struct expr *list)
{
	struct operands items = {0};
	const struct expr **copy;

	if (!take(parser, close)) {
		do {
			const struct expr *item = parse_or(parser);

			*vec_push(&items) = item;
		} while (!parser->failed && take(parser, ","));
		if (!parser->failed && !take(parser, close))
			fail(parser, parser->at, "expected ',' or '%s'", close);
	}
	copy = arena_array(parser->arena, items.count + 1, sizeof(*copy));
	if (items.count)
		memcpy(copy, items.items, items.count * sizeof(*copy));
	list->as.list.items = copy;
	list->as.list.count = items.count;
	vec_release(&items);
	return parser->failed ? -1 : 0;
}

static const struct expr *parse_list(struct parser *parser)
{
	struct expr *list = new_expr(parser, EXPR_LIST, parser->at++);

	return parse_items(parser, "]", list) < 0 ? NULL : list;
}

static const struct expr *parse_call(struct parser *parser, size_t start, const char *name)
{
	const char *nearest = NULL;
	const struct expr_function *function = expr_function_find(name, &nearest);
	struct expr *call = new_expr(parser, EXPR_CALL, start);

	if (!function && nearest)
		return fail(parser, start, "unknown function '%s', did you mean '%s'?", name,
		            nearest);
	if (!function)
		return fail(parser, start, "unknown function '%s'", name);
	call->as.list.function = function;
	if (parse_items(parser, ")", call) < 0)
		return NULL;
	if (call->as.list.count != function->argument_count)
		return fail(parser, start, "%s takes %zu argument%s, not %zu", function->usage,
		            function->argument_count, function->argument_count == 1 ? "" : "s",
		            call->as.list.count);
	return call;
}

static const struct expr *parse_constant(struct parser *parser, const char *name, size_t start)
{
	struct expr *expr;

	if (str_equal(name, "null"))
		return new_expr(parser, EXPR_NULL, start);
	if (!str_equal(name, "true") && !str_equal(name, "false"))
		return NULL;
	expr = new_expr(parser, EXPR_BOOL, start);
	expr->as.boolean = str_equal(name, "true");
	return expr;
}

static const struct expr *parse_root(struct parser *parser, const char *name, size_t start)
{
	static const char *const roots[] = {
		[ROOT_PARAMS] = "params",   [ROOT_RUN] = "run",     [ROOT_TASKS] = "tasks",
		[ROOT_ITEM] = "item",       [ROOT_INDEX] = "index", [ROOT_VARS] = "vars",
		[ROOT_SECRETS] = "secrets",
	};
	struct expr *expr = new_expr(parser, EXPR_ROOT, start);
	const char *nearest;

	for (int root = 0; root < ROOT_COUNT; root++) {
		if (!str_equal(roots[root], name))
			continue;
		expr->as.root = (enum expr_root)root;
		return expr;
	}
	nearest = str_nearest(name, roots, countof(roots));
	if (nearest)
		return fail(parser, start, "unknown name '%s', did you mean '%s'?", name, nearest);
	return fail(parser, start,
	            "unknown name '%s'; there are params, run, tasks, item, index, vars, secrets",
	            name);
}

static const struct expr *parse_name(struct parser *parser)
{
	size_t start = parser->at;
	size_t size = name_size(parser);
	const char *name = arena_strndup(parser->arena, parser->text + start, size);
	const struct expr *constant = parse_constant(parser, name, start);

	parser->at += size;
	if (constant)
		return constant;
	if (take(parser, "("))
		return parse_call(parser, start, name);
	return parse_root(parser, name, start);
}

static const struct expr *parse_value(struct parser *parser)
{
	const struct expr *inner;
	char c;

	skip_space(parser);
	c = parser->text[parser->at];
	if (c == '\'' || c == '"')
		return parse_text(parser);
	if (c == '[')
		return parse_list(parser);
	if (is_digit(c) || ((c == '-' || c == '+') && is_digit(parser->text[parser->at + 1])))
		return parse_number(parser);
	if (starts_name(c))
		return parse_name(parser);
	if (c != '(')
		return fail(parser, parser->at,
		            c ? "expected a value" : "the expression ends too early");
	parser->at++;
	inner = parse_or(parser);
	if (!parser->failed && !take(parser, ")"))
		return fail(parser, parser->at, "expected ')'");
	return inner;
}

/* `.name` behind a value. */
static const struct expr *parse_member(struct parser *parser, const struct expr *base)
{
	struct expr *member = new_expr(parser, EXPR_MEMBER, parser->at);
	size_t size = name_size(parser);

	if (!size)
		return fail(parser, parser->at, "expected a name behind '.'");
	member->as.path.base = base;
	member->as.path.name = arena_strndup(parser->arena, parser->text + parser->at, size);
	parser->at += size;
	return member;
}

/* `[index]` behind a value; a text is a member by another spelling. */
static const struct expr *parse_index(struct parser *parser, const struct expr *base)
{
	const struct expr *index = parse_or(parser);
	struct expr *expr;

	if (parser->failed)
		return NULL;
	if (!take(parser, "]"))
		return fail(parser, parser->at, "expected ']'");
	expr = new_expr(parser, index->kind == EXPR_TEXT ? EXPR_MEMBER : EXPR_INDEX, index->offset);
	expr->as.path.base = base;
	if (index->kind == EXPR_TEXT)
		expr->as.path.name = index->as.text.bytes;
	else
		expr->as.path.index = index;
	return expr;
}

/* Operators */

static const struct expr *parse_path(struct parser *parser)
{
	const struct expr *expr = parse_value(parser);

	for (int length = 0; !parser->failed; length++) {
		if (length > LIMIT_EXPRESSION_DEPTH)
			return fail(parser, parser->at, "the path has more than %d parts",
			            LIMIT_EXPRESSION_DEPTH);
		if (take(parser, "."))
			expr = parse_member(parser, expr);
		else if (take(parser, "["))
			expr = parse_index(parser, expr);
		else
			break;
	}
	return expr;
}

static const struct expr *binary(struct parser *parser, enum expr_kind kind, size_t offset,
                                 const struct expr *left, const struct expr *right)
{
	struct expr *expr = new_expr(parser, kind, offset);

	expr->as.operands.left = left;
	expr->as.operands.right = right;
	return expr;
}

/* Takes a comparison sign; EXPR_NULL when there is none. */
static enum expr_kind take_comparison(struct parser *parser)
{
	static const struct {
		const char *sign;
		enum expr_kind kind;
	} signs[] = {
		{"==", EXPR_EQUAL}, {"!=", EXPR_NOT_EQUAL},     {"<=", EXPR_LESS_EQUAL},
		{"<", EXPR_LESS},   {">=", EXPR_GREATER_EQUAL}, {">", EXPR_GREATER},
	};
	size_t start;

	for (size_t i = 0; i < countof(signs); i++) {
		if (take(parser, signs[i].sign))
			return signs[i].kind;
	}
	if (take_word(parser, "in"))
		return EXPR_IN;
	start = parser->at;
	if (take_word(parser, "not") && take_word(parser, "in"))
		return EXPR_NOT_IN;
	parser->at = start;
	return EXPR_NULL;
}

static const struct expr *parse_comparison(struct parser *parser)
{
	const struct expr *left = parse_path(parser), *right;
	enum expr_kind kind;
	size_t at;

	if (parser->failed)
		return NULL;
	skip_space(parser);
	at = parser->at;
	kind = take_comparison(parser);
	if (kind == EXPR_NULL)
		return left;
	right = parse_path(parser);
	if (parser->failed)
		return NULL;
	left = binary(parser, kind, at, left, right);
	skip_space(parser);
	at = parser->at;
	if (take_comparison(parser) != EXPR_NULL)
		return fail(parser, at, "comparisons cannot be chained, use 'and'");
	return left;
}

static const struct expr *parse_not(struct parser *parser)
{
	size_t at;
	const struct expr *operand;

	skip_space(parser);
	at = parser->at;
	if (!take_word(parser, "not"))
		return parse_comparison(parser);
	if (++parser->depth > LIMIT_EXPRESSION_DEPTH)
		return fail(parser, at, "nested deeper than %d levels", LIMIT_EXPRESSION_DEPTH);
	operand = parse_not(parser);
	parser->depth--;
	return binary(parser, EXPR_NOT, at, operand, NULL);
}

static const struct expr *parse_and(struct parser *parser)
{
	const struct expr *left = parse_not(parser);

	for (;;) {
		size_t at;

		skip_space(parser);
		at = parser->at;
		if (parser->failed || !take_word(parser, "and"))
			return left;
		left = binary(parser, EXPR_AND, at, left, parse_not(parser));
	}
}

static const struct expr *parse_or(struct parser *parser)
{
	const struct expr *left;

	if (++parser->depth > LIMIT_EXPRESSION_DEPTH)
		return fail(parser, parser->at, "nested deeper than %d levels",
		            LIMIT_EXPRESSION_DEPTH);
	left = parse_and(parser);
	for (;;) {
		size_t at;

		skip_space(parser);
		at = parser->at;
		if (parser->failed || !take_word(parser, "or"))
			break;
		left = binary(parser, EXPR_OR, at, left, parse_and(parser));
	}
	parser->depth--;
	return left;
}

static const struct expr *parse_whole(struct parser *parser)
{
	const struct expr *expr;

	skip_space(parser);
	if (!parser->text[parser->at])
		return fail(parser, parser->at, "the expression is empty");
	expr = parse_or(parser);
	if (parser->failed)
		return NULL;
	skip_space(parser);
	if (str_starts_with(parser->text + parser->at, "="))
		return fail(parser, parser->at, "'=' is not an operator, compare with '=='");
	if (parser->text[parser->at])
		return fail(parser, parser->at, "expected an operator or the end");
	return expr;
}

const struct expr *expr_parse(struct arena *arena, const char *text, size_t size, size_t *fault_at,
                              struct err *err)
{
	struct parser parser = {.arena = arena, .err = err};
	const struct expr *expr;

	*fault_at = 0;
	if (size > LIMIT_EXPRESSION_BYTES) {
		err_set(err, ERR_LIMIT, "the expression is longer than %d bytes",
		        LIMIT_EXPRESSION_BYTES);
		return NULL;
	}
	parser.text = arena_strndup(arena, text, size);
	expr = parse_whole(&parser);
	*fault_at = parser.fault_at;
	return parser.failed ? NULL : expr;
}

size_t expr_end(const char *text, size_t size)
{
	char quote = '\0';

	for (size_t i = 0; i < size; i++) {
		if (quote) {
			if (text[i] == '\\')
				i++;
			else if (text[i] == quote)
				quote = '\0';
		} else if (text[i] == '\'' || text[i] == '"') {
			quote = text[i];
		} else if (text[i] == '}' && i + 1 < size && text[i + 1] == '}') {
			return i;
		}
	}
	return size;
}
