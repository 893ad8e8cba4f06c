/* cmd_load.c - `millrace load`: CSV into a table */
#include "cli/cmd_load.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "cli/ground.h"
#include "cli/interrupt.h"
#include "cli/meter.h"
#include "cli/output.h"
#include "lib/clock.h"
#include "lib/str.h"
#include "storage/load/load.h"
#include "storage/load/load_input.h"
#include "storage/object/uri.h"

static const struct output_column columns[] = {
	{"table", "table"},       {"received", "received"}, {"inserted", "inserted"},
	{"updated", "updated"},   {"skipped", "skipped"},   {"rejected", "rejected"},
	{"reasons", "reasons"},   {"rejects", "rejects"},   {"committed", "committed"},
	{"load id", "load_id"},   {"strategy", "strategy"}, {"seconds", "seconds"},
	{"rows/s", "rows_per_s"},
};

/* One load and what it reads from. */
struct loading {
	struct call *call;
	struct ground ground;
	struct load_options options;
	struct meter meter;
	int64_t began_us;
	struct object_reader *reader; /* of a URI or file; NULL: stdin */
	int fd;
};

static int is_cancelled(void *data)
{
	(void)data;
	return interrupt_seen();
}

/* On whatever thread reads; the loader tells at most ten times a second. */
static void show_progress(void *data, const struct load_progress *progress)
{
	struct loading *loading = data;
	double seconds = (double)(clock_monotonic_us() - loading->began_us) / 1e6;
	struct meter_task task = {
		.name = call_option(loading->call, "into"),
		.unit = "rows",
		.note = "",
		.done = progress->rows,
		.total = progress->rows_total,
		.seconds = seconds,
	};

	/* while it is read nobody knows the rows, but the bytes say how far it is */
	if (progress->rows_total < 0 && progress->bytes_total > 0 && progress->bytes_done > 0)
		task.total = (int64_t)((double)progress->rows * (double)progress->bytes_total /
		                       (double)progress->bytes_done);
	if (meter_is_due(&loading->meter))
		meter_draw(&loading->meter, &task, 1);
}

/* The value of an option of formats.md §2, by its name there; NULL when it was not given. */
static const char *option_value(const struct call *call, const char *name)
{
	char flag[64];

	str_copy(flag, sizeof(flag), name);
	for (char *at = strchr(flag, '_'); at; at = strchr(at, '_'))
		*at = '-';
	return call_option(call, flag);
}

/* The options of formats.md §2 by their names, as one object. */
static json_t *read_options(const struct call *call, struct err *err)
{
	const char *map = call_option(call, "map");
	size_t count;
	const char *const *names = load_options_names(&count);
	json_t *object = json_object();

	for (size_t i = 0; i < count; i++) {
		const char *value = option_value(call, names[i]);

		/* switches have no value of their own */
		if (value)
			json_object_set_new(object, names[i],
			                    json_string(*value || str_equal(names[i], "null")
			                                        ? value
			                                        : "true"));
	}
	if (call_has(call, "no-header"))
		json_object_set_new(object, "header", json_false());
	if (map && json_object_set_new(object, "map", json_parse(map, strlen(map), err)) < 0) {
		err_prefix(err, "'--map' needs a JSON object");
		json_decref(object);
		return NULL;
	}
	return object;
}

/* Where rejects of a local file go when nothing is said: beside it. */
static void place_rejects(const struct call *call, const char *source, json_t *options)
{
	const char *given = json_get_text(options, "rejects", NULL);
	struct call *owner = (struct call *)(uintptr_t)call;

	if (given)
		json_object_set_new(options, "rejects", json_string(ground_uri(owner, given)));
	else if (!uri_has_scheme(source) && !str_equal(source, "-"))
		json_object_set_new(
			options, "rejects",
			json_string(ground_uri(
				owner, arena_printf(&owner->arena, "%s.rejects.csv", source))));
}

static int prepare(struct loading *loading, const char *source, struct err *err)
{
	auto_json json_t *options = read_options(loading->call, err);

	if (!options)
		return -1;
	place_rejects(loading->call, source, options);
	if (load_options_parse(options, &loading->call->arena, &loading->options, err) < 0)
		return -1;
	return 0;
}

static int open_source(struct loading *loading, const char *source, struct load_input *input,
                       struct err *err)
{
	static const struct object_range everything = {0, -1};
	struct call *call = loading->call;
	struct object_ref ref;
	const char *uri;

	if (str_equal(source, "-")) {
		*input = load_input_fd(&loading->fd);
		return 0;
	}
	uri = ground_uri(call, source);
	if (object_registry_resolve(loading->ground.objects, uri, &call->arena, &ref, err) < 0 ||
	    object_store_open(&ref, everything, &loading->reader, err) < 0)
		return -1;
	*input = load_input_object(loading->reader, uri, &call->arena);
	return 0;
}

static int run_load(struct loading *loading, struct load *load, const char *source, struct err *err)
{
	struct load_input input;

	if (open_source(loading, source, &input, err) < 0)
		return -1;
	if ((load_is_done(load) || load_csv(load, &input, NULL, err) == 0) &&
	    load_commit(load, err) == 0)
		return 0;
	return err_prefix(err, "could not load '%.80s'", source);
}

/* What stays to be done is said even where the load failed: the reply is data. `err` is NULL when it did
 * not. */
static void print_result(struct loading *loading, struct load *load, const struct err *err)
{
	const struct load_result *result = load_result(load);
	auto_json json_t *reply = load_result_json(result);

	meter_clear(&loading->meter);
	if (!err || result->received)
		output_object(loading->call, reply, columns, countof(columns));
	if (result->rejected)
		call_say(loading->call, "%lld row%s rejected%s%s", (long long)result->rejected,
		         result->rejected == 1 ? "" : "s", result->rejects ? ", see " : "",
		         result->rejects ? result->rejects : "");
	if (err && result->chunks)
		call_say(loading->call,
		         "%lld chunks were committed and stay; go on with --resume %s",
		         (long long)result->chunks, result->load_id);
	else if (err && err->code != ERR_INVALID) /* that says it itself */
		call_say(loading->call, "nothing was stored");
}

static int load_into(struct loading *loading, const char *source)
{
	struct call *call = loading->call;
	const struct load_context context = {
		.db = loading->ground.db,
		.catalog = loading->ground.catalog,
		.objects = loading->ground.objects,
		.state_dir = config_text(call->config, CONFIG_STATE_DIR),
		.is_cancelled = is_cancelled,
		.progress = show_progress,
		.data = loading,
	};
	const struct load_request request = {
		.table = call_option(call, "into"),
		.load_id = call_option(call, "resume"),
		.flags = call_has(call, "resume") ? LOAD_MUST_EXIST : 0,
	};
	struct load *load = NULL;
	struct err err;
	int result;

	if (load_open(&context, &request, &loading->options, &load, &err) < 0)
		return call_fail(&err);
	/* a kill leaves no time to say it */
	if (loading->options.chunk_rows != LOAD_CHUNK_NONE && !call_has(call, "quiet"))
		call_say(call, "load %s", load_result(load)->load_id);
	result = run_load(loading, load, source, &err);
	print_result(loading, load, result < 0 ? &err : NULL);
	load_close(load);
	return result < 0 ? call_fail(&err) : EXIT_OK;
}

int cmd_load(struct call *call)
{
	const char *source = call_argument(call, 0);
	struct loading loading = {
		.call = call, .fd = STDIN_FILENO, .began_us = clock_monotonic_us()};
	struct err err;
	int status;

	if (!call_has(call, "into"))
		return call_usage("into which table? say --into TABLE");
	ground_init(&loading.ground, call);
	meter_init(&loading.meter, call_has(call, "quiet") ? METER_QUIET : 0);
	interrupt_watch();
	if (!ground_db(&loading.ground) || !ground_objects(&loading.ground))
		status = loading.ground.exit_status;
	else if (prepare(&loading, source, &err) < 0)
		status = call_fail(&err);
	else
		status = load_into(&loading, source);
	object_store_close(loading.reader);
	ground_release(&loading.ground);
	return status;
}
