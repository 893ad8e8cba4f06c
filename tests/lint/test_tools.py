"""The checks that run a tool, or read what was built."""

import os
import re
import unittest

import cppcheck
import formatting
import headers
import symbols
import tidy
from planted import PlantedTest
from tree import Tree

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PROJECT = Tree(ROOT)
FORMAT = {".clang-format": PROJECT.text(".clang-format")}
TIDY = {".clang-tidy": PROJECT.text(".clang-tidy")}


class Symbols(PlantedTest):
    def test_the_stem_is_the_prefix(self):
        self.assert_clean(symbols, {
            "lib/str.c": "int str_equal(void) { return 1; }\nint str_count;\n"
                         "static int anything(void) { return 0; }\n"
                         "int (*str_f)(void) = anything;\n",
            "cli/main.c": "int main(void) { return 0; }\n",
            "plugins/csv/csv.c": "const void *mr_plugin_entry(void) { return 0; }\n",
        }, compiled=True)

    def test_another_prefix_is_found(self):
        self.assert_found(symbols, {"lib/str.c": "int string_equal(void) { return 1; }\nint str;\n"},
                          "lib/str.c:1: global symbol 'string_equal'",
                          compiled=True)

    def test_every_file_is_looked_at(self):
        tree = self.plant({"lib/str.c": "int str_x;\n"}, compiled=True)
        os.remove(os.path.join(tree.build, "0.o"))
        self.assertIn("not built", symbols.find(tree)[0])


class Headers(PlantedTest):
    C = {"lib/a.c": "int a_x;\n"}

    def test_a_header_that_stands_alone(self):
        self.assert_clean(headers, self.C | {
            "lib/a.h": "#ifndef LIB_A_H\n#define LIB_A_H\n#include <stddef.h>\nsize_t a_f(void);\n"
                       "struct a { int b; };\n#endif\n"}, compiled=True)

    def test_one_that_leans_on_another(self):
        self.assert_found(headers, self.C | {"lib/a.h": "size_t a_f(void);\n"},
                          "lib/a.h:1: does not compile alone", compiled=True)

    def test_one_without_a_guard(self):
        self.assert_found(headers, self.C | {"lib/a.h": "struct a { int b; };\n"},
                          "redefinition", compiled=True)

    def test_the_abi_is_cpp_as_well(self):
        self.assert_found(headers, self.C | {"plugins/plugin.h": "int class(void);\n"},
                          "plugins/plugin.h:1: does not compile alone", compiled=True)


class Format(PlantedTest):
    def test_as_it_should_be(self):
        self.assert_clean(formatting, FORMAT | {"lib/a.c": "int a_f(void)\n{\n\treturn 1;\n}\n"})

    def test_as_it_should_not(self):
        self.assert_found(formatting, FORMAT | {"lib/a.c": "int a_x;\nint  a_y;\n"}, "lib/a.c:2:")


class Tidy(PlantedTest):
    GOOD = "int a_f(int b);\n\nint a_f(int b)\n{\n\treturn b + 1;\n}\n"
    BAD = "int a_f(int b);\n\nint a_f(int b)\n{\n\tif (b)\n\t\t;\n\treturn b;\n}\n"

    def test_what_it_finds(self):
        tree = self.plant(TIDY | {"lib/a.c": self.BAD}, compiled=True)
        findings = tidy.find(tree)
        self.assertEqual(len(findings), 1)
        self.assertIn("lib/a.c:6:", findings[0])
        self.assertIn("bugprone-suspicious-semicolon", findings[0])

    def test_a_function_with_seven_parameters(self):
        head = "int a_f(int a, int b, int c, int d, int e, int f, int g)"
        body = "{\n\treturn a + b + c + d + e + f + g;\n}\n"
        findings = tidy.find(self.plant(TIDY | {"lib/a.c": f"{head};\n\n{head}\n{body}"}, True))
        self.assertIn("readability-function-size", findings[0])

    def test_a_warning_that_only_clang_has(self):
        flags = ("enum a_flags { A_ONE = 1, A_TWO = 2 };\n\n"
                 "struct a {\n\tenum a_flags flags;\n};\n\n"
                 "const struct a *a_f(void);\n\n"
                 "const struct a *a_f(void)\n{\n\tstatic const struct a a = {A_ONE | A_TWO};\n\n"
                 "\treturn &a;\n}\n")
        findings = tidy.find(self.plant(TIDY | {"lib/a.c": flags}, compiled=True))
        self.assertEqual(len(findings), 1)
        self.assertIn("lib/a.c:11:", findings[0])
        self.assertIn("clang-diagnostic-assign-enum", findings[0])

    def test_the_build_with_clang_asks_the_same(self):
        block = PROJECT.text("meson.build").split("# clang only\n")[1].split("#")[0]
        self.assertEqual(re.findall(r"'(-W[a-z-]+)'", block), tidy.CLANG_ONLY)

    def test_a_clean_result_is_kept_until_a_header_changes(self):
        files = TIDY | {"lib/a.c": '#include "lib/a.h"\n' + self.GOOD, "lib/a.h": "int a_g(void);\n"}
        tree = self.plant(files, compiled=True)
        self.assertEqual(tidy.find(tree), [])
        marks = os.listdir(os.path.join(tree.build, "lint-tidy"))
        self.assertEqual(len(marks), 1)
        self.assertEqual(tidy.find(Tree(tree.root, tree.build)), [])
        self.assertEqual(os.listdir(os.path.join(tree.build, "lint-tidy")), marks)

        with open(os.path.join(tree.root, "lib/a.h"), "a", encoding="utf-8") as file:
            file.write("#define Wrong_case 1\n")
        self.assertIn("Wrong_case", tidy.find(Tree(tree.root, tree.build))[0])
        self.assertEqual(os.listdir(os.path.join(tree.build, "lint-tidy")), [])


class Cppcheck(PlantedTest):
    def test_clean(self):
        self.assert_clean(cppcheck, {"lib/a.c": "int a_f(int b)\n{\n\treturn b + 1;\n}\n"})

    def test_an_index_out_of_bounds(self):
        self.assert_found(cppcheck, {
            "lib/a.c": "int a_f(void)\n{\n\tint b[2] = {0};\n\n\treturn b[2];\n}\n"},
            "lib/a.c:5: error arrayIndexOutOfBounds")


if __name__ == "__main__":
    unittest.main()
