/* help.c - help on stdout, made from the table of commands */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"
#include "lib/compiler.h"
#include "lib/str.h"

enum {
	NAME_WIDTH = 24,
	OPTION_WIDTH = 26,
};

static int in_group(const struct verb *verb, const char *group)
{
	size_t size = strlen(group);

	return strncmp(verb->name, group, size) == 0 &&
	       (verb->name[size] == ' ' || verb->name[size] == '\0');
}

static void print_option(const struct verb_option *option)
{
	char left[64];

	(void)snprintf(left, sizeof(left), "%s%c%s--%s%s%s", option->letter ? "-" : " ",
	               option->letter ? option->letter : ' ', option->letter ? ", " : "  ",
	               option->name, option->value ? " " : "", option->value ? option->value : "");
	(void)printf("  %-*s %s\n", OPTION_WIDTH, left, option->help);
}

static void print_global_options(void)
{
	size_t count;
	const struct verb_option *options = verbs_global_options(&count);

	(void)puts("\nOptions of all commands:");
	for (size_t i = 0; i < count; i++)
		print_option(&options[i]);
}

/* Commands of one family stand together. */
static int begins_family(const struct verb *verb, const struct verb *previous)
{
	size_t size = strcspn(verb->name, " ");
	int is_same = strncmp(verb->name, previous->name, size) == 0 &&
	              (previous->name[size] == ' ' || previous->name[size] == '\0');

	return !is_same && (strchr(verb->name, ' ') || strchr(previous->name, ' '));
}

void help_all(void)
{
	size_t count;
	const struct verb *verbs = verbs_all(&count);

	(void)puts("Millrace runs DAGs of plugins, serves tables over REST and loads CSV.\n\n"
	           "usage: millrace COMMAND [ARGUMENTS] [OPTIONS]\n");
	for (size_t i = 0; i < count; i++) {
		if (verbs[i].flags & VERB_HIDDEN)
			continue;
		(void)printf("%s  %-*s %s\n",
		             i && begins_family(&verbs[i], &verbs[i - 1]) ? "\n" : "", NAME_WIDTH,
		             verbs[i].name, verbs[i].help);
	}
	print_global_options();
	(void)puts("\nSee 'millrace COMMAND --help' for arguments, options, examples and exit "
	           "statuses.");
}

void help_group(const struct verb_group *group)
{
	size_t count, shown = 0;
	const struct verb *verbs = verbs_all(&count);

	(void)printf("%s\n\n", group->help);
	for (size_t i = 0; i < count; i++) {
		if (in_group(&verbs[i], group->name))
			(void)printf("  millrace %s%s%s\n      %s\n", verbs[i].name,
			             *verbs[i].arguments ? " " : "", verbs[i].arguments,
			             verbs[i].help);
	}
	(void)puts("\nExamples:");
	for (size_t i = 0; i < count && shown < 2; i++) {
		if (!in_group(&verbs[i], group->name) || !verbs[i].examples[0])
			continue;
		(void)printf("  %s\n", verbs[i].examples[0]);
		shown++;
	}
}

static void print_exits(const struct verb *verb)
{
	(void)puts("\nExit status:");
	(void)puts("  0 ok, 1 failed, 2 wrong usage, 4 not allowed, 5 not found, 6 conflict,\n"
	           "  7 server or database unavailable, 124 timeout, 130 interrupted");
	if (verb->exits)
		(void)printf("  3 %s\n", verb->exits);
}

void help_verb(const struct verb *verb)
{
	(void)printf("usage: millrace %s%s%s%s\n\n%s\n", verb->name, *verb->arguments ? " " : "",
	             verb->arguments, verb->option_count ? " [OPTIONS]" : "", verb->help);
	if (verb->option_count)
		(void)puts("\nOptions:");
	for (size_t i = 0; i < verb->option_count; i++)
		print_option(&verb->options[i]);
	print_global_options();
	if (verb->examples[0])
		(void)puts("\nExamples:");
	for (size_t i = 0; i < countof(verb->examples) && verb->examples[i]; i++)
		(void)printf("  %s\n", verb->examples[i]);
	print_exits(verb);
}
