#pragma once

#include <span>

#include "chat/delivery/presence.h"
#include "chat/delivery/receipts.h"
#include "chat/delivery/writeback.h"

namespace chat::delivery {

// Who hears what the writeback has written: receipts go to senders, presence to friends.
// Threading: thread-safe.
class Aftermath final : public WritebackListener {
 public:
  Aftermath(Receipts& receipts, Presence& presence) : receipts_(receipts), presence_(presence) {}

  void on_cursors_written(std::span<const storage::CursorMove> moves) override {
    receipts_.cursors_written(moves);
  }
  void on_released(std::span<const UserId> users) override { presence_.changed(users); }

 private:
  Receipts& receipts_;
  Presence& presence_;
};

}  // namespace chat::delivery
