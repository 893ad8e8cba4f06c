/* cmd_project.c - commands about a project and this program: init, doctor, version */
#include "cli/cmd_project.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/dag_files.h"
#include "cli/ground.h"
#include "cli/output.h"
#include "lib/buf.h"
#include "lib/file.h"
#include "lib/limits.h"
#include "lib/str.h"

int cmd_project_version(struct call *call)
{
	static const struct output_column columns[] = {{"millrace", "version"}};
	auto_json json_t *object = json_pack("{s:s}", "version", MILLRACE_VERSION);

	if (call->format == FORMAT_TABLE)
		(void)puts("millrace " MILLRACE_VERSION);
	else
		output_object(call, object, columns, countof(columns));
	return EXIT_OK;
}

/* init */

static const char settings_text[] =
	"# Settings of this project: 'millrace config show --origin' lists all of them.\n"
	"# Each can also be given as MILLRACE_NAME in the environment or in .env.\n"
	"\n"
	"# listen: 127.0.0.1:8000\n"
	"# database: {url: \"sqlite:state/data.db\"}\n"
	"# objects: {url: \"dir:state/objects\"}\n"
	"# vars: {region: eu}                  # read in DAGs as ${{ vars.region }}\n";

static const char ignore_text[] = "state/\nsecrets/\n.env\n";

/* A file that is there stays. */
static int write_new(struct call *call, const char *path, const void *bytes, size_t size,
                     struct err *err)
{
	if (file_exists(path)) {
		call_say(call, "kept  %s", path);
		return 0;
	}
	if (file_write_atomic(path, bytes, size, err) < 0)
		return -1;
	call_say(call, "wrote %s", path);
	return 0;
}

static int copy_folder(struct call *call, const char *from, const char *to, struct err *err)
{
	char **names;
	size_t count;

	if (file_make_folder(to, err) < 0 ||
	    file_list(from, ".yaml", &call->arena, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		auto_buf struct buf contents = {0};

		if (file_read(file_join(&call->arena, from, names[i]), LIMIT_YAML_BYTES, &contents,
		              err) < 0 ||
		    write_new(call, file_join(&call->arena, to, names[i]), buf_string(&contents),
		              contents.size, err) < 0)
			return -1;
	}
	return 0;
}

/* What ships, from beside the program, into the new folder. */
static int write_project(struct call *call, const char *folder, struct err *err)
{
	static const char *const folders[][2] = {
		{"dags", ""}, {"catalog", ""}, {"catalog", "reports"}};
	const struct config_sources sources = {.file = "/dev/null"};
	struct yaml_errors errors;
	struct config *config;
	int result = 0;

	yaml_errors_init(&errors);
	config = config_load(&sources, &errors);
	yaml_errors_release(&errors);
	if (!config)
		return err_set(err, ERR_INVALID, "the environment has bad settings");
	for (size_t i = 0; result == 0 && i < countof(folders); i++)
		result = copy_folder(
			call,
			file_join(&call->arena, config_installed(config, folders[i][0]),
		                  folders[i][1]),
			file_join(&call->arena, file_join(&call->arena, folder, folders[i][0]),
		                  folders[i][1]),
			err);
	config_free(config);
	return result;
}

int cmd_project_init(struct call *call)
{
	const char *folder = call_argument(call, 0);
	struct err err;

	if (file_make_folder(folder, &err) < 0 ||
	    write_new(call, file_join(&call->arena, folder, "millrace.yaml"), settings_text,
	              sizeof(settings_text) - 1, &err) < 0 ||
	    write_new(call, file_join(&call->arena, folder, ".gitignore"), ignore_text,
	              sizeof(ignore_text) - 1, &err) < 0 ||
	    write_project(call, folder, &err) < 0 ||
	    file_make_folder(file_join(&call->arena, folder, "plugins"), &err) < 0)
		return call_fail(&err);
	call_say(call, "\nnow: cd %s && millrace serve", folder);
	return EXIT_OK;
}

/* doctor */

struct doctor {
	struct call *call;
	json_t *findings;
	int is_ill;
};

static void find(struct doctor *doctor, int is_ok, const char *what, const char *text,
                 const char *mend)
{
	doctor->is_ill |= !is_ok;
	json_array_append_new(doctor->findings,
	                      json_pack("{s:b, s:s, s:s, s:s}", "ok", is_ok, "what", what, "text",
	                                text, "mend", is_ok ? "" : mend));
}

static void look_at_state(struct doctor *doctor, const struct config *config)
{
	const char *folder = config_text(config, CONFIG_STATE_DIR);
	struct err err;
	int is_ok = file_make_folder(folder, &err) == 0 && access(folder, R_OK | W_OK | X_OK) == 0;

	find(doctor, is_ok, "state folder", folder,
	     "make it writable for this user, or set state_dir");
}

static void look_at_catalog(struct doctor *doctor, struct ground *ground)
{
	int is_ok = ground_catalog(ground) != NULL;
	char text[64];

	(void)snprintf(text, sizeof(text), "%zu tables, %zu reports",
	               is_ok ? ground->catalog->table_count : 0,
	               is_ok ? ground->catalog->report_count : 0);
	find(doctor, is_ok, "catalog", is_ok ? text : "has faults, they are above",
	     "mend the files named above");
}

static void look_at_database(struct doctor *doctor, struct ground *ground)
{
	int is_ok = ground_open_db(ground) != NULL;

	find(doctor, is_ok, "data database", is_ok ? "opens" : "cannot be opened, see above",
	     "check database.url with 'millrace config show --origin'");
}

static void look_at_plugins(struct doctor *doctor, struct ground *ground)
{
	const struct operators *operators = ground_operators(ground);
	size_t i, count = 0;
	json_t *plugin = NULL;
	char text[64];

	if (!operators)
		return;
	json_array_foreach(operators->descriptors, i, plugin)
	{
		const char *error = json_get_text(plugin, "error", NULL);

		if (error)
			find(doctor, 0, json_get_text(plugin, "path", "plugin"), error,
			     "rebuild it, then 'millrace plugins check' it");
		count += json_array_size(json_object_get(plugin, "operators"));
	}
	(void)snprintf(text, sizeof(text), "%zu plugins, %zu operators",
	               json_array_size(operators->descriptors), count);
	find(doctor, count > 0, "plugins", text, "build or install Millrace with its plugins");
}

static void look_at_dags(struct doctor *doctor)
{
	struct yaml_errors errors;
	size_t files = 0;
	char text[64];

	yaml_errors_init(&errors);
	if (dag_files_validate(doctor->call, &errors, &files) == EXIT_OK) {
		(void)snprintf(text, sizeof(text), "%zu files, %zu faults", files, errors.count);
		find(doctor, errors.count == 0, "DAG files", text, "see 'millrace dags validate'");
	}
	yaml_errors_release(&errors);
}

static void look_at_server(struct doctor *doctor)
{
	struct client *client = client_new(doctor->call);
	auto_json json_t *ready = NULL;
	struct err err;

	if (!client)
		return;
	ready = client_get(client, "/readyz", &err);
	/* no server is no illness */
	find(doctor, ready != NULL || err.code == ERR_UNAVAILABLE, "server",
	     ready ? "runs and is ready" : err.text, "see its log");
	client_free(client);
}

int cmd_project_doctor(struct call *call)
{
	static const struct output_column columns[] = {
		{"OK", "ok"}, {"WHAT", "what"}, {"FOUND", "text"}, {"MEND", "mend"}};
	struct doctor doctor = {.call = call, .findings = json_array()};
	const struct config *config = call_config(call);
	struct ground ground;

	if (config) {
		ground_init(&ground, call);
		look_at_state(&doctor, config);
		look_at_catalog(&doctor, &ground);
		look_at_database(&doctor, &ground);
		look_at_plugins(&doctor, &ground);
		look_at_dags(&doctor);
		look_at_server(&doctor);
		ground_release(&ground);
		output_list(call, doctor.findings, columns, countof(columns));
	}
	json_decref(doctor.findings);
	return !config || doctor.is_ill ? EXIT_BAD : EXIT_OK;
}
