#pragma once

#include "chat/session/session_context.h"
#include "chat/storage/database.h"
#include "service/dispatch/fault.h"

namespace chat::service {

// Refuses what is asked for by a session that has since been taken over or ended by an operator.
// Otherwise a server that was paused would repeat an act that its user has meanwhile made on
// another server, and perhaps undone there. Call inside a write transaction that holds the lock for
// which an act of the newer session would wait. Blocks.
Outcome<void> refuse_older_session(storage::Connection& connection, const session::Identity& who);

}  // namespace chat::service
