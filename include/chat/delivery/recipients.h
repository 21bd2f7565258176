#pragma once

#include <functional>
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
#include "chat/storage/values.h"

namespace chat::session {
class Session;
}

namespace chat::delivery {

class LoopDelivery;
class Writeback;

// The logged-in recipients of this node, over all loops. A login proceeds in this order, so that no
// message is missed: attach (live messages are noted from now on, but held back) → read the
// positions and the first page → reply → open (pushes begin).
// Threading: thread-safe; calls return at once and the work is done in the session's loop.
class Recipients {
 public:
  Recipients(session::Loops& loops, Backlog& backlog, Writeback& writeback, cluster::Bus& bus,
             base::WorkerPool& workers);
  ~Recipients();

  // Starts the loops' ticks. Call before traffic begins. `refresh_presence` sends a user the states
  // of its friends; it is called in the loops, and must be quick.
  void start(const std::function<void(UserId)>& refresh_presence);

  // `then` is called in the session's loop once it is attached and its channels are subscribed.
  void attach(const std::shared_ptr<session::Session>& session, UserId user, bool acknowledges,
              std::vector<GroupId> groups, base::Task then);
  // Call after the reply was handed out (Session::flush_replies()).
  void open(const std::shared_ptr<session::Session>& session, std::vector<StreamPosition> positions,
            std::vector<Push> sent);
  // `then` is called in the loop when pushing has ended and the writeback has the cursors.
  void detach(const std::shared_ptr<session::Session>& session, base::Task then);

  // joined(), ahead of anything that is sent after the replies so far: whoever has its reply misses
  // nothing that happens in the group from then on. Strand-confined.
  void reply_and_join(session::Session& session, GroupId group, Seq joined_seq);
  // The user, if still logged in on the session, is a member of the group and reads it from
  // `joined_seq` on. Idempotent.
  void joined(const std::shared_ptr<session::Session>& session, UserId user, GroupId group,
              Seq joined_seq);
  // DELIVERED; `refusal` is sent if `seq` is past the last pushed message.
  void acknowledge(const std::shared_ptr<session::Session>& session, StreamKey stream, Seq seq,
                   std::string refusal);

  // READ; likewise.
  void mark_read(const std::shared_ptr<session::Session>& session, StreamKey stream, Seq seq,
                 std::string refusal);
  // What the user, if logged in on the session, has read since the login, even if it is not in the
  // table yet. Calls `then` in the session's loop.
  void reads(const std::shared_ptr<session::Session>& session, UserId user,
             std::function<void(std::vector<storage::CursorMove>)> then);
  // SYNC: pushes again everything past `after`, or past the delivered position.
  void rewind(const std::shared_ptr<session::Session>& session,
              std::vector<StreamPosition> positions, std::optional<Seq> after);

  // The positions of the user's streams according to the table. A group unknown to the session's
  // window becomes live.
  void notice(const std::shared_ptr<session::Session>& session, UserId user,
              std::vector<StreamPosition> positions);

  // The groups of the user according to the table, ascending, read after `read_began`. A group that
  // is missing twice in a row is left.
  void keep_groups(const std::shared_ptr<session::Session>& session, UserId user,
                   std::vector<GroupId> groups, base::SteadyTime read_began);

  LoopDelivery& at(std::size_t loop_index) { return *loop_deliveries_[loop_index]; }

 private:
  session::Loops& loops_;
  std::vector<std::unique_ptr<LoopDelivery>> loop_deliveries_;
};

}  // namespace chat::delivery
