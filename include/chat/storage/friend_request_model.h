#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"

namespace chat::storage {

struct FriendRequest {
  enum class State { kPending, kRefused, kAccepted };
  State state = State::kPending;
  UnixMillis created_at = 0;
};

// A request in a list: by or to `id`.
struct ListedRequest {
  UserId id;
  std::string name;
  std::string message;
  UnixMillis created_at = 0;
};

// Where a page of requests begins: after this one; the newest come first.
struct RequestCursor {
  UnixMillis created_at = 0;
  UserId id;
};

// Table `friendrequest`. A request ends after kLifetime, whatever became of it; ended ones count as
// missing and are deleted in passing. Whoever changes the table must hold the lock of
// ContactModel::lock(). Calls block.
class FriendRequestModel {
 public:
  static constexpr std::chrono::days kLifetime{30};

  FriendRequestModel(Connection& connection, UnixMillis now)
      : connection_(connection),
        now_(now),
        ended_(now - kLifetime / std::chrono::milliseconds(1)) {}

  // The request of `user` to `other`.
  Result<std::optional<FriendRequest>> find(UserId user, UserId other);
  // Stores a pending request of `user` to `other` in place of an earlier one, and deletes some
  // ended requests of the two.
  Result<void> put(UserId user, UserId other, std::string_view message);
  Result<void> set_state(UserId user, UserId other, FriendRequest::State state);
  // When the user's newest requests since `since` were made, at most `limit`, newest first.
  Result<std::vector<UnixMillis>> recent(UserId user, UnixMillis since, std::size_t limit);
  // The requests to the user that wait for an answer, without those of blocked and blocking users.
  Result<std::vector<ListedRequest>> received(UserId user,
                                              const std::optional<RequestCursor>& after,
                                              std::size_t limit);
  // The user's own requests that wait for an answer, or seem to.
  Result<std::vector<ListedRequest>> sent(UserId user, const std::optional<RequestCursor>& after,
                                          std::size_t limit);
  // The requests by the user and those to the user.
  Result<void> erase_all(UserId user);

 private:
  Result<void> prune(std::string_view find_ended, UserId user);

  Connection& connection_;
  const UnixMillis now_;
  const UnixMillis ended_;  // requests of this time and earlier have ended
};

}  // namespace chat::storage
