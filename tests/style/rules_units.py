"""Units (a header and its source), their names, folders and doors, and that none lean on each other
in a circle."""

import collections
import posixpath

import tree
from rules_rooms import room_of

_UNITS_PER_FOLDER = 20

# Public headers that only public headers of their own room include, each with what has to go first.
# An entry that is no longer needed is reported.
_HELD_BY_OWN_ROOM = {
    "include/chat/net/timer.h": "EventLoop gives out timer ids, and a Connection is an entry",
    "include/chat/session/deadlines.h": "SocketSide has them as a member: no allocation for each",
    "include/chat/session/frame_intake.h": "SocketSide has it as a member: no allocation for each",
    "include/chat/session/conversation_state.h": "Session has it as a member: no allocation for each",
    "include/chat/session/strand.h": "ConversationState has it as a member: no allocation for each",
}

# Circles of units, each with its reason.
_CIRCLES = {
}


def _unit(path):
    """What a header and its source have in common. A room's public headers belong to the sources of
    its sub-rooms."""
    stem, _ = posixpath.splitext(path)
    room = room_of(path)
    if room and room != "client":
        return f"{room}: {posixpath.basename(stem)}"
    return stem


def _targets(files, path, text):
    """The files of the repository that an include names."""
    for _, kind, name in tree.includes(text):
        if kind != '"':
            continue
        for folder in (posixpath.dirname(path), "include", "src", "", "tests"):
            found = posixpath.normpath(posixpath.join(folder, name))
            if found in files:
                yield found
                break


def public_header_used_elsewhere(repository, allowed=None):
    """include/chat/ holds only what another room includes; tests don't count."""
    allowed = _HELD_BY_OWN_ROOM if allowed is None else allowed
    used = set()
    for path, text in repository.sources("include", "src", "client"):
        used.update(target for target in _targets(repository.files, path, text)
                    if room_of(target) != room_of(path))
    public = {path for path, _ in repository.sources("include")}
    for path in sorted(public - used - set(allowed)):
        yield f"{path}: no other room includes it; its place is beside its source"
    for path in sorted(set(allowed) - (public - used)):
        yield f"{path}: needs no exception as a public header any more"


def _edges(repository):
    edges = collections.defaultdict(set)
    for path, text in repository.sources():
        for target in _targets(repository.files, path, text):
            if _unit(target) != _unit(path):
                edges[_unit(path)].add(_unit(target))
    return edges


def _circles(edges):
    """Tarjan's strongly connected components of more than one unit."""
    order, low, stack, circles = {}, {}, [], []

    def visit(unit):
        order[unit] = low[unit] = len(order)
        stack.append(unit)
        for other in sorted(edges.get(unit, ())):
            if other not in order:
                visit(other)
                low[unit] = min(low[unit], low[other])
            elif other in stack:
                low[unit] = min(low[unit], order[other])
        if low[unit] == order[unit]:
            circle = stack[stack.index(unit):]
            del stack[stack.index(unit):]
            if len(circle) > 1:
                circles.append(" ".join(sorted(posixpath.basename(name).split(": ")[-1]
                                               for name in circle)))

    for unit in sorted(edges):
        if unit not in order:
            visit(unit)
    return circles


def no_unit_cycle(repository, allowed=None):
    """No two units include each other, directly or by way of others."""
    allowed = _CIRCLES if allowed is None else allowed
    circles = _circles(_edges(repository))
    for circle in sorted(set(circles) - set(allowed)):
        yield f"these units include each other: {circle}"
    for circle in sorted(set(allowed) - set(circles)):
        yield f"{circle}: needs no exception as a circle any more"


def unique_file_names(repository):
    """A file name stands once in the tree, and a header shares its name only with its source."""
    places = collections.defaultdict(set)
    for path, _ in repository.sources():
        places[posixpath.splitext(posixpath.basename(path))[0]].add(_unit(path))
    for path in repository.files:
        if path.endswith((".py", ".sh", ".md")) and posixpath.basename(path) != "README.md":
            places[posixpath.basename(path)].add(path)
    for name, units in sorted(places.items()):
        if len(units) > 1:
            yield f"the name {name} stands more than once: {', '.join(sorted(units))}"


def units_per_folder(repository):
    """A folder holds at most about twenty units. A unit lives where its source is; one without a
    source, where its header is."""
    homes = {}
    for path, _ in repository.sources():
        if path.endswith(".cpp") or _unit(path) not in homes:
            homes[_unit(path)] = posixpath.dirname(path)
    folders = collections.Counter(homes.values())
    for folder, units in sorted(folders.items()):
        if units > _UNITS_PER_FOLDER:
            yield f"{folder}: {units} units; at most {_UNITS_PER_FOLDER}"
