"""What has one place: SQL, HTTP status numbers, processes, dlopen and the environment."""

import re

from tree import line_of

NAME = "places"
RULE = "SQL, status numbers, fork, dlopen and getenv stay where they belong"

CALLS = (
    # (what, names of functions, files by prefix that may call them)
    ("the environment", r"(?:secure_)?getenv", ("lib/config.c", "tests/", "bench/")),
    ("a process", r"v?fork|_Fork|clone|posix_spawnp?|execl[pe]?|execvp?e?|execve|fexecve",
     ("scheduler/service/process.c", "plugins/shell/", "tests/", "bench/")),
    ("dlopen", r"dlopen|dlmopen", ("scheduler/runner/", "lib/late.c", "tests/")),
)
SQL = re.compile(
    r"\b(?:SELECT\s(?!or\b|is\b|and\b)|INSERT\s+(?:OR\s+\w+\s+)?INTO\b|UPDATE\s+\S+\s+SET\b|DELETE\s+FROM\b"
    r"|(?:CREATE|DROP|ALTER)\s+(?:TABLE|INDEX|UNIQUE|VIEW|SCHEMA|TRIGGER)\b|PRAGMA\s"
    r"|BEGIN\s+IMMEDIATE\b|SAVEPOINT\s|ROLLBACK\s+TO\b|ON\s+CONFLICT\s*\()")
SQL_PLACES = ("storage/repo/", "storage/db/", "plugins/sql/", "plugins/table/", "tests/", "bench/")
STATUS = re.compile(
    r"(?<![\w.])(?:20[0-7]|30[1-8]|40[0-9]|41[0-79]|42[1-9]|431|451|50[0-8]|511)(?![\w.])")
STATUS_PLACES = ("api/respond.c", "api/respond.h")


def find_calls(tree, path):
    code = tree.code(path)
    for what, names, places in CALLS:
        if path.startswith(places):
            continue
        for match in re.finditer(rf"(?<![\w.>])({names})[ \t]*\(", code):
            yield (f"{path}:{line_of(code, match.start())}: {match.group(1)}(): {what} "
                   f"is reached only from {' '.join(p for p in places if p[:5] != 'tests')}")


def find_sql(tree, path):
    if path.startswith(SQL_PLACES):
        return
    for line, text in tree.literals(path):
        if SQL.search(text):
            yield f"{path}:{line}: SQL is written only in {' '.join(SQL_PLACES[:4])}"


def find_statuses(tree, path):
    if not path.startswith("api/") or path in STATUS_PLACES:
        return
    code = tree.code(path)
    for match in STATUS.finditer(code):
        yield (f"{path}:{line_of(code, match.start())}: HTTP status number {match.group()} "
               "belongs to api/respond.c")


def find(tree):
    findings = []
    for path in tree.ending(".c", ".h"):
        for rule in (find_calls, find_sql, find_statuses):
            findings += rule(tree, path)
    return findings
