"""The checks that read text: each catches what is planted and passes what is right."""

import os
import re
import unittest

import arrows
import banned
import links
import names
import orphans
import places
import sizes
from planted import PlantedTest

BANNED = 'BANNED(sprintf, "use snprintf or buf_printf");\n'


class Arrows(PlantedTest):
    def test_down_is_allowed(self):
        self.assert_clean(arrows, {
            "lib/err.h": "",
            "lib/err.c": '#include "lib/err.h"\n\n#include <stdio.h>\n',
            "storage/db/sqlite.c": '#include <sqlite3.h>\n#include "lib/err.h"\n',
            "storage/repo/run_repo.c": '#include "storage/db/db.h"\n',
            "storage/db/db.h": "",
            "plugins/plugin.h": "#include <stdint.h>\n",
            "plugins/csv/csv.c": '#include "plugins/plugin.h"\n#include "plugins/csv/part.h"\n',
            "plugins/csv/part.h": "",
            "scheduler/service/command.h": "",
            "api/run.c": '#include "scheduler/service/command.h"\n',
            "cli/main.c": '#include "api/server.h"\n',
            "api/server.h": "",
        })

    def test_up_and_across_are_not(self):
        for path, included, module in (
                ("lib/err.c", "storage/db/db.h", "lib"),
                ("storage/db/db.c", "storage/repo/r.h", "storage/db"),
                ("scheduler/core/engine.c", "scheduler/wire/wire.h", "scheduler/core"),
                ("scheduler/service/service.c", "storage/db/db.h", "scheduler/service"),
                ("api/run.c", "scheduler/service/journal.h", "api"),
                ("plugins/csv/csv.c", "lib/err.h", "plugins"),
                ("plugins/csv/csv.c", "plugins/sql/sql.h", "plugins"),
                ("plugins/plugin.h", "storage/db/db.h", "lib"),
                ("cli/load.c", "plugins/csv/csv.h", "cli")):
            with self.subTest(path=path, included=included):
                self.assert_found(arrows, {path: f'\n#include "{included}"\n', included: ""},
                                  f"{path}:2: {module} may not include '{included}'")

    def test_paths_count_from_the_root(self):
        self.assert_found(arrows, {"lib/a.c": '#include "a.h"\n', "lib/a.h": ""},
                          "lib/a.c:1: 'a.h' is no file of the project")

    def test_blanks_before_include_change_nothing(self):
        self.assert_found(arrows, {"lib/a.c": "#  include <sqlite3.h>\n"},
                          "<sqlite3.h> belongs to storage/db/sqlite")

    def test_a_library_has_one_user(self):
        for path, header in (("storage/db/db.c", "libpq-fe.h"), ("api/run.c", "curl/curl.h"),
                             ("lib/str.c", "sodium.h"), ("cli/main.c", "dlfcn.h"),
                             ("storage/repo/r.c", "csv.h"), ("scheduler/wire/w.c", "uv.h")):
            with self.subTest(path=path, header=header):
                self.assert_found(arrows, {path: f"#include <{header}>\n"}, f"<{header}> belongs")

    def test_the_table_people_read_is_the_one_that_is_held(self):
        root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
        with open(os.path.join(root, "ARCHITECTURE.md"), encoding="utf-8") as file:
            text = file.read().split("| module | may include |")[1].split("\n\n")[0]
        shown = {}
        for module, allowed in re.findall(r"^\| `([^`]+)` \| (.*) \|$", text, re.M):
            words = re.findall(r"`([^`]+)`", allowed.replace("`storage/*`", ", ".join(
                f"`{name}`" for name in arrows.STORAGE)))
            shown[module] = set(arrows.ALL if allowed.startswith("everything") else words)
        held = {module: set(allowed) for module, allowed in arrows.MAY_INCLUDE.items()
                if module not in ("tests", "bench")}
        self.assertEqual(shown, held)

    def test_every_file_has_a_module(self):
        self.assert_found(arrows, {"extra/a.c": ""}, "extra/a.c:1: belongs to no module")


class Banned(PlantedTest):
    def test_a_call(self):
        self.assert_found(banned, {
            "lib/banned.h": BANNED,
            "lib/a.c": "int f(char *b)\n{\n#if 0\n\treturn sprintf (b, \"x\");\n#endif\n}\n",
        }, "lib/a.c:4: 'sprintf' is banned: use snprintf or buf_printf")

    def test_what_only_looks_like_one(self):
        self.assert_clean(banned, {
            "lib/banned.h": BANNED,
            "lib/a.c": "/* sprintf(b) */ int vsprintf_x; const char *t = \"sprintf(\";\n"
                       "void g(struct s *s) { s->sprintf(1); s.sprintf(2); snprintf(b); }\n",
        })

    def test_the_header_is_needed(self):
        self.assert_found(banned, {"lib/a.c": ""}, "lib/banned.h:1: is missing")


class Orphans(PlantedTest):
    def test_a_file_is_named_in_its_folder_or_above(self):
        self.assert_clean(orphans, {
            "lib/meson.build": "static_library('base',\n  'a.c')\n", "lib/a.c": "",
            "plugins/meson.build": "shared_module('csv', 'csv/csv.c')", "plugins/csv/csv.c": "",
        })

    def test_a_file_that_nobody_names(self):
        self.assert_found(orphans, {"lib/meson.build": "'a.c'", "lib/a.c": "", "lib/b.c": "",
                                    "meson.build": "", "lib/deep/a.c": ""},
                          "lib/b.c:1: no meson.build names it", "lib/deep/a.c:1: no meson.build")


class Places(PlantedTest):
    def test_each_thing_in_its_place(self):
        self.assert_clean(places, {
            "lib/config.c": 'const char *f(void) { return getenv("X"); }\n',
            "scheduler/service/process.c": "int f(void) { return posix_spawn(0, 0, 0, 0, 0, 0); }\n",
            "plugins/shell/shell.c": "int f(void) { return fork() || execve(0, 0, 0); }\n",
            "scheduler/runner/library.c": "void *f(void) { return dlopen(0, 0); }\n",
            "lib/late.c": "void *f(void) { return dlopen(0, 0); }\n",
            "storage/repo/run_repo.c": 'const char *t = "SELECT 1";\n',
            "storage/db/sqlite.c": 'const char *t = "PRAGMA x";\n',
            "api/respond.c": "int s = 404;\n",
            "lib/a.c": '/* SELECT x, fork(), getenv() */ const char *t = "select one of these";\n'
                       "int s = 404; void g(struct s *s) { s->fork(); }\n",
        })

    def test_each_thing_elsewhere(self):
        for path, text, found in (
                ("lib/a.c", 'x = getenv("X");', "getenv(): the environment"),
                ("lib/a.c", 'x = secure_getenv("X");', "secure_getenv()"),
                ("api/a.c", "x = fork();", "fork(): a process"),
                ("cli/a.c", "x = execvp(a, b);", "execvp(): a process"),
                ("storage/load/a.c", "posix_spawnp(a);", "posix_spawnp(): a process"),
                ("scheduler/service/plugin.c", "dlopen(a, 1);", "dlopen(): dlopen"),
                ("storage/load/a.c", 't = "INSERT INTO x VALUES (1)";', "SQL is written only in"),
                ("cli/a.c", 't = "UPDATE run SET a = 1";', "SQL is written only in"),
                ("cli/a.c", 't = "BEGIN IMMEDIATE";', "SQL is written only in"),
                ("api/a.c", "respond(request, 404);", "HTTP status number 404"),
                ("api/a.c", "if (status == 503)", "HTTP status number 503")):
            with self.subTest(path=path, text=text):
                self.assert_found(places, {path: "\n" + text + "\n"}, f"{path}:2: " + found)


class Sizes(PlantedTest):
    def function(self, lines):
        return "int f(void)\n{\n" + "\tg();\n" * lines + "}\n"

    def test_the_limits_themselves_are_fine(self):
        self.assert_clean(sizes, {"lib/a.c": self.function(60) + "\n" * 537,
                                  "lib/a.h": "\n" * 200, "tests/a.py": "\n" * 600})

    def test_one_line_more_is_not(self):
        self.assert_found(sizes, {"lib/a.c": "\n" * 601}, "lib/a.c:601: 601 lines, 600 allowed")
        self.assert_found(sizes, {"lib/a.h": "\n" * 201}, "lib/a.h:201: 201 lines, 200 allowed")
        self.assert_found(sizes, {"tests/a.py": "\n" * 601}, "600 allowed")
        self.assert_found(sizes, {"lib/a.c": "int x;\n" + self.function(61)},
                          "lib/a.c:3: function of 61 lines, 60 allowed: int f(void)")


class Links(PlantedTest):
    def test_links_that_lead_somewhere(self):
        self.assert_clean(links, {
            "README.md": "# Top\n[a](docs/a.md) [b](docs/a.md#two-words-and-code) [c](#top) "
                         "[d](https://example.org/x) [e](docs) ![f](f.png)\n[r]: docs/a.md\n"
                         "`[not](a-link.md)`\n```\n[nor](this.md)\n```\n",
            "docs/a.md": "## Two words, and `code`\n[up](../README.md#top)\n",
            "f.png": "",
        })

    def test_links_that_do_not(self):
        self.assert_found(links, {
            "README.md": "# Top\n\n[a](docs/b.md)\n[b](docs/a.md#nowhere)\n[c](#gone)\n[r]: no.md\n",
            "docs/a.md": "```\n# nowhere\n```\n",
        }, "README.md:3: 'docs/b.md' leads nowhere", "README.md:4: 'docs/a.md#nowhere'",
            "README.md:5: '#gone'", "README.md:6: 'no.md' leads nowhere")

    def test_equal_headings_are_numbered(self):
        self.assert_clean(links, {"a.md": "# X\n# X\n[second](#x-1)\n"})


class Names(PlantedTest):
    def test_names_that_say_something(self):
        self.assert_clean(names, {"lib/str.c": "", "README.md": "", ".clang-format": "",
                                  "tests/lint/miscount.py": ""})

    def test_names_that_do_not(self):
        for path in ("lib/util.c", "lib/str_utils.c", "api/common.h", "helpers/a.c",
                     "tests/test_helpers.py", "docs/misc.md"):
            with self.subTest(path=path):
                self.assert_found(names, {path: ""}, f"{path}:1: the name says nothing")

    def test_left_overs(self):
        for path in ("lib/a.c.orig", "a.o", "docs/x.md~", "core.123", "lib/.a.c.swp"):
            with self.subTest(path=path):
                findings = names.find(self.plant({path: ""}))
                self.assertTrue(any("left over" in f for f in findings), findings)

    def test_odd_characters(self):
        self.assert_found(names, {"docs/a b.md": ""}, "docs/a b.md:1: a file's name has letters")


if __name__ == "__main__":
    unittest.main()
