#pragma once

namespace chat::server {

// Prevents core dumps of this process, whose memory holds passwords, tokens and messages. Call
// before threads start.
void forbid_core_dumps();

}  // namespace chat::server
