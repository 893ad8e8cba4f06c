/* prepare.c - `prepare DATABASE-URL CATALOG-FOLDER`: makes the tables of a catalog, for tests */
#include <stdio.h>

#include "lib/clock.h"
#include "storage/repo/migrate.h"

static int migrate(const char *url, const struct catalog *catalog, struct err *err)
{
	struct db_options options = {.flags = DB_CREATE};
	struct db *db = db_open(url, &options, err);
	struct migrate_plan plan;
	int result;

	if (!db)
		return -1;
	migrate_plan_init(&plan);
	result = migrate_up(db, catalog, 0, clock_now_us(), &plan, err);
	migrate_plan_release(&plan);
	db_close(db);
	return result;
}

int main(int argc, char **argv)
{
	struct yaml_errors errors;
	struct catalog *catalog;
	struct err err = {0};
	int failed = 1;

	if (argc != 3)
		return 2;
	yaml_errors_init(&errors);
	catalog = catalog_read(argv[2], &errors);
	if (catalog)
		failed = migrate(argv[1], catalog, &err) < 0;
	if (failed)
		fprintf(stderr, "prepare: %s\n", err.text);
	catalog_free(catalog);
	yaml_errors_release(&errors);
	return failed;
}
