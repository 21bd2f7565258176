#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/ids.h"
#include "chat/base/task.h"
#include "chat/base/worker_pool.h"
#include "chat/cluster/bus.h"
#include "chat/delivery/backlog.h"
#include "chat/delivery/stream.h"
#include "chat/session/loops.h"

namespace chat::session {
class Session;
}

namespace chat::delivery {

class LoopDelivery;
class Writeback;

// The logged-in recipients of this node, over all loops. What a login does, in this order, so
// that no message falls between: attach (live messages are noticed from now on, but held) →
// read the positions and the first page → answer → open (pushes begin).
// Threading: thread-safe; calls return at once, the work is done in the session's loop.
class Recipients {
 public:
  Recipients(session::Loops& loops, Backlog& backlog, Writeback& writeback, cluster::Bus& bus,
             base::WorkerPool& workers);
  ~Recipients();

  // Starts the loops' ticks; before traffic begins.
  void start();

  // `then` is called in the session's loop once it is attached and the bus listens for it.
  void attach(const std::shared_ptr<session::Session>& session, UserId user, bool acknowledges,
              std::vector<GroupId> groups, base::Task then);
  // Call after the answer was handed out (Session::flush_replies()).
  void open(const std::shared_ptr<session::Session>& session, std::vector<StreamPosition> positions,
            std::vector<Push> sent);
  // `then` is called in the loop when nothing more is pushed and the cursors are with the
  // writeback.
  void detach(const std::shared_ptr<session::Session>& session, base::Task then);

  // The user, if still logged in on the session, is a member of the group and reads it from
  // `joined_seq` on. May be called again.
  void joined(const std::shared_ptr<session::Session>& session, UserId user, GroupId group,
              Seq joined_seq);
  // DELIVERED; `refusal` is sent when seq is beyond what was pushed.
  void acknowledge(const std::shared_ptr<session::Session>& session, StreamKey stream, Seq seq,
                   std::string refusal);

  // READ; likewise.
  void mark_read(const std::shared_ptr<session::Session>& session, StreamKey stream, Seq seq,
                 std::string refusal);
  // SYNC: pushes again what follows `after`, or the delivered position.
  void rewind(const std::shared_ptr<session::Session>& session,
              std::vector<StreamPosition> positions, std::optional<Seq> after);

  // Where the table says that the user's streams are. A group that the session's window does not
  // know becomes live by it.
  void notice(const std::shared_ptr<session::Session>& session, UserId user,
              std::vector<StreamPosition> positions);

  // The groups that the table gives to the user, ascending, as read after `read_began`. Where the
  // table lacks a group twice in a row the session leaves it.
  void keep_groups(const std::shared_ptr<session::Session>& session, UserId user,
                   std::vector<GroupId> groups, base::SteadyTime read_began);

  LoopDelivery& at(std::size_t loop_index) { return *loop_deliveries_[loop_index]; }

 private:
  session::Loops& loops_;
  std::vector<std::unique_ptr<LoopDelivery>> loop_deliveries_;
};

}  // namespace chat::delivery
