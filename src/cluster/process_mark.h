#pragma once

#include <string>
#include <string_view>

namespace chat::cluster {

// Text for the column node.holder, which names this process: key=value fields, separated by blanks.
// It says where the process runs and listens, for people, and enough for another process on the
// same machine to find out whether this one is gone. No two calls give the same text.
std::string mark_process(std::string_view address);

// "process 123 on host-a, listening on 127.0.0.1:6000": the same for people.
std::string describe_process(std::string_view mark);

// True only if the process is certainly gone: it ran on this machine since its last boot, in this
// process's namespaces, and the kernel has no living thread of it. Everything else is false: a
// process on another machine, in another container, or one that can't be looked at.
bool is_process_gone(std::string_view mark);

}  // namespace chat::cluster
