#pragma once

#include "chat/protocol/classic.h"
#include "chat/protocol/msgid.h"

namespace chat::protocol {

// The number that a message of ours has in that numbering; unknown ones are A's.
int number_in(ClassicNumbers numbers, Msgid msgid);

}  // namespace chat::protocol
