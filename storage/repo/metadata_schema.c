/* metadata_schema.c - the SQL that makes the metadata tables, step by step */
#include "storage/repo/metadata_schema.h"

#include "lib/compiler.h"

static const char first[] =
	"CREATE TABLE dag ("
	" dag TEXT PRIMARY KEY, file TEXT NOT NULL, hash TEXT, faults TEXT NOT NULL,"
	" is_missing BIGINT NOT NULL DEFAULT 0, is_paused BIGINT NOT NULL DEFAULT 0, seen_at BIGINT NOT NULL);"
	"CREATE TABLE dag_version ("
	" hash TEXT PRIMARY KEY, dag TEXT NOT NULL, definition TEXT NOT NULL,"
	" created_at BIGINT NOT NULL);"
	"CREATE INDEX dag_version_dag ON dag_version (dag, created_at);"
	/* apart from the runs, so that a fire is remembered when its run is not */
	"CREATE TABLE schedule ("
	" dag TEXT PRIMARY KEY, spec TEXT NOT NULL, last_fire BIGINT, next_fire BIGINT);"
	"CREATE TABLE run ("
	" id {id}, dag TEXT NOT NULL, run_id TEXT NOT NULL,"
	" state TEXT NOT NULL, type TEXT NOT NULL, cause TEXT, reason TEXT,"
	" dag_version TEXT NOT NULL, params TEXT NOT NULL, triggered_by TEXT, note TEXT,"
	" idempotency_key TEXT, object TEXT, counts TEXT,"
	" logical_at BIGINT, interval_start BIGINT, interval_end BIGINT,"
	" queued_at BIGINT NOT NULL, started_at BIGINT, ended_at BIGINT, backfill BIGINT,"
	/* in this order it also finds a run whose DAG was not named */
	" CONSTRAINT run_name UNIQUE (run_id, dag),"
	" CONSTRAINT run_logical UNIQUE (dag, logical_at),"
	" CONSTRAINT run_key UNIQUE (dag, idempotency_key));"
	"CREATE INDEX run_dag ON run (dag, id);"
	"CREATE INDEX run_state ON run (state, id);"
	"CREATE INDEX run_unfinished ON run (id) WHERE ended_at IS NULL;"
	"CREATE INDEX run_backfill ON run (backfill) WHERE backfill IS NOT NULL;"
	"CREATE TABLE task_instance ("
	" id {id}, run BIGINT NOT NULL REFERENCES run (id), task TEXT NOT NULL,"
	" map_index BIGINT NOT NULL, state TEXT NOT NULL, cause TEXT, reason TEXT,"
	" operator TEXT, pool TEXT, priority BIGINT NOT NULL,"
	" attempt BIGINT NOT NULL DEFAULT 0, number BIGINT NOT NULL DEFAULT 0,"
	" tries BIGINT NOT NULL DEFAULT 0, lost BIGINT NOT NULL DEFAULT 0,"
	" clears BIGINT NOT NULL DEFAULT 0, fence BIGINT NOT NULL DEFAULT 0,"
	" used_us BIGINT NOT NULL DEFAULT 0, due_at BIGINT,"
	" queued_at BIGINT, started_at BIGINT, ended_at BIGINT,"
	" CONSTRAINT task_instance_name UNIQUE (run, task, map_index));"
	"CREATE TABLE attempt ("
	" id {id}, task_instance BIGINT NOT NULL REFERENCES task_instance (id),"
	" number BIGINT NOT NULL, fence BIGINT NOT NULL, state TEXT NOT NULL,"
	" cause TEXT, reason TEXT, worker TEXT, lease_until BIGINT,"
	" pid BIGINT, pid_started BIGINT, boot_id TEXT, exit TEXT, resume TEXT,"
	" used_us BIGINT NOT NULL DEFAULT 0, log_bytes BIGINT NOT NULL DEFAULT 0,"
	" seen BIGINT, claimed_at BIGINT NOT NULL, started_at BIGINT, ended_at BIGINT);"
	"CREATE INDEX attempt_task_instance ON attempt (task_instance, id);"
	"CREATE TABLE output ("
	" attempt BIGINT NOT NULL REFERENCES attempt (id), key TEXT NOT NULL,"
	" value TEXT NOT NULL, PRIMARY KEY (attempt, key));";

static const char second[] =
	"CREATE TABLE command ("
	" id {id}, kind TEXT NOT NULL, args TEXT NOT NULL, \"by\" TEXT,"
	" state TEXT NOT NULL, result TEXT, created_at BIGINT NOT NULL, ended_at BIGINT);"
	"CREATE INDEX command_pending ON command (id) WHERE state = 'pending';"
	"CREATE TABLE worker ("
	" worker TEXT PRIMARY KEY, host TEXT NOT NULL, queue TEXT NOT NULL,"
	" slots BIGINT NOT NULL, heartbeat BIGINT NOT NULL);"
	"CREATE TABLE lease ("
	" lease TEXT PRIMARY KEY, epoch BIGINT NOT NULL, batch BIGINT NOT NULL,"
	" holder TEXT NOT NULL, taken_at BIGINT NOT NULL);"
	"CREATE TABLE pool (pool TEXT PRIMARY KEY, slots BIGINT NOT NULL);"
	"CREATE TABLE outbox ("
	" id {serial}, kind TEXT NOT NULL, run BIGINT, task_instance BIGINT,"
	" target TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL,"
	" tries BIGINT NOT NULL DEFAULT 0, due_at BIGINT NOT NULL, reason TEXT,"
	" created_at BIGINT NOT NULL, ended_at BIGINT);"
	"CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 'pending';"
	"CREATE TABLE event ("
	" seq {serial}, kind TEXT NOT NULL, dag TEXT, run BIGINT, task_instance BIGINT,"
	" state TEXT NOT NULL, at BIGINT NOT NULL);"
	"CREATE TABLE object_seen ("
	" dag TEXT NOT NULL, uri TEXT NOT NULL, etag TEXT NOT NULL, seen_at BIGINT NOT NULL,"
	" PRIMARY KEY (dag, uri, etag));"
	"CREATE TABLE backfill ("
	" id {serial}, backfill_id TEXT NOT NULL UNIQUE, dag TEXT NOT NULL, state TEXT NOT NULL,"
	" from_at BIGINT NOT NULL, to_at BIGINT NOT NULL, \"order\" TEXT NOT NULL,"
	" max_active BIGINT NOT NULL, existing TEXT NOT NULL, next_at BIGINT,"
	" created_at BIGINT NOT NULL, ended_at BIGINT);"
	"CREATE TABLE audit ("
	" id {serial}, at BIGINT NOT NULL, \"by\" TEXT, act TEXT NOT NULL, target TEXT NOT NULL,"
	" detail TEXT, request_id TEXT);"
	"CREATE INDEX audit_target ON audit (target, id);";

/* A version is a text, whichever DAGs have it: two files may say the same. When a DAG had which is apart. */
static const char versions[] =
	"ALTER TABLE dag_version ADD COLUMN source TEXT;"
	"CREATE TABLE dag_history ("
	" dag TEXT NOT NULL, hash TEXT NOT NULL, seen_at BIGINT NOT NULL, PRIMARY KEY (dag, hash));"
	"INSERT INTO dag_history (dag, hash, seen_at) SELECT dag, hash, created_at FROM dag_version;"
	"INSERT INTO dag_history (dag, hash, seen_at)"
	" SELECT dag, dag_version, min(queued_at) FROM run WHERE NOT EXISTS (SELECT 1 FROM dag_history"
	" WHERE dag_history.dag = run.dag AND dag_history.hash = run.dag_version)"
	" GROUP BY dag, dag_version;";
static const char map_items[] = "ALTER TABLE task_instance ADD COLUMN items TEXT;";

static const char asked[] =
	/* what is still to happen to its attempt: why it is cancelled, and whether it runs again then */
	"ALTER TABLE task_instance ADD COLUMN cancel TEXT;"
	"ALTER TABLE task_instance ADD COLUMN clear BIGINT NOT NULL DEFAULT 0;";

/* What is old goes in small steps: `retired` are runs whose rows are gone and whose logs are not yet. */
static const char retention[] =
	"CREATE INDEX run_ended ON run (dag, ended_at) WHERE ended_at IS NOT NULL;"
	"CREATE INDEX run_version ON run (dag, dag_version);"
	"CREATE TABLE retired (run BIGINT PRIMARY KEY, dag TEXT NOT NULL, run_id TEXT NOT NULL);";

static const char outbox_places[] =
	"ALTER TABLE outbox ADD COLUMN place TEXT NOT NULL DEFAULT '';"
	"CREATE INDEX outbox_ended ON outbox (ended_at) WHERE ended_at IS NOT NULL;";
/* a schedule owes nothing for the time before it was seen */
static const char schedules[] =
	"ALTER TABLE schedule ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;";
static const char backfills[] =
	"ALTER TABLE backfill ADD COLUMN dag_version TEXT;"
	"ALTER TABLE backfill ADD COLUMN reason TEXT;"
	"ALTER TABLE backfill ADD COLUMN \"by\" TEXT;"
	"ALTER TABLE backfill ADD COLUMN total BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE backfill ADD COLUMN made BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE backfill ADD COLUMN skipped BIGINT NOT NULL DEFAULT 0;"
	"CREATE INDEX backfill_unfinished ON backfill (id) WHERE ended_at IS NULL;";
static const char run_types[] = "CREATE INDEX run_type ON run (type, id);";

/* shows that the leader is alive; the state directory it works in, null once it has left */
static const char beats[] = "ALTER TABLE lease ADD COLUMN beat BIGINT NOT NULL DEFAULT 0;"
			    "ALTER TABLE lease ADD COLUMN home TEXT;";

const struct metadata_schema_step metadata_schema_steps[] = {
	{"DAGs, runs, tasks, attempts and outputs", first},
	{"commands, workers, pools and what is around runs", second},
	{"versions as they were written", versions},
	{"what was asked of running tasks", asked},
	{"the lists of mapped tasks", map_items},
	{"runs that are old", retention},
	{"where messages go", outbox_places},
	{"when a schedule was seen", schedules},
	{"what backfills have done", backfills},
	{"runs by type", run_types},
	{"whether the leader is alive", beats},
};
const size_t metadata_schema_count = countof(metadata_schema_steps);
