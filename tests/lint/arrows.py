"""Who may include whom: the table of ARCHITECTURE.md, and which library belongs to whom."""

import os

NAME = "arrows"
RULE = "a module includes only what the table in ARCHITECTURE.md allows"

STORAGE = ("storage/catalog", "storage/db", "storage/repo", "storage/object", "storage/load")
ALL = ("lib", "scheduler/core", "scheduler/wire", "scheduler/service", "scheduler/runner",
       "api", "cli", "plugins/plugin.h") + STORAGE

# The longest module that is a prefix of a file's path owns it; a module may include itself.
MAY_INCLUDE = {
    "lib": (),
    "storage/catalog": ("lib",),
    "storage/db": ("lib",),
    "storage/repo": ("lib", "storage/catalog", "storage/db"),
    "storage/object": ("lib",),
    "storage/load": ("lib",) + STORAGE,
    "scheduler/core": ("lib",),
    "scheduler/wire": ("lib",),
    "scheduler/service": ("lib", "storage/object", "storage/repo", "scheduler/core", "scheduler/wire"),
    "scheduler/runner": ("lib", "scheduler/wire", "plugins/plugin.h") + STORAGE,
    "plugins": ("plugins/plugin.h",),
    "api": ("lib", "scheduler/core", "scheduler/service/command.h") + STORAGE,
    "cli": ALL,
    "tests": ALL + ("tests",),
    "bench": ALL + ("bench", "tests"),
}

# Headers of libraries, by prefix, and the files (by prefix) that may use them.
LIBRARIES = {
    "archive": ("storage/load",),
    "csv.h": (),  # of plugins, and the peer of a test
    "curl/": ("lib/http",),
    "dlfcn.h": ("scheduler/runner", "lib/late"),
    "h2o": ("api/",),
    "jansson.h": ("lib/",),
    "libfyaml.h": ("lib/yaml",),
    "libpq": ("storage/db/postgres",),
    "openssl/": ("lib/crypto", "api/"),
    "sodium": ("lib/crypto",),
    "sqlite3.h": ("storage/db/sqlite",),
    "uv.h": ("scheduler/service", "api/"),
}
FREE = ("tests/", "bench/", "plugins/")


def module_of(path):
    owners = [m for m in MAY_INCLUDE if path.startswith(m + "/")]
    return max(owners, key=len, default=None)


def may_include(path, module, name):
    if module == "plugins" and os.path.dirname(name) == os.path.dirname(path):
        return True  # a plugin's own folder
    if module != "plugins" and name.startswith(module + "/"):
        return True
    return any(name == allowed or name.startswith(allowed + "/")
               for allowed in MAY_INCLUDE[module])


def find_ours(tree, path, module, name):
    if name not in tree.files:
        return f"'{name}' is no file of the project, counted from its root"
    if not may_include(path, module, name):
        return f"{module} may not include '{name}'"
    return None


def find_library(path, name):
    for prefix, users in LIBRARIES.items():
        if name.startswith(prefix) and not path.startswith(users + FREE):
            return f"<{name}> belongs to {' and '.join(users)}"
    return None


def find(tree):
    findings = []
    for path in tree.ending(".c", ".h"):
        module = module_of(path)
        if path == "plugins/plugin.h":
            module = "lib"  # the ABI stands on nothing
        if module is None:
            findings.append(f"{path}:1: belongs to no module of the table")
            continue
        for line, kind, name in tree.includes(path):
            ours = kind == '"'
            fault = find_ours(tree, path, module, name) if ours else find_library(path, name)
            if fault:
                findings.append(f"{path}:{line}: {fault}")
    return findings
