#!/usr/bin/env python3
"""Writes a C++ source with the migration files of one dialect as string literals.

usage: embed_migrations.py OUTPUT FUNCTION FILE...

The files must be all *.sql of their folder and be numbered 1, 2, 3 … without a gap: a forgotten
or misnamed migration fails the build, not a server's start.
"""
import pathlib
import sys

DELIMITER = "migration"


def main(output, function, *names):
    files = sorted(pathlib.Path(name) for name in names)
    present = sorted(files[0].parent.glob("*.sql"))
    if [f.name for f in files] != [f.name for f in present]:
        sys.exit(f"meson.build lists other migrations than {files[0].parent} holds")
    rows = []
    for version, file in enumerate(files, start=1):
        if int(file.name.split("_")[0]) != version:
            sys.exit(f"{file.name}: version {version} is due here")
        sql = file.read_text(encoding="utf-8")
        if f"){DELIMITER}\"" in sql:
            sys.exit(f"{file.name}: contains the literal's own end")
        rows.append(f'    {{{version}, "{file.name}", R"{DELIMITER}({sql}){DELIMITER}"}},\n')
    pathlib.Path(output).write_text(
        "// Written by embed_migrations.py.\n"
        '#include "storage/embedded_migrations.h"\n\n'
        '#include "chat/storage/migrations.h"\n\n'
        "namespace chat::storage {\nnamespace {\n\n"
        f"constexpr Migration k_{function}[] = {{\n{''.join(rows)}}};\n\n"
        "}  // namespace\n\n"
        f"std::span<const Migration> {function}() {{ return k_{function}; }}\n\n"
        "}  // namespace chat::storage\n",
        encoding="utf-8")


main(*sys.argv[1:])
