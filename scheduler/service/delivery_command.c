/* delivery_command.c - messages that a program takes */
#include "scheduler/service/delivery_command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/limits.h"

enum {
	OUTPUT_BYTES = 200, /* of what it said, for the reason */
};

/* The body as a file that nobody has to feed. */
static int make_input(const char *body, struct err *err)
{
	int fd = memfd_create("callback", MFD_CLOEXEC);

	if (fd < 0)
		return err_errno(err, errno, "could not make the input of a command");
	if (file_write_all(fd, body, strlen(body)) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		err_errno(err, errno, "could not write the input of a command");
		close(fd);
		return -1;
	}
	return fd;
}

/* What it says is read so that it never stands still; the beginning is kept. */
static void read_output(struct delivery *delivery)
{
	char bytes[4096];
	ssize_t got;

	while ((got = read(delivery->output_fd, bytes, sizeof(bytes))) > 0) {
		size_t room = OUTPUT_BYTES - delivery->output.size;

		buf_append(&delivery->output, bytes, (size_t)got < room ? (size_t)got : room);
	}
	if (got == 0)
		uv_poll_stop(&delivery->poll);
}

static void on_output(uv_poll_t *poll, int status, int events)
{
	(void)events;
	if (status < 0)
		uv_poll_stop(poll);
	else
		read_output(poll->data);
}

static void on_timeout(uv_timer_t *timer)
{
	struct delivery *delivery = timer->data;

	delivery->has_timed_out = 1;
	process_kill(delivery->process.pid);
}

static int read_arguments(struct delivery *delivery, char ***arguments, struct err *err)
{
	const json_t *list = json_object_get(delivery->target, "command");
	size_t i;
	json_t *pieces = NULL;

	*arguments = arena_array(&delivery->arena, json_array_size(list) + 1, sizeof(**arguments));
	json_array_foreach(list, i, pieces)
	{
		const char *text = delivery_text(delivery, pieces, err);

		if (!text)
			return -1;
		(*arguments)[i] = arena_strdup(&delivery->arena, text);
	}
	if (!i)
		return err_set(err, ERR_INVALID, "the command is empty");
	return 0;
}

static int start(struct delivery *delivery, int input_fd, struct err *err)
{
	const char *const variables[] = {
		arena_printf(&delivery->arena, "MILLRACE_EVENT=%s",
	                     json_get_text(delivery->target, "event", "")),
		arena_printf(&delivery->arena, "MILLRACE_DELIVERY=%s",
	                     json_get_text(delivery->target, "id", "")),
		NULL,
	};
	char **arguments;
	struct process_command command = {
		.variables = variables,
		.folder = config_project_dir(delivery->options->config),
		.input_fd = input_fd,
	};

	if (read_arguments(delivery, &arguments, err) < 0)
		return -1;
	command.arguments = arguments;
	return process_start_command(&command, &delivery->process, &delivery->output_fd, err);
}

int delivery_command_start(struct delivery *delivery, struct err *err)
{
	uv_loop_t *loop = delivery->options->loop;
	int input_fd = make_input(delivery->row.body, err);
	int result = input_fd < 0 ? -1 : start(delivery, input_fd, err);

	if (input_fd >= 0)
		close(input_fd);
	if (result < 0)
		return -1;
	delivery->options->child_started(delivery->options->context, &delivery->process);
	uv_poll_init(loop, &delivery->poll, delivery->output_fd);
	delivery->poll.data = delivery;
	uv_poll_start(&delivery->poll, UV_READABLE, on_output);
	uv_timer_init(loop, &delivery->timer);
	delivery->timer.data = delivery;
	uv_timer_start(&delivery->timer, on_timeout, DELIVERY_COMMAND_TIMEOUT_MS, 0);
	delivery->handles += 2;
	return 0;
}

/* Control characters would break the line of the log. */
static const char *said(struct delivery *delivery)
{
	for (size_t i = 0; i < delivery->output.size; i++) {
		if ((unsigned char)delivery->output.data[i] < ' ')
			delivery->output.data[i] = ' ';
	}
	return buf_string(&delivery->output);
}

void delivery_command_reaped(struct delivery *delivery, int wait_status)
{
	struct err err = {.code = ERR_NONE};

	process_kill(delivery->process.pid); /* the rest of its group */
	read_output(delivery);
	uv_poll_stop(&delivery->poll);
	uv_timer_stop(&delivery->timer);
	delivery->process.pid = 0;
	if (delivery->has_timed_out)
		err_set(&err, ERR_TIMEOUT, "the command was killed after %d s: %s",
		        DELIVERY_COMMAND_TIMEOUT_MS / 1000, said(delivery));
	else if (WIFSIGNALED(wait_status))
		err_set(&err, ERR_FAILED, "the command was killed by signal %d: %s",
		        WTERMSIG(wait_status), said(delivery));
	else if (WEXITSTATUS(wait_status))
		err_set(&err, ERR_FAILED, "the command exited with status %d: %s",
		        WEXITSTATUS(wait_status), said(delivery));
	delivery_end(delivery, &err);
}

void delivery_command_stop(struct delivery *delivery, uv_close_cb on_closed)
{
	if (delivery->process.pid)
		process_kill(delivery->process.pid);
	if (delivery->output_fd < 0)
		return;
	uv_poll_stop(&delivery->poll);
	close(delivery->output_fd);
	uv_close((uv_handle_t *)&delivery->poll, on_closed);
	uv_close((uv_handle_t *)&delivery->timer, on_closed);
}
