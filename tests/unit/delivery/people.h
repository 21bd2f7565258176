#pragma once

#include "chat/base/ids.h"

namespace chat::delivery {

// Who talks to whom, and where, in tests that need no database.
inline constexpr UserId kAlice{1};
inline constexpr UserId kBob{2};
inline constexpr GroupId kGroup{5};
inline constexpr GroupId kOther{3};

}  // namespace chat::delivery
