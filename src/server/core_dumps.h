#pragma once

namespace chat::server {

// From here on no crash of this process leaves its memory behind: passwords, tokens and messages
// are in it. Call it before threads start.
void forbid_core_dumps();

}  // namespace chat::server
