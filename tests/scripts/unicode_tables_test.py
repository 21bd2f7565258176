#!/usr/bin/env python3
"""Compares the tables of src/base/unicode.cpp, src/base/case_folding.cpp and client/core/script.cpp
with Python's unicodedata.

Skipped (77) where Python has another version of Unicode than the tables. Shows at the end
that each comparison finds a table that is wrong.
"""

import re
import sys
import unicodedata
from pathlib import Path

VERSION = "14.0.0"
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
CATEGORY = {c: unicodedata.category(chr(c)) for c in CODE_POINTS}
LETTERS = [(c, unicodedata.name(chr(c), "")) for c in CODE_POINTS if CATEGORY[c].startswith("L")]
NONCHARACTERS = {c for c in CODE_POINTS if c & 0xFFFE == 0xFFFE or 0xFDD0 <= c <= 0xFDEF}
# Format characters that are shown: annotation controls, Egyptian joiners, and marks that stand
# before numbers (DerivedCoreProperties.txt).
SHOWN_FORMAT = {
    *range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD,
    *range(0xFFF9, 0xFFFC), *range(0x13430, 0x13439),
}
# Ignorable without being format characters (Other_Default_Ignorable_Code_Point and
# Variation_Selector of PropList.txt), beside what is not assigned yet.
OTHER_IGNORABLE = {
    0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x180E), 0x180F, 0x3164,
    *range(0xFE00, 0xFE10), 0xFFA0, *range(0xE0100, 0xE01F0),
}
SCRIPTS = {
    "LATIN": {"Latin", "Phonetic", "Fullwidth"},
    "GREEK": {"Greek"},
    "COPTIC": {"Greek"},
    "CYRILLIC": {"Cyrillic"},
    "ARMENIAN": {"Armenian"},
    "CHEROKEE": {"Cherokee"},
    "LISU": {"Lisu"},
}


def ranges_of(source, table):
    """{code point: third field, or True} of the table of this name."""
    body = re.search(r"%s\[\] = \{(.*?)\n\};" % table, source, re.DOTALL)
    if body is None:
        raise SystemExit(f"there is no table {table}")
    found = {}
    rows = re.findall(r"\{(0x[0-9A-F]+), (0x[0-9A-F]+)(?:, Script::k(\w+))?\}", body.group(1))
    last = -1
    for first_text, last_text, value in rows:
        first = int(first_text, 16)
        if first <= last:
            raise SystemExit(f"{table} is not ascending at {first_text}")
        last = int(last_text, 16)
        for code in range(first, last + 1):
            found[code] = value or True
    return found


def foldings_of(source):
    """{code point: folded code point} of kCaseFolding."""
    body = re.search(r"kCaseFolding\[\] = \{(.*?)\n\};", source, re.DOTALL).group(1)
    found = {}
    last = -1
    for row in re.findall(r"\{(0x[0-9A-F]+), (0x[0-9A-F]+), (\d), (-?0x[0-9A-F]+)\}", body):
        first, end, step, offset = (int(number, 0) for number in row)
        if first <= last:
            raise SystemExit(f"kCaseFolding is not ascending at {row[0]}")
        last = end
        found.update((code, code + offset) for code in range(first, end + 1, step))
    return found


def simple_folding(code):
    """Python knows the full folding. Where that is longer than one code point, the simple one is the
    lower case, if that is one code point."""
    for text in (chr(code).casefold(), chr(code).lower()):
        if len(text) == 1:
            return ord(text)
    return code


def check_foldings(foldings):
    expected = {code: simple_folding(code) for code in CODE_POINTS if simple_folding(code) != code}
    wrong = sorted(set(foldings.items()) ^ set(expected.items()))
    return [f"kCaseFolding: U+{code:04X} to U+{folded:04X}" for code, folded in wrong]


def differences(name, table, expected):
    return [f"{name}: U+{code:04X} is {'missing' if code in expected else 'too much'}"
            for code in sorted(set(table) ^ set(expected))]


def of_categories(*names):
    return {c for c in CODE_POINTS if CATEGORY[c] in names}


EXPECTED = {
    "kCombining": of_categories("Mn", "Me"),
    "kWhiteSpace": of_categories("Zs", "Zl", "Zp") | set(range(0x9, 0xE)) | {0x85},
    "kOtherInvisible": of_categories("Co") - NONCHARACTERS | set(range(0xFFF9, 0xFFFC)),
    "kDefaultIgnorable": of_categories("Cf") - SHOWN_FORMAT | OTHER_IGNORABLE,
}


def check_categories(tables):
    faults = []
    for name, expected in EXPECTED.items():
        table = tables[name]
        if name == "kDefaultIgnorable":  # also has what is not assigned yet
            table = {c for c in table if CATEGORY[c] != "Cn"}
        faults += differences(name, table, expected)
    return faults


def check_scripts(scripts):
    faults = []
    for code, name in LETTERS:
        if name.startswith("FULLWIDTH LATIN"):
            expected = {"Fullwidth"}
        elif name.startswith("MODIFIER LETTER CYRILLIC"):
            expected = {"Cyrillic"}
        else:
            expected = SCRIPTS.get(name.split(" ")[0].split("-")[0])
        script = scripts.get(code)
        if expected is not None and script not in expected | {"Symbol"}:
            faults.append(f"kScripts: U+{code:04X} {name} is {script}")
        named = SCRIPTS_OF_NAME.get(script)
        if named is not None and expected is None and not any(word in name for word in named):
            faults.append(f"kScripts: U+{code:04X} {name} is {script}")
    return faults


# What the names of a script's letters have somewhere.
SCRIPTS_OF_NAME = {
    "Latin": ("LATIN",), "Fullwidth": ("LATIN",), "Greek": ("GREEK", "COPTIC", "MODIFIER LETTER"),
    "Cyrillic": ("CYRILLIC",), "Armenian": ("ARMENIAN",), "Cherokee": ("CHEROKEE",),
    "Lisu": ("LISU",),
}


def check(tables):
    return check_categories(tables) + check_scripts(tables["kScripts"])


def self_test(tables):
    """Each table with one code point less, and with one too many."""
    for name, table in tables.items():
        without = dict(table)
        code = next(c for c in table if CATEGORY[c] not in ("Cn", "So"))
        del without[code]
        more = dict(table)
        more[0x43D if name != "kScripts" else 0x5D0] = "Cyrillic"
        for broken in (without, more):
            if not check({**tables, name: broken}):
                raise SystemExit(f"a fault in {name} is not found")


def main():
    if unicodedata.unidata_version != VERSION:
        print(f"skipped: Python has Unicode {unicodedata.unidata_version}, the tables {VERSION}")
        return 77
    root = Path(sys.argv[1])
    unicode_source = (root / "src/base/unicode.cpp").read_text(encoding="utf-8")
    tables = {name: ranges_of(unicode_source, name)
              for name in ("kDefaultIgnorable", "kWhiteSpace", "kOtherInvisible", "kCombining")}
    tables["kScripts"] = ranges_of((root / "client/core/script.cpp").read_text(encoding="utf-8"),
                                   "kScripts")
    foldings = foldings_of((root / "src/base/case_folding.cpp").read_text(encoding="utf-8"))
    faults = check(tables) + check_foldings(foldings)
    for fault in faults[:50]:
        print(fault)
    if faults:
        return 1
    self_test(tables)
    if not check_foldings({**foldings, 0x41: 0x62}):
        raise SystemExit("a fault in kCaseFolding is not found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
