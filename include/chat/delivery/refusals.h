#pragma once

#include "chat/base/result.h"
#include "chat/protocol/errors.h"
#include "chat/storage/values.h"

// The refusals of requests that could not be stored.
namespace chat::delivery {

protocol::Refusal refusal_of(const Error& error);
// `in_doubt`: an earlier attempt may have stored it, so the refusal must not say that it is not.
protocol::Refusal refusal_of(const Error& error, bool in_doubt);
// For a message whose sender has a newer session on another node. The client repeats it there.
protocol::Refusal taken_over();
// For a message whose sender's session the database has lost. BYE follows.
protocol::Refusal session_lost();
// For a direct message that its sender may not send. Does not say by which rule.
protocol::Refusal not_accepted(storage::ChatRight right);

// For a message whose recipient has no account any more.
protocol::Refusal no_recipient();

// For a message that replies to one which does not exist, or which its sender may not read.
protocol::Refusal no_reply_target();

// True if the database as a whole failed: retrying single rows cannot help.
bool is_everyones(ErrorCode code);

}  // namespace chat::delivery
