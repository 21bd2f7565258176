"""How long files and functions may be."""

import re

import tree

_HEADER_LINES = 180
_SOURCE_LINES = 500
_TEST_LINES = 700
_FUNCTION_LINES = 70

# Longer files, each with its reason. An entry that is no longer needed is reported.
_LONG_FILES = {
}

# Longer functions ("path: first words of its head"), each with its reason; flat tables and
# switches may be such a reason.
_LONG_FUNCTIONS = {
}

_SCOPE = re.compile(r"\b(namespace|class|struct|union|extern)\b")
_ENUM = re.compile(r"\benum\b")
_PARENTHESES = re.compile(r"\([^()]*\)")
_TEMPLATE = re.compile(r"\btemplate\s*<[^<>]*>")


def _limit(path):
    if path.startswith("tests/"):
        return _TEST_LINES
    return _HEADER_LINES if path.endswith(".h") else _SOURCE_LINES


def file_length(repository, allowed=None):
    """Headers, sources and tests stay under their limits."""
    allowed = _LONG_FILES if allowed is None else allowed
    used = set()
    for path, text in repository.sources():
        lines = text.count("\n")
        if lines <= _limit(path):
            continue
        if path in allowed:
            used.add(path)
        else:
            yield f"{path}: {lines} lines; at most {_limit(path)}"
    for path in set(allowed) - used:
        yield f"{path}: needs no exception for its length any more"


def _kind(head):
    """What a brace outside functions opens, from the text since the last ; or brace."""
    bare = _TEMPLATE.sub("", head)
    while _PARENTHESES.search(bare):
        bare = _PARENTHESES.sub("", bare)
    if bare.rstrip().endswith(("=", ",", "(")) or _ENUM.search(bare):
        return "data"
    if _SCOPE.search(bare):
        return "scope"
    return "function" if ")" in head else "data"


def functions(text):
    """(head, first line, number of lines) of every function body outside other functions."""
    code = tree.without_comments_and_strings(text)
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: "\n" * m.group().count("\n"), code,
                  flags=re.MULTILINE)
    open_braces = []  # (kind, head, line)
    head_start = 0
    line = 1
    pending = None  # a function that may go on: the braces so far were member initialisers
    for place, char in enumerate(code):
        if char == "\n":
            line += 1
        elif char == "{":
            head = " ".join(code[head_start:place].split())
            outer = [kind for kind, _, _ in open_braces if kind != "scope"]
            if pending and (head == "" or head.startswith(",")):
                open_braces.append(("function", pending[0], pending[1]))
            else:
                if pending:
                    yield pending
                open_braces.append(("block" if outer else _kind(head), head, line))
            pending = None
            head_start = place + 1
        elif char == "}":
            if pending:
                yield pending
                pending = None
            kind, head, first = open_braces.pop() if open_braces else ("data", "", line)
            if kind == "function":
                pending = (head, first, line - first + 1)
            head_start = place + 1
        elif char == ";":
            head_start = place + 1
    if pending:
        yield pending


def function_length(repository, allowed=None):
    """Functions of the product stay under their limit."""
    allowed = _LONG_FUNCTIONS if allowed is None else allowed
    used = set()
    for path, text in repository.sources("include", "src", "client"):
        for head, first, lines in functions(text):
            if lines <= _FUNCTION_LINES:
                continue
            entry = next((key for key in allowed if f"{path}: {head}".startswith(key)), None)
            if entry:
                used.add(entry)
            else:
                yield f"{path}:{first}: {lines} lines in `{head}`; at most {_FUNCTION_LINES}"
    for entry in set(allowed) - used:
        yield f"{entry}: needs no exception for its length any more"
