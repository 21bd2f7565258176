#pragma once

#include "chat/base/ids.h"
#include "chat/protocol/messages/profile_messages.h"
#include "chat/storage/profile_model.h"
#include "service/dispatch/request_types.h"

namespace chat::service {

// True if the user does not show its nick, bio and avatar to `viewer`: it has blocked the viewer,
// or allows nobody to add it.
bool hides_profile(const storage::SeenUser& seen, UserId viewer);

// The user as USER_INFO shows it to `viewer`. Borrows the texts.
messages::UserItem info_item(const storage::SeenUser& seen, UserId viewer);
// As FIND shows it: without its state if it hides its profile.
messages::UserItem found_item(const storage::SeenUser& seen, UserId viewer);

}  // namespace chat::service
