/* cmd_completion.c - `millrace completion` */
#include "cli/cmd_completion.h"

#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"
#include "lib/str.h"

static int is_shown(const struct verb *verb)
{
	return !(verb->flags & VERB_HIDDEN);
}

static void print_first_words(void)
{
	size_t count;
	const struct verb *verbs = verbs_all(&count);

	for (size_t i = 0; i < count; i++) {
		size_t size = strcspn(verbs[i].name, " ");

		if (is_shown(&verbs[i]) &&
		    (!i || strncmp(verbs[i].name, verbs[i - 1].name, size + 1) != 0))
			(void)printf("%.*s ", (int)size, verbs[i].name);
	}
}

static void print_second_words(const char *group)
{
	size_t count, size = strlen(group);
	const struct verb *verbs = verbs_all(&count);

	for (size_t i = 0; i < count; i++) {
		if (is_shown(&verbs[i]) && strncmp(verbs[i].name, group, size) == 0 &&
		    verbs[i].name[size] == ' ')
			(void)printf("%s ", verbs[i].name + size + 1);
	}
}

static void print_options(const struct verb *verb)
{
	size_t count;
	const struct verb_option *global = verbs_global_options(&count);

	for (size_t i = 0; i < verb->option_count; i++)
		(void)printf("--%s ", verb->options[i].name);
	for (size_t i = 0; i < count; i++)
		(void)printf("--%s ", global[i].name);
}

static void print_bash(void)
{
	size_t count, group_count;
	const struct verb *verbs = verbs_all(&count);
	const struct verb_group *groups = verbs_groups(&group_count);

	(void)puts("_millrace()\n{\n"
	           "\tlocal word=${COMP_WORDS[COMP_CWORD]} verb=\"${COMP_WORDS[1]} "
	           "${COMP_WORDS[2]}\"\n"
	           "\tlocal words=\n"
	           "\tcase $COMP_CWORD:${COMP_WORDS[1]} in");
	(void)fputs("\t1:*) words='", stdout);
	print_first_words();
	(void)puts("' ;;");
	for (size_t i = 0; i < group_count; i++) {
		(void)printf("\t2:%s) words='", groups[i].name);
		print_second_words(groups[i].name);
		(void)puts("' ;;");
	}
	(void)puts("\tesac\n\tif [[ $word == -* ]]; then\n\t\tcase $verb in");
	for (size_t i = 0; i < count; i++) {
		if (!is_shown(&verbs[i]))
			continue;
		(void)printf("\t\t'%s'%s) words='", verbs[i].name,
		             strchr(verbs[i].name, ' ') ? "" : "*");
		print_options(&verbs[i]);
		(void)puts("' ;;");
	}
	(void)puts("\t\tesac\n\tfi\n"
	           "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
	           "\t[[ ${#COMPREPLY[@]} -gt 0 ]] || compopt -o default\n"
	           "}\n"
	           "complete -F _millrace millrace");
}

static void print_zsh(void)
{
	(void)puts("#compdef millrace\nautoload -U +X bashcompinit && bashcompinit");
	print_bash();
}

static void print_fish(void)
{
	size_t count;
	const struct verb *verbs = verbs_all(&count);

	(void)puts("complete -c millrace -f");
	for (size_t i = 0; i < count; i++) {
		size_t size = strcspn(verbs[i].name, " ");

		if (!is_shown(&verbs[i]))
			continue;
		(void)printf("complete -c millrace -n __fish_use_subcommand -a '%.*s'\n", (int)size,
		             verbs[i].name);
		if (verbs[i].name[size])
			(void)printf("complete -c millrace -n '__fish_seen_subcommand_from %.*s' "
			             "-a '%s' -d '%s'\n",
			             (int)size, verbs[i].name, verbs[i].name + size + 1,
			             verbs[i].help);
		for (size_t j = 0; j < verbs[i].option_count; j++)
			(void)printf("complete -c millrace -n '__fish_seen_subcommand_from %.*s' "
			             "-l %s -d '%s'%s\n",
			             (int)size, verbs[i].name, verbs[i].options[j].name,
			             verbs[i].options[j].help,
			             verbs[i].options[j].value ? " -r" : "");
	}
}

int cmd_completion(struct call *call)
{
	static const struct {
		const char *shell;
		void (*print)(void);
	} shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};

	for (size_t i = 0; i < countof(shells); i++) {
		if (!str_equal(shells[i].shell, call_argument(call, 0)))
			continue;
		shells[i].print();
		return EXIT_OK;
	}
	return call_usage("'%s' is none of bash, zsh, fish", call_argument(call, 0));
}
