/* dag_acts.c - handlers of what people do to DAGs */
#include "api/dag_acts.h"

#include "api/body.h"
#include "api/dags.h"

struct update {
	int is_paused;
	int is_given;
};

static void take_paused(struct request *request, const json_t *value, void *target,
                        struct body_faults *faults)
{
	struct update *update = target;

	(void)request;
	if (!json_is_boolean(value))
		body_fault(faults, "/is_paused", "must be true or false");
	update->is_paused = json_is_true(value);
	update->is_given = 1;
}

static void on_updated(struct request *request, struct command *command)
{
	if (command->err.code == ERR_NONE)
		dags_show(request);
	else
		respond_error(request, &command->err);
}

void dag_acts_update(struct request *request)
{
	static const struct body_member members[] = {{"is_paused", take_paused}};
	struct command command = {.kind = COMMAND_PAUSE, .by = "api", .dag = request->values[0]};
	struct update update = {0};

	if (body_take(request, members, countof(members), &update) < 0)
		return;
	command.is_paused = update.is_paused;
	if (update.is_given)
		request_command(request, &command, on_updated);
	else
		respond_problem(request, PROBLEM_VALIDATION, "there is no is_paused to set");
}
