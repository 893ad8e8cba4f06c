/* ground.h - what commands work on without a server: catalog, data database, objects, operators
 *
 * Each is opened when first asked for and closed with ground_release(). NULL after saying what is
 * wrong; ground_exit() is then the exit status.
 */
#ifndef CLI_GROUND_H
#define CLI_GROUND_H

#include "cli/call.h"
#include "scheduler/service/operators.h"
#include "storage/catalog/catalog.h"
#include "storage/db/db.h"
#include "storage/object/object_registry.h"

struct ground {
	struct call *call;
	struct catalog *catalog;
	struct db *db;
	struct object_registry *objects;
	struct operators *operators;
	int exit_status;
};

void ground_init(struct ground *ground, struct call *call);
void ground_release(struct ground *ground);

const struct catalog *ground_catalog(struct ground *ground);
/* The data database; tables are made first where the database is SQLite. */
struct db *ground_db(struct ground *ground);
/* The same as it is. */
struct db *ground_open_db(struct ground *ground);
struct object_registry *ground_objects(struct ground *ground);
const struct operators *ground_operators(struct ground *ground);

/* A path as typed, or a URI, as a URI. */
const char *ground_uri(struct call *call, const char *text);

/* Folders in which plugins are looked for: the project's, then what was installed. */
enum { GROUND_PLUGIN_FOLDERS = 2 };
void ground_plugin_folders(struct config *config, const char *folders[GROUND_PLUGIN_FOLDERS]);

#endif
