#pragma once

#include <string>
#include <string_view>

namespace chat::cluster {

// Text for the column node.holder, which names this process: key=value fields, separated by blanks.
// It tells people where the process runs and listens, and lets another process on the same machine
// find out whether this one is gone. Each call returns a different text.
std::string mark_process(std::string_view address);

// "process 123 on host-a, listening on 127.0.0.1:6000": a mark for people.
std::string describe_process(std::string_view mark);

// True only if the process is certainly gone: it ran on this machine since its last boot, in this
// process's namespaces, and none of its threads is alive. False in all other cases: a process on
// another machine, in another container, or one that cannot be inspected.
bool is_process_gone(std::string_view mark);

}  // namespace chat::cluster
