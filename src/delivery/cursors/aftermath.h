#pragma once

#include <span>

#include "delivery/cursors/receipts.h"
#include "delivery/cursors/writeback.h"
#include "delivery/push/presence.h"
#include "delivery/push/router.h"

namespace chat::delivery {

// Reports the writeback's results: receipts to senders, presence to friends, and the end of a
// taken-over session to the node of the newer one.
// Threading: thread-safe.
class Aftermath final : public WritebackListener {
 public:
  Aftermath(Receipts& receipts, Presence& presence, Router& router)
      : receipts_(receipts), presence_(presence), router_(router) {}

  void on_cursors_written(std::span<const storage::CursorMove> moves) override {
    receipts_.cursors_written(moves);
  }
  void on_released(std::span<const UserId> users) override { presence_.changed(users); }
  void on_gone_late(UserId user, SessionEpoch epoch) override { router_.tell_gone(user, epoch); }

 private:
  Receipts& receipts_;
  Presence& presence_;
  Router& router_;
};

}  // namespace chat::delivery
