"""What may stand in a line, and what may stand at the top of the repository."""

import re

import tree

_TOP_LEVEL = {"meson.build", "meson_options.txt", "src", "include", "client", "sql", "conf",
              "tests", "scripts", "README.md", "LICENSE"}

# (pattern, where it must not stand, what to say). Looked for in the text as it is …
_IN_TEXT = [
    (re.compile(r"\b(TODO|FIXME|XXX)\b(?!\([^)]+\): \w+( \w+){3})"),
     "an unexplained {0}: write {0}(subject): and a sentence"),
    (re.compile(r"^\s*//\s*(\S)\1{4,}"), "a banner line"),
    (re.compile(r"^\s*//.*(.)\1{9,}\s*$"), "a banner line"),
]
# … and in the code without comments and strings.
_IN_CODE = [
    (re.compile(r"\bstd::endl\b"), "std::endl: write '\\n'"),
    (re.compile(r"\busing\s+namespace\s+std\s*;"), "using namespace std"),
    (re.compile(r"(\?|(?<!\w):)\s*co_await\b"),
     "{0}: g++ 12 destroys what a conditional expression awaits twice"),
]
# Comment lines that end like code. An example below a sentence is fine; a comment of nothing but
# such lines is code that somebody has switched off. {"json":1} is a shape, not code.
_LIKE_CODE = re.compile(r"^\s*//(?!\s*\{\").*[;{}]\s*$")
_COMMENT = re.compile(r"^\s*//")
_SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(|\btime\.sleep\b")
_MACHINE_PATH = re.compile(r"(?<![\w./~-])/(work|home|root|Users)/\w")


def top_level(repository):
    """The top of the repository holds only what it is meant to hold."""
    for name in sorted({path.split("/")[0] for path in repository.files}):
        if name not in _TOP_LEVEL and not name.startswith("."):
            yield f"{name}: does not belong at the top of the repository"


def pragma_once(repository):
    """Every header has #pragma once."""
    for path, text in repository.sources():
        if path.endswith(".h") and not re.search(r"^#pragma once$", text, re.MULTILINE):
            yield f"{path}: has no #pragma once"


def _find(path, text, patterns):
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, sentence in patterns:
            if match := pattern.search(line):
                yield f"{path}:{number}: {sentence.format(match.group().strip())}"


def _switched_off_code(path, text):
    block = []
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if _COMMENT.match(line):
            block.append(line)
            continue
        if block and all(_LIKE_CODE.match(comment) for comment in block):
            yield f"{path}:{number - len(block)}: code in a comment"
        block = []


def forbidden_lines(repository):
    """No banners, commented-out code, unexplained TODOs, std::endl or using namespace std."""
    for path, text in repository.sources():
        yield from _find(path, text, _IN_TEXT)
        yield from _switched_off_code(path, text)
        yield from _find(path, tree.without_comments_and_strings(text), _IN_CODE)


def no_sleep_in_tests(repository):
    """Tests wait for conditions; only tests/support knows how."""
    for path, text in repository.files.items():
        if text is None or not path.startswith("tests/"):
            continue
        if path.startswith(("tests/support/", "tests/style/")):
            continue
        if path.endswith((".h", ".cpp")):
            text = tree.without_comments_and_strings(text)
        elif not path.endswith(".py"):
            continue
        yield from _find(path, text, [(_SLEEP, "sleeps: wait for a condition with a deadline")])


def no_machine_paths(repository):
    """No file names a folder of the machine that it was written on."""
    for path, text in repository.files.items():
        if text is not None and not path.startswith("tests/style/"):
            yield from _find(path, text, [(_MACHINE_PATH, "names a folder of one machine: {0}")])
