#!/usr/bin/env python3
"""Shows that every rule goes red on what it forbids and stays green on what is close to it."""

import inspect
import pathlib
import shutil
import sys
import tempfile
import unittest

import rules_shape
import style_test
import tree


COMPILER = sys.argv[1:] or ["c++"]


def found(rule, files, **options):
    rule = style_test.RULES[rule]
    if "allowed" in inspect.signature(rule).parameters:
        options.setdefault("allowed", {})  # the exceptions of this repository are not the examples'
    return list(rule(tree.Tree(files), **options))


def with_include(path, line):
    # The targets exist, so that only the arrow is at stake.
    return {
        "src/storage/private.h": "",
        "src/net/private.h": "",
        path: line + "\n",
    }


def function_of(lines, head="void f() {"):
    return head + "\n" + "  g();\n" * (lines - 2) + "}\n"


# rule -> files that must be reported, each alone in its repository.
RED = {
    "arrows": [
        with_include("src/net/x.cpp", '#include "chat/protocol/limits.h"'),
        with_include("src/net/x.cpp", '  #  include   "chat/storage/pool.h"'),
        with_include("include/chat/protocol/x.h", '#include "chat/storage/values.h"'),
        with_include("src/service/x.cpp", '#include "chat/net/connection.h"'),
        with_include("src/service/x.cpp", '#include "chat/cluster/bus.h"'),
        with_include("src/storage/x.cpp", '#include "chat/cluster/bus.h"'),
        with_include("src/base/x.cpp", '#include "chat/net/address.h"'),
        with_include("client/x.cpp", '#include "chat/storage/pool.h"'),
        with_include("src/server/x.cpp", '#include "storage/private.h"'),
        with_include("src/net/x.cpp", '#include "../storage/private.h"'),
        with_include("src/net/x.cpp", '#include "no_such.h"'),
        with_include("src/net/x.cpp", "#include <chat/base/log.h>"),
        with_include("src/service/x.cpp", "#include <sqlite3.h>"),
        with_include("src/delivery/x.cpp", "#include <mysql/mysql.h>"),
        with_include("src/service/x.cpp", "#include <hiredis/hiredis.h>"),
        with_include("src/net/x.cpp", "#include <nlohmann/json.hpp>"),
        with_include("include/chat/service/x.h", "#include <nlohmann/json.hpp>"),
        with_include("include/chat/storage/x.h", "#include <fmt/format.h>"),
        with_include("src/net/x.cpp", "#include <spdlog/spdlog.h>"),
        with_include("src/net/x.cpp", "#include <sodium.h>"),
        with_include("src/net/x.cpp", "#include <boost/asio.hpp>"),
        with_include("src/net/x.cpp", "#include <uv.h>"),
        with_include("src/lounge/x.cpp", ""),
        with_include("src/x.cpp", ""),
    ],
    "own_header_first": [
        {"src/net/a.h": "", "src/net/a.cpp": '#include <map>\n#include "net/a.h"\n'},
        {"include/chat/net/a.h": "", "src/net/a.cpp": '#include "chat/net/b.h"\n'},
        {"client/a.h": "", "client/a.cpp": "int x;\n"},
    ],
    "file_length": [
        {"src/net/a.h": "\n" * 181},
        {"src/net/a.cpp": "\n" * 501},
        {"tests/unit/net/a_test.cpp": "\n" * 701},
    ],
    "function_length": [
        {"src/net/a.cpp": function_of(71)},
        {"src/net/a.cpp": "namespace chat {\nclass A {\n" + function_of(71) + "};\n}\n"},
        {"src/net/a.cpp": function_of(71, "A::A(int b) : b_{b}, c_{1} {")},
        {"src/net/a.cpp": function_of(71, "auto A::f(struct B b) const -> int {")},
        {"src/net/a.cpp": "// {{{\nchar c = '{';\n" + function_of(71, "bool f(char = '}') {")},
        {"src/net/a.cpp": "#define F() {\n" + function_of(71)},
        {"src/net/a.cpp": "Config read(const char* text = \"\") {\n" + function_of(70, "  if (x) {")
                          + "}\n"},
    ],
    "top_level": [
        {"bench/a.cpp": ""},
        {"Makefile": ""},
        {"docs/design.md": ""},
    ],
    "pragma_once": [
        {"src/net/a.h": "int x;\n"},
        {"tests/support/a.h": "// #pragma once\n"},
    ],
    "forbidden_lines": [
        {"src/a.cpp": "// TODO\n"},
        {"src/a.cpp": "// TODO: later\n"},
        {"src/a.cpp": "int x;  // FIXME this\n"},
        {"src/a.cpp": "// --------------------\n"},
        {"src/a.cpp": "//////////////////\n"},
        {"src/a.cpp": "// ===== Helpers =====\n"},
        {"src/a.cpp": "// call(me);\n// if (x) {\n"},
        {"src/a.cpp": "out << std::endl;\n"},
        {"src/a.cpp": "using  namespace std;\n"},
        {"src/a.cpp": "x = y ? co_await a() : b;\n"},
        {"src/a.cpp": "x = y ? b\n      : co_await a();\n"},
    ],
    "no_sleep_in_tests": [
        {"tests/unit/a_test.cpp": "std::this_thread::sleep_for(10ms);\n"},
        {"tests/unit/a_test.cpp": "usleep(1);\n"},
        {"tests/integration/a_test.cpp": "::sleep (1);\n"},
        {"tests/integration/a.py": "time.sleep(1)\n"},
    ],
    "no_machine_paths": [
        {"README.md": "cd /home/" + "me/chat\n"},
        {"conf/server.ini": "path = /root/" + "chat.db\n"},
        {"src/a.cpp": 'open("/work/' + 'x");\n'},
    ],
    "documents_exist": [
        {"src/a.h": "// design.md says so.\n"},
        {"src/a.h": "// page.md\n", "src/PAGE.md": ""},
        {"src/a.h": "// docs/README.md\n", "README.md": ""},
        {"src/a.h": "// PAGE.md, section 3\n", "src/PAGE.md": "## 2. Two\n"},
        {"README.md": "[the page](src/README.md)\n", "src/b.md": ""},
        {"README.md": "[the page](src/PAGE.md#three)\n", "src/PAGE.md": "## Two\n```\n# three\n```\n"},
        {"README.md": "[below](#three)\n"},
    ],
    "public_header_used_elsewhere": [
        {"include/chat/net/a.h": ""},
        {"include/chat/net/a.h": "", "src/net/b.cpp": '#include "chat/net/a.h"\n'},
        {"include/chat/net/a.h": "", "tests/unit/net/a_test.cpp": '#include "chat/net/a.h"\n'},
    ],
    "no_unit_cycle": [
        {"src/net/a.h": '#include "net/b.h"\n', "src/net/b.h": '#include "net/a.h"\n'},
        {"src/net/inner/a.h": "", "src/net/inner/a.cpp": '#include "net/b.h"\n',
         "src/net/b.h": "", "src/net/b.cpp": '#include "net/inner/a.h"\n'},
        {"include/chat/net/a.h": '#include "chat/net/b.h"\n', "src/net/inner/a.cpp": "",
         "include/chat/net/b.h": "", "src/net/b.cpp": '#include "chat/net/c.h"\n',
         "include/chat/net/c.h": '#include "chat/net/a.h"\n'},
        {"tests/support/a.h": '#include "b.h"\n', "tests/support/b.h": "",
         "tests/support/b.cpp": '#include "support/a.h"\n'},
    ],
    "unique_file_names": [
        {"src/net/a.h": "", "src/session/a.h": ""},
        {"src/net/a.cpp": "", "tests/fuzz/a.cpp": ""},
        {"src/net/a.h": "", "client/net/a.cpp": ""},
        {"scripts/a.sh": "", "tests/a.sh": ""},
    ],
    "units_per_folder": [
        {f"src/net/a{i}.h": "" for i in range(21)},
        {f"tests/support/a{i}.cpp": "" for i in range(21)},
    ],
}

GREEN = {
    "arrows": [
        with_include("src/server/x.cpp", '#include "chat/service/dispatch.h"'),
        with_include("src/storage/x.cpp", '#include "storage/private.h"'),
        with_include("src/storage/x.cpp", '#include "private.h"'),
        with_include("src/storage/x.cpp", "#include <sqlite3.h>"),
        with_include("src/net/x.cpp", "#include <sys/epoll.h>\n#include <vector>\n"),
        with_include("src/net/x.cpp", '// #include "chat/storage/pool.h"'),
        with_include("src/net/x.cpp", '/*\n#include "chat/storage/pool.h"\n*/'),
        with_include("tests/unit/net/x.cpp", "#include <sqlite3.h>"),
    ],
    "own_header_first": [
        {"src/net/a.h": "", "src/net/a.cpp": '// why\n#include "net/a.h"\n#include <map>\n'},
        {"include/chat/net/a.h": "", "src/net/a.cpp": '#include "chat/net/a.h"\n'},
        {"client/a.h": "", "client/a.cpp": '#include "client/a.h"\n'},
    ],
    "file_length": [{"src/net/a.h": "\n" * 180, "src/net/a.cpp": "\n" * 500}],
    "function_length": [
        {"src/net/a.cpp": function_of(70)},
        {"src/net/a.cpp": "namespace chat {\n" + function_of(40) + function_of(40) + "}\n"},
        {"src/net/a.cpp": "struct A {\n" + "  int f() { return 1; }\n" * 100 + "};\n"},
        {"src/net/a.cpp": "constexpr Key kKeys[] = {\n" + "  {[](int) { return 1; }},\n" * 100
                          + "};\n"},
        {"src/net/a.cpp": "A::A() : b_{1} {}\n" * 100},
    ],
    "top_level": [{"src/a.cpp": "", ".ci/run": "", "LICENSE": "", "README.md": ""}],
    "pragma_once": [{"src/net/a.h": "#pragma once\n"}],
    "forbidden_lines": [
        {"src/a.cpp": "// TODO(storage): batches go one by one until the journal exists.\n"},
        {"src/a.cpp": "// For example:\n//   call(me);\n"},
        {"src/a.cpp": "using namespace std::chrono_literals;\n"},
        {"src/a.cpp": '// {"id":1}\n'},
        {"src/a.cpp": "// a -- b, from 0 ... 9, wait\n"},
        {"src/a.cpp": 'log("std::endl");  // not std::endl\n'},
        {"src/a.cpp": "case 1: co_await a();\n"},
    ],
    "no_sleep_in_tests": [
        {"tests/support/wait.cpp": "usleep(1);\n", "src/a.cpp": "usleep(1);\n"},
        {"tests/unit/a_test.cpp": "// never sleep(1)\nfalls_asleep(1);\n"},
    ],
    "no_machine_paths": [{"README.md": "see tests/work/x, https://a.org/home/x and ~/home/y\n"}],
    "documents_exist": [
        {"src/a.h": "// PAGE.md, section 2, and src/PAGE.md\n", "src/PAGE.md": "## 2. Two\n"},
        {"scripts/a.sh": "# DIR/src/PAGE.md\n", "src/PAGE.md": ""},
        {"src/README.md": "[up](../README.md#the-page-that-is-first), [a](a.h), https://a.org/b.md.html\n",
         "README.md": "# The `page`, that is first\n", "src/a.h": ""},
        {"README.md": "```\n[no link](x)\n```\n"},
    ],
    "public_header_used_elsewhere": [
        {"include/chat/net/a.h": "", "src/session/b.cpp": '#include "chat/net/a.h"\n'},
        {"include/chat/base/a.h": "", "client/b.h": '#include "chat/base/a.h"\n', "src/net/c.h": ""},
    ],
    "no_unit_cycle": [
        {"src/net/a.h": "", "src/net/a.cpp": '#include "net/a.h"\n#include "net/b.h"\n',
         "src/net/b.h": '#include "net/c.h"\n', "src/net/c.h": ""},
        {"include/chat/net/a.h": "", "src/net/inner/a.cpp": '#include "chat/net/a.h"\n'},
    ],
    "unique_file_names": [
        {"include/chat/net/a.h": "", "src/net/inner/a.cpp": "", "tests/unit/net/a_test.cpp": ""},
        {"src/README.md": "", "README.md": "", "src/meson.build": "", "src/net/meson.build": ""},
        {"client/a.h": "", "client/a.cpp": "", "scripts/a.sh": ""},
    ],
    "units_per_folder": [
        {f"src/net/a{i}.{suffix}": "" for i in range(20) for suffix in ("h", "cpp")},
        {**{f"include/chat/net/a{i}.h": "" for i in range(30)},
         **{f"src/net/a{i}.cpp": "" for i in range(15)}},
    ],
}


class Rules(unittest.TestCase):
    def test_every_rule_has_red_and_green_examples(self):
        self.assertEqual(set(RED), set(style_test.RULES))
        self.assertEqual(set(GREEN), set(style_test.RULES))

    def test_red_examples_are_reported(self):
        for rule, examples in RED.items():
            for files in examples:
                with self.subTest(rule=rule, files=files):
                    self.assertNotEqual(found(rule, files), [])

    def test_green_examples_are_not(self):
        for rule, examples in GREEN.items():
            for files in examples:
                with self.subTest(rule=rule, files=files):
                    self.assertEqual(found(rule, files), [])

    def test_exceptions_hold_and_are_reported_when_not_needed(self):
        long_file = {"src/a/b.h": "\n" * 200}
        self.assertEqual(found("file_length", long_file, allowed={"src/a/b.h": "why"}), [])
        self.assertNotEqual(found("file_length", {}, allowed={"src/a/b.h": "why"}), [])
        long_function = {"src/a/b.cpp": function_of(90)}
        allowed = {"src/a/b.cpp: void f": "why"}
        self.assertEqual(found("function_length", long_function, allowed=allowed), [])
        self.assertNotEqual(found("function_length", {}, allowed=allowed), [])
        held = {"include/chat/a/b.h": "#pragma once\n"}
        self.assertEqual(found("public_header_used_elsewhere", held,
                               allowed={"include/chat/a/b.h": "why"}), [])
        self.assertNotEqual(found("public_header_used_elsewhere", {},
                                  allowed={"include/chat/a/b.h": "why"}), [])
        circle = {"src/a/b.h": '#include "a/c.h"\n', "src/a/c.h": '#include "a/b.h"\n'}
        self.assertEqual(found("no_unit_cycle", circle, allowed={"b c": "why"}), [])
        self.assertNotEqual(found("no_unit_cycle", {}, allowed={"b c": "why"}), [])


class Text(unittest.TestCase):
    def test_comments_and_strings_go_and_lines_stay(self):
        text = 'a /* x\ny */ b "c\\"d" R"(e\n"f)" \'"\' 1\'000 // g\nh'
        emptied = tree.without_comments_and_strings(text)
        self.assertEqual(emptied.count("\n"), text.count("\n"))
        self.assertEqual("".join(emptied.split()), "ab\"\"\"\"1'000h")

    def test_functions_are_measured(self):
        lengths = [lines for _, _, lines in rules_shape.functions(
            "void f() {\n  if (x) {\n  }\n}\nnamespace a {\nint g() const { return 1; }\n}\n")]
        self.assertEqual(lengths, [4, 1])


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, path, text):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return path

    def test_a_tree_without_git_leaves_builds_out(self):
        self.write("src/net/a.cpp", "")
        self.write("build-asan/b.cpp", "")
        self.write("var/c.h", "")
        self.assertEqual(list(tree.Tree.read(self.root).files), ["src/net/a.cpp"])

    def test_a_header_that_leans_on_others_is_reported(self):
        good = self.write("include/chat/base/a.h", "#pragma once\nint f();\n")
        bad = self.write("include/chat/base/b.h", "#pragma once\nstd::string f();\n")
        self.assertEqual(style_test.compile_alone(self.root, COMPILER, [good]), [])
        self.assertEqual(len(style_test.compile_alone(self.root, COMPILER, [good, bad])), 1)

    @unittest.skipUnless(shutil.which("clang-format"), "clang-format is not installed")
    def test_a_badly_formatted_file_is_reported(self):
        good = self.write("a.cpp", "int x;\n")
        bad = self.write("b.cpp", "int   x ;\n")
        self.assertEqual(style_test.clang_format(self.root, [good]), [])
        self.assertEqual(len(style_test.clang_format(self.root, [good, bad])), 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
