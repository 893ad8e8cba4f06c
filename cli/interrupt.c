/* interrupt.c - Ctrl-C as a question to be asked */
#include "cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include "cli/verb.h"

static volatile sig_atomic_t seen;

static void note(int signal_number)
{
	(void)signal_number;
	seen = 1;
}

void interrupt_watch(void)
{
	/* SA_RESETHAND: the second one has its usual effect */
	struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESETHAND};

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static _Noreturn void end(int signal_number)
{
	(void)signal_number;
	_exit(EXIT_INTERRUPTED);
}

void interrupt_ends(void)
{
	struct sigaction action = {.sa_handler = end};

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

int interrupt_seen(void)
{
	return seen;
}
