/* main.c - millrace: one binary, many commands
 *
 * The commands are the table in verbs.c; each group of them is one file cmd_*.c. `runner` is not for
 * people: the scheduler starts it to execute tasks.
 */
#include <signal.h>
#include <stdio.h>

#include "cli/call.h"
#include "cli/parse.h"
#include "lib/str.h"
#include "scheduler/runner/runner.h"

static int run_command(int argc, char **argv)
{
	struct call call;
	int status = EXIT_OK;

	call_init(&call);
	switch (parse_call(&call, argc, argv)) {
	case PARSE_RUN:
		status = call.verb->run(&call);
		break;
	case PARSE_DONE:
		break;
	case PARSE_USAGE:
		status = EXIT_USAGE;
		break;
	}
	call_release(&call);
	/* what could not be written was not said */
	if (fflush(stdout) != 0 && status == EXIT_OK)
		status = EXIT_FAILED;
	return status;
}

int main(int argc, char **argv)
{
	if (argc > 1 && str_equal(argv[1], "runner"))
		return runner_main(argc - 1, argv + 1);
	/* both show as errors of the write */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	return run_command(argc, argv);
}
