#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>

#include "chat/base/result.h"
#include "chat/storage/values.h"
#include "delivery/journal/stores.h"
#include "delivery/journal/user_looks.h"

namespace chat::delivery {

// Who may write to whom, as the direct lane needs it: blocks, and users to whom only friends may
// write. Every user has a revision that grows whenever one of its rights may have changed
// (storage::ContactModel::bump()) and is looked up anyway (UserLooks). While both sides of a stream
// have revision 0, as nearly all have, nothing else is asked; otherwise the right is read once per
// pair of revisions.
// Threading: externally synchronised (the lane). Bounds: kStreamsMax streams; then all are
// forgotten.
class ContactRules {
 public:
  static constexpr std::size_t kStreamsMax = 20'000;

  explicit ContactRules(DirectStore& store) : store_(store) {}

  // The right that was read last, which is the current one after look_up(). kYes if none was read.
  storage::ChatRight right_of(const storage::DirectStream& stream, const UserLooks& users) const;
  // Reads the rights of those streams whose users have changed since the last time. Precondition:
  // both sides were looked up in `users`. Blocks.
  Result<void> look_up(std::span<const storage::DirectStream> streams, const UserLooks& users);
  void forget_all() { read_.clear(); }

 private:
  struct Read {
    std::int64_t sender_rev = -1;
    std::int64_t recipient_rev = -1;
    storage::ChatRight right = storage::ChatRight::kYes;
  };

  DirectStore& store_;
  std::unordered_map<std::uint64_t, Read> read_;
};

}  // namespace chat::delivery
