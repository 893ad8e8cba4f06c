/* body.h - the members of a JSON body, taken by a table, and all that is wrong with them
 *
 * Texts that are taken must be copied into the request's arena: the body is gone afterwards.
 */
#ifndef API_BODY_H
#define API_BODY_H

#include <stddef.h>

#include "api/request.h"
#include "api/respond.h"
#include "lib/compiler.h"

struct body_faults {
	struct respond_fault *items;
	size_t count, capacity;
};

struct body_member {
	const char *name;
	void (*take)(struct request *request, const json_t *value, void *target,
	             struct body_faults *faults);
};

/* Takes all members of the request's body; -1 after it has answered: unknown ones, and what the
 * members themselves found wrong. */
MUST_CHECK int body_take(struct request *request, const struct body_member *members, size_t count,
                         void *target);

/* The one of `names`, which ends with NULL, that the value is; else NULL, and that is a fault. */
const char *body_choice(const json_t *value, const char *const *names, const char *pointer,
                        const char *detail, struct body_faults *faults);

/* `pointer` and `detail` live as long as the request. */
void body_fault(struct body_faults *faults, const char *pointer, const char *detail);

/* What the scheduler found wrong: an array of {"pointer", "detail"}, below `base`. */
void body_respond_faults(struct request *request, const struct command *command, const char *base);

#endif
