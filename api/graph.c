/* graph.c - handler of a DAG's graph, with the states of a run where asked */
#include "api/graph.h"

#include <string.h>

#include "api/request.h"
#include "api/respond.h"
#include "scheduler/core/dag_graph.h"
#include "storage/repo/dag_repo.h"
#include "storage/repo/run_repo.h"
#include "storage/repo/task_repo.h"

/* The hash of the version to be drawn: the run's, else the newest; NULL with the error. */
static const char *find_hash(struct request *request, struct db *db, struct run_repo_row *run,
                             struct err *err)
{
	const char *dag = request->values[0], *run_id = request_parameter(request, "run");
	struct dag_repo_row row;
	int found;

	if (run_id)
		found = run_repo_by_name(db, dag, run_id, &request->arena, run, err);
	else
		found = dag_repo_get(db, dag, &request->arena, &row, err);
	if (found == 0 && run_id)
		err_set(err, ERR_NOT_FOUND, "there is no run '%s/%s'", dag, run_id);
	else if (found == 0 || (found > 0 && !run_id && row.is_missing))
		err_set(err, ERR_NOT_FOUND, "there is no DAG '%s'", dag);
	else if (found > 0 && !run_id && !row.hash)
		err_set(err, ERR_CONFLICT, "the file of DAG '%s' was never good", dag);
	else if (found > 0)
		return run_id ? run->dag_version : row.hash;
	return NULL;
}

static struct dag *read_dag(struct request *request, struct db *db, const char *hash,
                            struct err *err)
{
	struct dag_repo_version version;
	struct yaml_errors errors;
	struct dag *dag;
	int found = dag_repo_get_version(db, hash, &request->arena, &version, err);

	if (found == 0)
		err_set(err, ERR_GONE, "version '%.12s' is not kept any more", hash);
	if (found <= 0)
		return NULL;
	yaml_errors_init(&errors);
	dag = dag_parse(arena_printf(&request->arena, "%s.yaml", request->values[0]),
	                version.definition, strlen(version.definition), &errors);
	if (!dag)
		err_set(err, ERR_DAMAGED, "version '%.12s' cannot be read", hash);
	yaml_errors_release(&errors);
	return dag;
}

static struct dag_graph_task *count_tasks(struct request *request, struct db *db, int64_t run,
                                          const struct dag *dag, struct err *err)
{
	struct dag_graph_task *counts =
		arena_array(&request->arena, dag->task_count + 1, sizeof(*counts));
	struct task_repo_rows rows = {0};

	if (task_repo_list(db, run, &request->arena, &rows, err) < 0)
		return NULL;
	for (size_t i = 0; i < rows.count; i++) {
		const struct dag_task *task = dag_task(dag, rows.items[i].task);
		int state = state_task_from_name(rows.items[i].state);

		if (task && state >= 0)
			counts[task->index].count[state]++;
	}
	return counts;
}

static int draw(struct request *request, struct db *db, const struct run_repo_row *run,
                const struct dag *dag, struct err *err)
{
	struct dag_graph_task *counts = NULL;
	auto_json json_t *graph = NULL;

	if (run->id) {
		counts = count_tasks(request, db, run->id, dag, err);
		if (!counts)
			return -1;
	}
	graph = dag_graph_json(dag, counts, err);
	if (!graph)
		return -1;
	json_append(&request->reply, graph);
	return 0;
}

static int work(struct request *request, struct db *db, struct err *err)
{
	struct run_repo_row run = {0};
	struct dag *dag;
	const char *hash;
	int result = -1;

	buf_clear(&request->reply);
	if (db_begin(db, DB_READ, err) < 0)
		return -1;
	hash = find_hash(request, db, &run, err);
	dag = hash ? read_dag(request, db, hash, err) : NULL;
	if (dag)
		result = draw(request, db, &run, dag, err);
	dag_release(dag);
	db_rollback(db);
	return result;
}

void graph_show(struct request *request)
{
	request_read(request, REQUEST_METADATA, work, respond_done);
}
