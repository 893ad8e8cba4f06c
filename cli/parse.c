/* parse.c - from argv to a call */
#include "cli/parse.h"

#include <stdint.h>
#include <string.h>

#include "cli/help.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "lib/str.h"
#include "lib/vec.h"

struct parser {
	struct call *call;
	char **argv; /* NULL-terminated */
	const struct verb_group *group;
	int is_literal; /* behind `--` */
};

static const struct verb_option *find_in(const struct verb_option *options, size_t count,
                                         const char *name, char letter)
{
	for (size_t i = 0; i < count; i++) {
		if (name ? str_equal(options[i].name, name) : options[i].letter == letter)
			return &options[i];
	}
	return NULL;
}

/* By name, or by letter when the name is NULL. */
static const struct verb_option *find_option(const struct call *call, const char *name, char letter)
{
	size_t count;
	const struct verb_option *global = verbs_global_options(&count);
	const struct verb_option *found =
		call->verb ? find_in(call->verb->options, call->verb->option_count, name, letter)
			   : NULL;

	return found ? found : find_in(global, count, name, letter);
}

static int refuse_option(const struct call *call, const char *name)
{
	enum { MOST = 64 };
	const char *names[MOST], *nearest;
	size_t count = 0, global_count;
	const struct verb_option *global = verbs_global_options(&global_count);

	for (size_t i = 0; call->verb && i < call->verb->option_count && count < MOST; i++)
		names[count++] = call->verb->options[i].name;
	for (size_t i = 0; i < global_count && count < MOST; i++)
		names[count++] = global[i].name;
	nearest = str_nearest(name, names, count);
	if (nearest)
		(void)call_usage("unknown option '--%s', did you mean '--%s'?", name, nearest);
	else
		(void)call_usage("unknown option '--%s'", name);
	return -1;
}

static int add_option(struct parser *parser, const struct verb_option *option, const char *value)
{
	struct call_option *given;

	if (option->value && !value) {
		if (!*parser->argv) {
			(void)call_usage("option '--%s' needs %s", option->name, option->value);
			return -1;
		}
		value = *parser->argv++;
	} else if (!option->value && value) {
		(void)call_usage("option '--%s' takes no value", option->name);
		return -1;
	}
	given = vec_push(&parser->call->options);
	given->option = option;
	given->value = value ? value : "";
	return 0;
}

/* `--name`, `--name=value`, `--name value` */
static int take_long(struct parser *parser, const char *text)
{
	const char *equals = strchr(text, '=');
	const char *name = arena_strndup(&parser->call->arena, text,
	                                 equals ? (size_t)(equals - text) : strlen(text));
	const struct verb_option *option = find_option(parser->call, name, '\0');

	return option ? add_option(parser, option, equals ? equals + 1 : NULL)
	              : refuse_option(parser->call, name);
}

/* `-q`, `-qf`, `-n5`, `-n 5` */
static int take_letters(struct parser *parser, const char *letters)
{
	for (; *letters; letters++) {
		const struct verb_option *option = find_option(parser->call, NULL, *letters);

		if (!option) {
			(void)call_usage("unknown option '-%c'", *letters);
			return -1;
		}
		if (option->value)
			return add_option(parser, option, letters[1] ? letters + 1 : NULL);
		if (add_option(parser, option, NULL) < 0)
			return -1;
	}
	return 0;
}

static int refuse_word(const struct parser *parser, const char *word)
{
	const char *group = parser->group ? parser->group->name : NULL;
	const char *nearest = verbs_nearest(group, word);
	const char *blank = group ? " " : "";

	if (nearest)
		(void)call_usage("unknown command '%s%s%s', did you mean '%s'?", group ? group : "",
		                 blank, word, nearest);
	else
		(void)call_usage("unknown command '%s%s%s', see 'millrace%s%s --help'",
		                 group ? group : "", blank, word, blank, group ? group : "");
	return -1;
}

/* `dags backfill list`: a command whose first word makes it another one. */
static void take_argument(struct call *call, char *word)
{
	const struct verb *longer =
		call->arguments.count
			? NULL
			: verbs_find(arena_printf(&call->arena, "%s %s", call->verb->name, word));

	if (longer)
		call->verb = longer;
	else
		*vec_push(&call->arguments) = word;
}

/* A word that is no option: part of the command's name, else an argument. */
static int take_word(struct parser *parser, char *word)
{
	struct call *call = parser->call;

	if (call->verb) {
		take_argument(call, word);
		return 0;
	}
	if (!parser->group) {
		parser->group = verbs_group(word);
		call->verb = parser->group ? NULL : verbs_find(word);
		return parser->group || call->verb ? 0 : refuse_word(parser, word);
	}
	call->verb = verbs_find(arena_printf(&call->arena, "%s %s", parser->group->name, word));
	if (call->verb)
		return 0;
	/* `report NAME`: a group whose own name is a command too */
	call->verb = verbs_find(parser->group->name);
	if (!call->verb)
		return refuse_word(parser, word);
	*vec_push(&call->arguments) = word;
	return 0;
}

static int take(struct parser *parser, char *text)
{
	if (parser->is_literal || *text != '-' || !text[1])
		return take_word(parser, text);
	if (str_equal(text, "--")) {
		parser->is_literal = 1;
		return 0;
	}
	return text[1] == '-' ? take_long(parser, text + 2) : take_letters(parser, text + 1);
}

static int read_format(struct call *call)
{
	static const char *const names[] = {
		[FORMAT_TABLE] = "table",
		[FORMAT_JSON] = "json",
		[FORMAT_JSONL] = "jsonl",
		[FORMAT_CSV] = "csv",
	};
	const char *wanted = call_option(call, "output");

	if (call_has(call, "json"))
		call->format = FORMAT_JSON;
	if (!wanted)
		return 0;
	for (size_t i = 0; i < countof(names); i++) {
		if (str_equal(names[i], wanted)) {
			call->format = (enum call_format)i;
			return 0;
		}
	}
	(void)call_usage("'%s' is none of table, json, jsonl, csv", wanted);
	return -1;
}

/* How many arguments the words of `DAG [FILE]…` stand for. */
static void count_arguments(const char *text, size_t *least, size_t *most)
{
	*least = *most = 0;
	for (const char *at = text; *at; at += strspn(at, " ")) {
		size_t size = strcspn(at, " ");

		*least += *at != '[';
		if (memmem(at, size, "…", strlen("…")))
			*most = SIZE_MAX / 2;
		++*most;
		at += size;
	}
}

static int check_arguments(const struct call *call)
{
	size_t least, most;

	count_arguments(call->verb->arguments, &least, &most);
	if (call->arguments.count >= least && call->arguments.count <= most)
		return 0;
	(void)call_usage("%s: usage: millrace %s %s",
	                 call->arguments.count < least ? "an argument is missing"
	                                               : "too many arguments",
	                 call->verb->name, call->verb->arguments);
	return -1;
}

static enum parse_result answer_help(const struct parser *parser)
{
	if (parser->call->verb)
		help_verb(parser->call->verb);
	else if (parser->group)
		help_group(parser->group);
	else
		help_all();
	return PARSE_DONE;
}

enum parse_result parse_call(struct call *call, int argc, char **argv)
{
	struct parser parser = {.call = call, .argv = argv + (argc > 0)};

	while (*parser.argv) {
		char *text = *parser.argv++;

		if (take(&parser, text) < 0)
			return PARSE_USAGE;
	}
	terminal_set_color(call_option(call, "color"));
	if (!call->verb && parser.group)
		call->verb = verbs_find(parser.group->name);
	if (call_has(call, "help"))
		return answer_help(&parser);
	if (!call->verb && call_has(call, "version"))
		call->verb = verbs_find("version");
	if (!call->verb)
		return answer_help(&parser);
	return read_format(call) < 0 || check_arguments(call) < 0 ? PARSE_USAGE : PARSE_RUN;
}
