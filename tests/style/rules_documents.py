"""What pages and comments say about other pages: that they exist, and have what is cited."""

import posixpath
import re

_ADDRESS = re.compile(r"[a-z]+://\S+")
_CITED = re.compile(r"[\w./-]*\w\.md\b")
_SECTION = re.compile(r"([\w./-]*\w\.md), section (\d+)")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def _anchor(heading):
    """What GitHub makes of a heading."""
    words = re.sub(r"[`*]|\]\([^)]*\)|\[", "", heading.lstrip("#").strip().lower())
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def _headings(text):
    return [line for line in _FENCE.sub("", text).splitlines() if re.match("#+ ", line)]


class _Documents:
    def __init__(self, files):
        self.files = files
        self.pages = [path for path, text in files.items() if path.endswith(".md") and text is not None]

    def find(self, cited, at):
        """The page that is meant where `at` names it: by its path, or by the end of it."""
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(at), cited))
        wanted = cited.strip("/")
        for path in sorted(self.pages, key=len):
            if path in (beside, wanted) or path.endswith("/" + wanted):
                return path
            if "/" in path and wanted.endswith("/" + path):
                return path
        return None


def _cited(documents, path, number, line):
    for cited in _CITED.findall(_ADDRESS.sub("", line)):
        if documents.find(cited, path) is None:
            yield f"{path}:{number}: there is no {cited}"
    for cited, section in _SECTION.findall(line):
        page = documents.find(cited, path)
        if page and not re.search(rf"^#+ {section}\. ", documents.files[page], re.MULTILINE):
            yield f"{path}:{number}: {page} has no section {section}"


def _links(documents, path, text):
    for link in _LINK.findall(_FENCE.sub("", text)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) if name else path
        text_of_target = documents.files.get(target)
        if target not in documents.files:
            yield f"{path}: the link to {link} leads nowhere"
        elif anchor and anchor not in map(_anchor, _headings(text_of_target)):
            yield f"{path}: the link to {link} names no heading"


def documents_exist(repository):
    """Pages that are cited or linked to exist, with the sections that are named."""
    documents = _Documents(repository.files)
    for path, text in repository.files.items():
        if text is None or path.startswith("tests/style/"):
            continue
        if path.endswith(".md"):
            yield from _links(documents, path, text)
        for number, line in enumerate(text.splitlines(), 1):
            yield from _cited(documents, path, number, line)
