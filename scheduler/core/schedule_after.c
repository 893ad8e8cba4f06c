/* schedule_after.c - conditions over DAGs */
#include "scheduler/core/schedule_after.h"

#include <string.h>

#include "lib/limits.h"
#include "lib/str.h"
#include "scheduler/core/dag_file.h"

enum { MAX_STEPS = 2 * LIMIT_SCHEDULE_DAGS };

struct reader {
	const char *text, *at;
	struct arena *arena;
	struct err *err;
	const char **dags;
	size_t dag_count;
	struct schedule_step *steps;
	size_t step_count;
	int depth;
};

static void skip_blanks(struct reader *in)
{
	in->at += strspn(in->at, " \t\r\n");
}

static size_t word_length(const char *text)
{
	return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.");
}

static int take_word(struct reader *in, const char *word)
{
	skip_blanks(in);
	if (word_length(in->at) != strlen(word) || strncmp(in->at, word, strlen(word)) != 0)
		return 0;
	in->at += strlen(word);
	return 1;
}

static int add_step(struct reader *in, struct schedule_step step)
{
	if (in->step_count == MAX_STEPS)
		return err_set(in->err, ERR_INVALID, "more than %d DAGs in one condition",
		               LIMIT_SCHEDULE_DAGS);
	in->steps[in->step_count++] = step;
	return 0;
}

static uint32_t index_of(struct reader *in, const char *name)
{
	for (size_t i = 0; i < in->dag_count; i++) {
		if (str_equal(in->dags[i], name))
			return (uint32_t)i;
	}
	in->dags[in->dag_count] = name;
	return (uint32_t)in->dag_count++;
}

static int take_name(struct reader *in)
{
	size_t length;
	const char *name;

	skip_blanks(in);
	length = word_length(in->at);
	name = arena_strndup(in->arena, in->at, length);
	if (!length || str_equal(name, "and") || str_equal(name, "or") || str_equal(name, "not") ||
	    !dag_file_is_name(name, DAG_FILE_DOTS))
		return err_set(
			in->err, ERR_INVALID,
			"expected the name of a DAG: conditions are such as 'a and (b or c)'");
	if (in->dag_count == LIMIT_SCHEDULE_DAGS)
		return err_set(in->err, ERR_INVALID, "more than %d DAGs in one condition",
		               LIMIT_SCHEDULE_DAGS);
	in->at += length;
	return add_step(in, (struct schedule_step){SCHEDULE_DAG, index_of(in, name)});
}

static int take_either(struct reader *in);

/* A name or a condition in parentheses. */
static int take_part(struct reader *in)
{
	skip_blanks(in);
	if (*in->at != '(')
		return take_name(in);
	if (++in->depth > LIMIT_EXPRESSION_DEPTH)
		return err_set(in->err, ERR_INVALID, "nested deeper than %d",
		               LIMIT_EXPRESSION_DEPTH);
	in->at++;
	if (take_either(in) < 0)
		return -1;
	skip_blanks(in);
	if (*in->at != ')')
		return err_set(in->err, ERR_INVALID, "')' is missing");
	in->at++;
	in->depth--;
	return 0;
}

static int take_both(struct reader *in)
{
	if (take_part(in) < 0)
		return -1;
	while (take_word(in, "and")) {
		if (take_part(in) < 0 ||
		    add_step(in, (struct schedule_step){.kind = SCHEDULE_AND}) < 0)
			return -1;
	}
	return 0;
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than LIMIT_EXPRESSION_DEPTH */
static int take_either(struct reader *in)
{
	if (take_both(in) < 0)
		return -1;
	while (take_word(in, "or")) {
		if (take_both(in) < 0 ||
		    add_step(in, (struct schedule_step){.kind = SCHEDULE_OR}) < 0)
			return -1;
	}
	return 0;
}

static int take_all(struct reader *in)
{
	if (take_either(in) < 0)
		return -1;
	skip_blanks(in);
	if (*in->at)
		return err_set(in->err, ERR_INVALID,
		               "expected 'and' or 'or': conditions are such as 'a and (b or c)'");
	return 0;
}

int schedule_after_parse(const char *text, struct schedule *schedule, struct arena *arena,
                         size_t *offset, struct err *err)
{
	struct reader in = {.text = text, .at = text, .arena = arena, .err = err};
	int result;

	in.dags = arena_array(arena, LIMIT_SCHEDULE_DAGS, sizeof(*in.dags));
	in.steps = arena_array(arena, MAX_STEPS, sizeof(*in.steps));
	result = take_all(&in);
	*offset = (size_t)(in.at - text);
	schedule->dags = in.dags;
	schedule->dag_count = in.dag_count;
	schedule->steps = in.steps;
	schedule->step_count = in.step_count;
	return result;
}
