/* runner_main.c - `millrace runner` alone, for tests of the runner */
#include "scheduler/runner/runner.h"

int main(int argc, char **argv)
{
	return runner_main(argc, argv);
}
