/* ground.c - what commands work on without a server */
#include "cli/ground.h"

#include <linux/limits.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/output.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/str.h"
#include "storage/object/uri.h"
#include "storage/repo/migrate.h"

void ground_init(struct ground *ground, struct call *call)
{
	*ground = (struct ground){.call = call, .exit_status = EXIT_OK};
}

void ground_release(struct ground *ground)
{
	operators_free(ground->operators);
	object_registry_free(ground->objects);
	db_close(ground->db);
	catalog_free(ground->catalog);
}

static struct config *config_of(struct ground *ground)
{
	struct config *config = call_config(ground->call);

	if (!config)
		ground->exit_status = EXIT_BAD;
	return config;
}

const struct catalog *ground_catalog(struct ground *ground)
{
	const struct config *config = config_of(ground);
	struct yaml_errors errors;

	if (!config || ground->catalog)
		return ground->catalog;
	yaml_errors_init(&errors);
	ground->catalog = catalog_read(config_text(config, CONFIG_CATALOG_DIR), &errors);
	if (!ground->catalog) {
		output_errors(stderr, &errors);
		ground->exit_status = EXIT_BAD;
	}
	yaml_errors_release(&errors);
	return ground->catalog;
}

/* A database that others use too is only looked at. */
static int migrate(struct ground *ground, struct db *db, struct err *err)
{
	struct migrate_plan plan;
	int result;

	if (db_dialect(db) != DB_DIALECT_SQLITE)
		return migrate_check(db, ground->catalog, err);
	migrate_plan_init(&plan);
	result = migrate_up(db, ground->catalog, 0, clock_now_us(), &plan, err);
	migrate_plan_release(&plan);
	return result;
}

struct db *ground_open_db(struct ground *ground)
{
	const struct config *config = config_of(ground);
	const struct db_options options = {.flags = DB_CREATE};
	struct err err;

	if (ground->db || !config || !ground_catalog(ground))
		return ground->db;
	if (file_make_folder(config_text(config, CONFIG_STATE_DIR), &err) == 0)
		ground->db = db_open(config_text(config, CONFIG_DATABASE_URL), &options, &err);
	if (!ground->db)
		ground->exit_status = call_fail(&err);
	return ground->db;
}

struct db *ground_db(struct ground *ground)
{
	struct err err;

	if (!ground_open_db(ground) || migrate(ground, ground->db, &err) == 0)
		return ground->db;
	ground->exit_status = call_fail(&err);
	db_close(ground->db);
	ground->db = NULL;
	return NULL;
}

struct object_registry *ground_objects(struct ground *ground)
{
	const struct config *config = config_of(ground);
	struct object_registry *objects;
	struct err err;

	if (!config || ground->objects)
		return ground->objects;
	objects = object_registry_new(config_int(config, CONFIG_OBJECTS_CREATE_BUCKETS)
	                                      ? OBJECT_REGISTRY_CREATE_BUCKETS
	                                      : 0);
	object_registry_allow_files(objects);
	if (object_registry_add(objects, "objects", config_text(config, CONFIG_OBJECTS_URL), &err) <
	    0) {
		ground->exit_status = call_fail(&err);
		object_registry_free(objects);
		return NULL;
	}
	ground->objects = objects;
	return objects;
}

void ground_plugin_folders(struct config *config, const char *folders[GROUND_PLUGIN_FOLDERS])
{
	folders[0] = config_text(config, CONFIG_PLUGINS_DIR);
	folders[1] = config_installed(config, "plugins");
}

const struct operators *ground_operators(struct ground *ground)
{
	struct config *config = config_of(ground);
	const char *folders[GROUND_PLUGIN_FOLDERS];

	if (!config || ground->operators)
		return ground->operators;
	ground_plugin_folders(config, folders);
	ground->operators =
		operators_describe(call_program(ground->call), folders, GROUND_PLUGIN_FOLDERS);
	return ground->operators;
}

const char *ground_uri(struct call *call, const char *text)
{
	char folder[PATH_MAX];

	if (uri_has_scheme(text))
		return text;
	if (!getcwd(folder, sizeof(folder)))
		str_copy(folder, sizeof(folder), "/");
	return arena_printf(&call->arena, "file://%s", file_join(&call->arena, folder, text));
}
