/* expr_check.c - whether an expression names only what there is */
#include "scheduler/core/expr_check.h"

#include "lib/buf.h"
#include "lib/str.h"
#include "scheduler/core/expr_tree.h"

struct check {
	const struct expr *whole;
	const struct expr_names *names;
	expr_fault_fn fault;
	void *context;
};

static const char *const run_members[] = {
	"id", "dag", "logical_date", "interval_start", "interval_end", "type", "object",
};
static const char *const task_members[] = {"state", "outputs"};

static void tell(const struct check *check, size_t offset, const char *format, ...)
	PRINTF_LIKE(3, 4);

static void tell(const struct check *check, size_t offset, const char *format, ...)
{
	auto_buf struct buf text = {0};
	va_list arguments;

	va_start(arguments, format);
	buf_vprintf(&text, format, arguments);
	va_end(arguments);
	check->fault(check->context, offset, buf_string(&text));
}

static void check_name(const struct check *check, const struct expr *at, const char *what,
                       const char *const *known, size_t count)
{
	const char *name = at->as.path.name, *nearest;

	for (size_t i = 0; i < count; i++) {
		if (str_equal(known[i], name))
			return;
	}
	nearest = str_nearest(name, known, count);
	if (nearest)
		tell(check, at->offset, "unknown %s '%s', did you mean '%s'?", what, name, nearest);
	else
		tell(check, at->offset, "unknown %s '%s'", what, name);
}

static void check_task(const struct check *check, const struct expr *at)
{
	const struct expr_names *names = check->names;

	if (!map_get(names->task_map, at->as.path.name))
		check_name(check, at, "task", names->tasks, names->task_count);
}

/* `root.name` */
static void check_root_member(const struct check *check, const struct expr *at)
{
	switch (at->as.path.base->as.root) {
	case ROOT_PARAMS:
		check_name(check, at, "parameter", check->names->params, check->names->param_count);
		break;
	case ROOT_RUN:
		check_name(check, at, "name of a run", run_members, countof(run_members));
		break;
	case ROOT_TASKS:
		check_task(check, at);
		break;
	case ROOT_INDEX:
		tell(check, at->offset, "'index' is a number and has no members");
		break;
	case ROOT_SECRETS:
		if (check->names->flags & EXPR_CHECK_STORED)
			tell(check, at->offset, "a secret has no place in what is stored");
		break;
	case ROOT_ITEM:
	case ROOT_VARS:
	case ROOT_COUNT:
		break;
	}
}

static int is_whole_secret(const struct check *check, const struct expr *root)
{
	return check->whole->kind == EXPR_MEMBER && check->whole->as.path.base == root;
}

/* A root as it stands, with no name behind it or one that is not known before the run. */
static void check_root(const struct check *check, const struct expr *at, int is_whole)
{
	enum expr_root root = at->as.root;
	int is_mapped = (check->names->flags & EXPR_CHECK_ITEM) != 0;

	if (is_whole && root == ROOT_TASKS)
		tell(check, at->offset,
		     "which task? write tasks.NAME.outputs.KEY or tasks.NAME.state");
	if (is_whole && root == ROOT_SECRETS)
		tell(check, at->offset, "which secret? write secrets.NAME");
	if (root == ROOT_SECRETS && (check->names->flags & EXPR_CHECK_PLAIN_SECRETS) &&
	    !is_whole_secret(check, at))
		tell(check, at->offset,
		     "a secret stands alone between '${{' and '}}' here, without functions and "
		     "operators");
	if (!is_mapped && (root == ROOT_ITEM || root == ROOT_INDEX))
		tell(check, at->offset, "'%s' is there in tasks with 'map' only",
		     root == ROOT_ITEM ? "item" : "index");
}

static void check_any(const struct check *check, const struct expr *expr);

static void check_member(const struct check *check, const struct expr *expr)
{
	const struct expr *base = expr->as.path.base;

	if (base->kind == EXPR_ROOT) {
		check_root_member(check, expr);
		check_root(check, base, 0);
		return;
	}
	if (base->kind == EXPR_MEMBER && base->as.path.base->kind == EXPR_ROOT &&
	    base->as.path.base->as.root == ROOT_TASKS)
		check_name(check, expr, "name of a task", task_members, countof(task_members));
	check_any(check, base);
}

static void check_items(const struct check *check, const struct expr *list)
{
	for (size_t i = 0; i < list->as.list.count; i++)
		check_any(check, list->as.list.items[i]);
}

static void check_any(const struct check *check, const struct expr *expr)
{
	switch (expr->kind) {
	case EXPR_NULL:
	case EXPR_BOOL:
	case EXPR_INT:
	case EXPR_FLOAT:
	case EXPR_TEXT:
		break;
	case EXPR_LIST:
	case EXPR_CALL:
		check_items(check, expr);
		break;
	case EXPR_ROOT:
		check_root(check, expr, 1);
		break;
	case EXPR_MEMBER:
		check_member(check, expr);
		break;
	case EXPR_INDEX:
		check_any(check, expr->as.path.base);
		check_any(check, expr->as.path.index);
		break;
	case EXPR_NOT:
		check_any(check, expr->as.operands.left);
		break;
	case EXPR_AND:
	case EXPR_OR:
	case EXPR_EQUAL:
	case EXPR_NOT_EQUAL:
	case EXPR_LESS:
	case EXPR_LESS_EQUAL:
	case EXPR_GREATER:
	case EXPR_GREATER_EQUAL:
	case EXPR_IN:
	case EXPR_NOT_IN:
		check_any(check, expr->as.operands.left);
		check_any(check, expr->as.operands.right);
		break;
	}
}

void expr_check(const struct expr *expr, const struct expr_names *names, expr_fault_fn fault,
                void *context)
{
	struct check check = {.whole = expr, .names = names, .fault = fault, .context = context};

	check_any(&check, expr);
}
