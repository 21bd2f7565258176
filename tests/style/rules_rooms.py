"""Which room may include what (the table of rooms, as data), and in which order."""

import posixpath

import tree

# Arrows between rooms. A room may always include itself; nothing else is allowed.
_ARROWS = {
    "base": [],
    "net": ["base"],
    "protocol": ["base"],
    "storage": ["base"],
    "cluster": ["base", "storage"],
    "session": ["base", "net", "protocol"],
    "delivery": ["base", "protocol", "storage", "cluster", "session"],
    "service": ["base", "protocol", "storage", "session", "delivery"],
    "server": ["base", "net", "protocol", "storage", "cluster", "session", "delivery", "service"],
    "client": ["base", "protocol"],
}

_ALL_SRC = ["src/", "client/"]
_JSON = ["src/protocol/", "src/session/", "src/delivery/", "src/service/", "src/server/admin/", "client/",
         "include/chat/protocol/"]

# Library headers (by how their names begin) and the only folders that may include them. Tests
# may include any.
_LIBRARIES = {
    "nlohmann/": _JSON,
    "fmt/": _ALL_SRC + ["include/chat/base/"],
    "tl/": _ALL_SRC + ["include/chat/base/", "include/chat/protocol/"],
    "spdlog/": ["src/base/"],
    "sodium.h": ["src/base/", "src/service/"],
    "sqlite3.h": ["src/storage/"],
    "mysql": ["src/storage/"],
    "errmsg.h": ["src/storage/"],  # of the MySQL client library
    "mariadb/": ["src/storage/"],
    "hiredis/": ["src/cluster/"],
    "systemd/": ["src/server/"],
    "ini.h": ["src/server/", "client/control/", "client/terminal/"],
    "INIReader.h": ["src/server/"],
    "CLI/": ["src/base/option_parser.cpp"],
    "wslay/": ["src/protocol/", "client/"],
    "prometheus/": ["src/server/"],
    "histedit.h": ["client/"],
    "editline/": ["client/"],
    "openssl/": ["client/"],
}

# What comes with the compiler and the C library.
_SYSTEM_FOLDERS = ("sys/", "netinet/", "arpa/", "net/", "linux/", "asm/")
_SYSTEM_HEADERS = set(
    "assert ctype dirent dlfcn endian err errno fcntl features fnmatch getopt glob grp inttypes "
    "langinfo libgen limits locale malloc math netdb netpacket poll pthread pwd resolv sched semaphore "
    "signal spawn stdarg stddef stdint stdio stdlib string strings syslog termios time ucontext "
    "unistd utime wchar wordexp".split())


def room_of(path):
    parts = path.split("/")
    if parts[0] == "client":
        return "client"
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    if parts[:2] == ["include", "chat"] and len(parts) > 3:
        return parts[2]
    return None


def _is_system(name):
    if "." not in name and "/" not in name:
        return True  # <vector>
    if name.endswith(".h") and name[:-2] in _SYSTEM_HEADERS:
        return True
    return name.startswith(_SYSTEM_FOLDERS)


def _target_room(files, path, name):
    """The room whose file a quoted include names; None when there is no such file."""
    if name.startswith("chat/"):
        return name.split("/")[1]
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    for candidate in (beside, "src/" + name, name):
        if candidate in files and room_of(candidate):
            return room_of(candidate)
    return None


def _check_quoted(files, path, room, name):
    target = _target_room(files, path, name)
    if target is None:
        return f'"{name}" is no header of this repository; a library\'s header goes in <>'
    if target == room:
        return None
    if not name.startswith("chat/"):
        return f'"{name}" is private to the room {target}'
    if target not in _ARROWS[room]:
        return f'"{name}": the room {room} may not include the room {target}'
    return None


def _check_angled(path, name):
    if name.startswith("chat/"):
        return f'<{name}> is this project\'s own header: it goes in ""'
    for prefix, folders in _LIBRARIES.items():
        if name.startswith(prefix):
            if path.startswith(tuple(folders)):
                return None
            return f"<{name}> may be included only in {', '.join(folders)}"
    if _is_system(name):
        return None
    return f"<{name}> is no library that the rooms' table knows"


def arrows(repository):
    """Rooms include only what the table allows; libraries stay in their rooms."""
    for path, text in repository.sources("include", "src", "client"):
        room = room_of(path)
        if room not in _ARROWS:
            yield f"{path}: stands in no room"
            continue
        for number, kind, name in tree.includes(text):
            problem = (_check_quoted(repository.files, path, room, name) if kind == '"'
                       else _check_angled(path, name))
            if problem:
                yield f"{path}:{number}: {problem}"


def own_header_first(repository):
    """The first include of x.cpp is its own x.h, where there is one: so x.h compiles alone."""
    for path, text in repository.sources("src", "client"):
        if not path.endswith(".cpp"):
            continue
        header = path[:-len("cpp")] + "h"
        parts = header.split("/")
        public = f"include/chat/{parts[1]}/{parts[-1]}"  # sub-rooms have no door of their own
        own = next((name for name in (public, header) if name in repository.files), None)
        first = next((name for _, _, name in tree.includes(text)), "")
        if own and own != first and not (first and own.endswith("/" + first)):
            yield f"{path}: the first include is not the own header {own}"
