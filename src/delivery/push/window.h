#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/slab.h"
#include "chat/base/task.h"
#include "chat/delivery/backlog.h"
#include "chat/session/handler.h"
#include "chat/storage/values.h"
#include "delivery/push/window_host.h"

namespace chat::session {
class Session;
}

namespace chat::delivery {

class ToldReceipts;
struct Receipt;

// How far one logged-in session is in each of its streams, and what it gets next.
//
// Per stream: `pushed`, the last seq given to the connection; `delivered`, the last one that
// arrived (acknowledged, or, for a client that does not acknowledge, written to the socket);
// `target`, the highest seq known to exist. The next seq is pushed, an old one dropped. Whatever
// can't be pushed now (a gap, a reader too slow, a login not finished) only raises `target`: the
// text is in the table, and a catch-up reads it from there when its time has come. So memory is
// bounded however much is missed, and there is one way to be behind.
//
// Threading: loop-confined. Ownership: by its session, as its outlet.
class Window final : public session::Outlet, public base::Slabbed<Window> {
 public:
  // `id` is never used for another window of this loop.
  Window(WindowHost& loop, session::Session& session, std::uint64_t id, UserId user,
         bool acknowledges);
  ~Window() override;

  static Window* of(session::Session& session);  // nullptr: it has none
  std::uint64_t id() const { return id_; }
  UserId user() const { return user_; }

  // The login is answered: pushes begin. `positions` is where the streams stood after the
  // session was registered; `sent` is what went out in the answer itself.
  void release(const std::vector<StreamPosition>& positions, const std::vector<Push>& sent);
  void offer(const Push& push);
  // Something that is no stored message (CONTACT, GROUP, PRESENCE); lost on slow readers.
  void offer_event(const std::shared_ptr<const std::string>& json);
  // RECEIPT: to clients that acknowledge; of a group: to who has written in it since the login.
  // Not kept for anyone who can't take it now; one that was overtaken is dropped.
  void offer_receipt(const Receipt& receipt, const std::shared_ptr<const std::string>& json);
  // The user is a member of the group and reads it from `joined_seq` on. May be called again.
  void join(GroupId group, Seq joined_seq);
  // What the table says of a stream. One that is not known here (the user joined the group, and
  // this node could not learn whether) begins where the table says, and is live from now on.
  void notice(const StreamPosition& item);
  // The groups that the table gives to the user, ascending, as read after `read_began`. One that is
  // missing there is left when a later read does not have it either.
  void keep_groups(const std::vector<GroupId>& groups, base::SteadyTime read_began);
  void fill(const Page& page);
  // A catch-up failed a while ago.
  void try_again();
  // Pushes end. `then` is called, in a task of its own, once what was pushed has left for the
  // socket, or never will; the window is still there then.
  void finish(base::Task then);
  // DELIVERED: false when `seq` is beyond what was pushed, be it before a rewind().
  bool acknowledge(StreamKey stream, Seq seq);
  // READ: likewise. What was read has been delivered.
  bool mark_read(StreamKey stream, Seq seq);
  // SYNC: what follows `after` is pushed again, up to the stream's head. Without `after`: what
  // follows the delivered position. As notice() for a stream that is not known here.
  void rewind(const StreamPosition& item, std::optional<Seq> after);
  // Cursors that moved since the last call.
  std::vector<storage::CursorMove> take_moves();

  void on_written_in_loop() override;
  void on_dropped_in_loop() override;
  void on_closed_in_loop() override;

 private:
  enum class Stage : std::uint8_t { kHeld, kOpen, kFinishing };
  struct Position {
    StreamKey stream;
    Seq pushed = 0;
    Seq delivered = 0;
    Seq read = 0;  // moved by READ since the login
    Seq target = 0;
    Seq asked = 0;  // the target when it was last read on
    // When the message `pushed` was sent, or when the position was read; 0: not known.
    UnixMillis pushed_at = 0;
    bool delivered_moved = false;  // since the last take_moves()
    bool read_moved = false;       // likewise
    bool wrote = false;            // the user has written here (groups)
    bool receipt_wanted = false;   // of what was pushed since the last take_moves()
  };
  // `seq` of `stream` has been delivered once so many bytes have left for the socket.
  struct Mark {
    std::uint64_t written_total;
    StreamKey stream;
    Seq seq;
  };
  struct Place {
    StreamKey stream;
    Seq seq;
    bool rows_lost = false;  // what was pushed beyond `seq` may not be in the table any more
  };
  // A stream that is compared with the table: whether it still has what was pushed.
  struct Recheck {
    StreamKey stream;
    Seq pushed;
    UnixMillis pushed_at;
  };
  struct Doubt {  // a group that the table lacked
    GroupId group;
    base::SteadyTime since;
  };
  // What a window needs only at times.
  struct Waiting {
    std::vector<Doubt> doubts;
    std::vector<Place> rewinds;  // to after `seq`; asked for while a page was being read
    std::vector<Place> rewound;  // streams that had been pushed up to `seq` before; one each
    std::vector<Recheck> rechecks;
    std::vector<std::shared_ptr<const std::string>> held_events;
    base::Task finished;  // waits for the marks to be reached
  };

  Waiting& waiting();
  void forget_waiting();
  Position& position_of(StreamKey stream);
  Position& begin_at(const StreamPosition& item);
  Position* find(StreamKey stream);
  bool ready() const;
  bool was_pushed(const Position& position, Seq seq) const;
  void note_rewound(const Position& position);
  void push(Position& position, const Push& message);
  void note_delivered(Position& position, Seq seq);
  bool push_page(const Page& page);
  void note_ends(const Page& page);
  void move_delivered(Position& position, Seq seq);
  void mark_dirty();
  static bool reuses_a_seq(const Position& position, const Push& message);
  void recheck(Position& position, Seq after);
  void begin_recheck(Position& position, Seq after);
  Recheck* find_recheck(StreamKey stream);
  bool is_had_already(Position& position, const Push& message);
  void rows_lost(Position& position, const Recheck& had);
  void end_recheck(StreamKey stream);
  void add_rewind(const Place& place);
  void apply_rewinds();
  void listen_to(GroupId group);
  void leave(GroupId group);
  bool is_left(StreamKey stream);
  void fall_behind(Position& position, Seq seq);
  void catch_up();
  void advance_marks();
  void tell_finished();
  friend class LoopDelivery;

  WindowHost& loop_;
  session::Session& session_;
  const std::uint64_t id_;
  const UserId user_;
  const bool acknowledges_;

  Stage stage_ = Stage::kHeld;
  bool behind_ = false;       // some target may be past its pushed
  bool catching_up_ = false;  // a page is being read
  bool dirty_ = false;        // listed in the loop for take_moves()
  std::uint32_t marks_head_ = 0;
  std::vector<Mark> marks_;
  std::vector<Position> positions_;              // ascending by stream
  std::unique_ptr<Waiting> waiting_;             // nullptr: nothing waits
  std::unique_ptr<ToldReceipts> told_receipts_;  // nullptr: none was told
};

}  // namespace chat::delivery
