"""The files that the rules look at, and C++ text without comments and strings."""

import os
import pathlib
import re
import subprocess

SOURCE_SUFFIXES = {".h", ".cpp"}
_SKIPPED_FOLDERS = re.compile(r"^(\.git|build.*|var|__pycache__)$")


class Tree:
    """Files by their path from the top of the repository, e.g. "src/net/server.cpp"."""

    def __init__(self, files):
        self.files = files  # path -> text, None for what is not text

    @classmethod
    def read(cls, root):
        root = pathlib.Path(root)
        return cls({path: _read_text(root / path) for path in sorted(_list(root))})

    def sources(self, *folders):
        """(path, text) of the C++ files under the given folders; of all of them without one."""
        for path, text in self.files.items():
            if pathlib.PurePath(path).suffix not in SOURCE_SUFFIXES or text is None:
                continue
            if not folders or path.startswith(tuple(folder + "/" for folder in folders)):
                yield path, text


def _list(root):
    """What git tracks or would add; without git, everything but build folders and data."""
    try:
        command = ["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return [path for path in output.split("\0") if path and (root / path).is_file()]
    except (OSError, subprocess.CalledProcessError):
        return list(_walk(root))


def _walk(root):
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not _SKIPPED_FOLDERS.match(name)]
        for name in names:
            yield str((pathlib.Path(folder) / name).relative_to(root))


def _read_text(path):
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/                            # comments
    |(?:u8|u|U|L)?R"([^()\\ ]{0,16})\(.*?\)\1"        # raw strings
    |"(?:\\.|[^"\\\n])*"                              # strings
    |(?<![0-9a-zA-Z_])'(?:\\.[^'\n]*|[^'\\\n])'       # characters, not 1'000
    """,
    re.DOTALL | re.VERBOSE,
)


def without_comments_and_strings(text):
    """The same lines with every comment, string and character literal emptied. #include lines
    keep their names."""

    def empty(match):
        token = match.group()
        line_start = text.rfind("\n", 0, match.start()) + 1
        if token.startswith('"') and re.match(r"\s*#\s*include\b", text[line_start:]):
            return token
        kept = '""' if token.startswith(('"', "R", "u", "U", "L")) else " "
        return kept + "\n" * token.count("\n")

    return _TOKEN.sub(empty, text)


def includes(text):
    """(line number, "<" or '"', name) of every #include."""
    for number, line in enumerate(without_comments_and_strings(text).splitlines(), 1):
        if match := re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line):
            yield number, match.group(1), match.group(2)
