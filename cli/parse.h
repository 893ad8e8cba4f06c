/* parse.h - from argv to a call */
#ifndef CLI_PARSE_H
#define CLI_PARSE_H

#include "cli/call.h"

enum parse_result {
	PARSE_RUN,   /* call->verb is set and its arguments are complete */
	PARSE_DONE,  /* help or version was asked for and given */
	PARSE_USAGE, /* what is wrong was said */
};

enum parse_result parse_call(struct call *call, int argc, char **argv);

#endif
