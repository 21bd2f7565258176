#pragma once

#include "chat/base/ids.h"

namespace chat::delivery {

// Ids of users and groups for tests without a database.
inline constexpr UserId kAlice{1};
inline constexpr UserId kBob{2};
inline constexpr GroupId kGroup{5};
inline constexpr GroupId kOther{3};

}  // namespace chat::delivery
