#pragma once

#include "chat/base/result.h"
#include "chat/protocol/errors.h"

// What the client of a request that could not be stored is told.
namespace chat::delivery {

protocol::Refusal refusal_of(const Error& error);
// Of a message whose sender has a newer session on another node. The client sends it there again.
protocol::Refusal taken_over();
// Of a message whose sender's session the database has lost. BYE follows.
protocol::Refusal session_lost();

// The database as a whole failed: the error says nothing about the rows of this batch.
bool is_everyones(ErrorCode code);

}  // namespace chat::delivery
