/* body.c - the members of a JSON body, taken by a table, and all that is wrong with them */
#include "api/body.h"

#include "lib/str.h"
#include "lib/vec.h"

void body_fault(struct body_faults *faults, const char *pointer, const char *detail)
{
	*vec_push(faults) = (struct respond_fault){
		.pointer = pointer, .code = problem_name(PROBLEM_VALIDATION), .detail = detail};
}

const char *body_choice(const json_t *value, const char *const *names, const char *pointer,
                        const char *detail, struct body_faults *faults)
{
	while (*names && !(json_is_string(value) && str_equal(json_string_value(value), *names)))
		names++;
	if (!*names)
		body_fault(faults, pointer, detail);
	return *names;
}

static const struct body_member *find(const struct body_member *members, size_t count,
                                      const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (str_equal(members[i].name, name))
			return &members[i];
	}
	return NULL;
}

int body_take(struct request *request, const struct body_member *members, size_t count,
              void *target)
{
	auto_json json_t *body = request_body_object(request);
	struct body_faults faults = {0};
	const char *name;
	json_t *value;
	int result = 0;

	if (!body)
		return -1;
	json_object_foreach(body, name, value)
	{
		const struct body_member *member = find(members, count, name);

		if (member)
			member->take(request, value, target, &faults);
		else
			body_fault(&faults, arena_printf(&request->arena, "/%s", name),
			           "there is no such member");
	}
	if (faults.count) {
		respond_faults(request, PROBLEM_VALIDATION, "the body is not valid", faults.items,
		               faults.count);
		result = -1;
	}
	vec_release(&faults);
	return result;
}

void body_respond_faults(struct request *request, const struct command *command, const char *base)
{
	struct body_faults faults = {0};
	size_t index;
	json_t *fault;

	json_array_foreach(command->faults, index, fault)
	{
		const char *pointer = json_get_text(fault, "pointer", "");

		/* theirs may point into what they were given, ours into the body */
		if (!str_starts_with(pointer, base))
			pointer = arena_printf(&request->arena, "%s%s", base, pointer);
		body_fault(&faults, pointer, json_get_text(fault, "detail", ""));
	}
	respond_faults(request, PROBLEM_VALIDATION, command->err.text, faults.items, faults.count);
	vec_release(&faults);
}
