#!/usr/bin/env python3
"""PROTOCOL.md names what the code has: every msgid, every errno and every reason of a BYE; and nothing
that the code does not have. The fields of messages are compared by tests/unit/protocol/catalogue_test.cpp."""

import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(sys.argv.pop(1))
PAGE = (ROOT / "include/chat/protocol/PROTOCOL.md").read_text(encoding="utf-8")


def code(path):
    return (ROOT / path).read_text(encoding="utf-8")


def enumerators(text, enum):
    body = re.search(rf"enum class {enum} : int {{(.*?)}};", text, re.S).group(1)
    return {name: int(number) for name, number in re.findall(r"k(\w+) = (\d+)", body)}


def page_name(enumerator):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", enumerator).upper()


def rows(text):
    """The cells of each row of the page's tables."""
    for line in text.splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def requests_of_page():
    """name -> (msgid, the cell of its reply)"""
    found = {}
    for cells in rows(PAGE):
        if len(cells) >= 4 and cells[0].isdigit() and re.fullmatch("[A-Z_]+", cells[1]) and int(cells[0]) < 100:
            found[cells[1]] = (int(cells[0]), cells[3])
    return found


def pushes_of_page():
    return {cells[1]: int(cells[0]) for cells in rows(PAGE)
            if cells[0].isdigit() and int(cells[0]) >= 200}


class ProtocolPage(unittest.TestCase):
    def test_names_every_request_with_its_number_and_its_replys(self):
        numbers = enumerators(code("include/chat/protocol/msgid.h"), "Msgid")
        requests = {page_name(name): number for name, number in numbers.items()
                    if number < 100 and not name.endswith("Ack")}
        page = requests_of_page()
        self.assertEqual({name: row[0] for name, row in page.items()}, requests)
        for name, (number, reply) in page.items():
            ack = {1: 2, 4: 5}.get(number, number + 100)
            self.assertIn(str(ack), re.findall(r"\d+", reply), name)

    def test_names_every_push(self):
        numbers = enumerators(code("include/chat/protocol/msgid.h"), "Msgid")
        self.assertEqual(pushes_of_page(),
                         {page_name(name): number for name, number in numbers.items() if number >= 200})

    def test_names_every_errno_with_its_word(self):
        numbers = enumerators(code("include/chat/protocol/errors.h"), "Errno")
        words = dict(re.findall(r'case Errno::k(\w+): return "(\w+)"', code("src/protocol/errors.cpp")))
        self.assertEqual(words.keys(), numbers.keys())
        page = {int(cells[0]): cells[1] for cells in rows(PAGE[PAGE.index("## 7."):PAGE.index("## 8.")])
                if cells[0].isdigit()}
        self.assertEqual(page, {numbers[name]: word for name, word in words.items()})

    def test_names_every_reason_of_a_bye(self):
        said = set()
        for path in (ROOT / "src").rglob("*.cpp"):
            text = path.read_text(encoding="utf-8")
            said |= set(re.findall(r'(?:farewell\({?|evict\(|time_out\(|= bye\()"(\w+)"', text))
        said |= set(re.findall(r'Ending k\w+{"(\w+)"', code("include/chat/session/registry.h")))
        page = set()
        for cells in rows(PAGE[PAGE.index("| reason |"):PAGE.index("## 9.")]):
            page |= set(re.findall(r"`(\w+)`", cells[0]))
        self.assertEqual(said, page)


if __name__ == "__main__":
    unittest.main()
