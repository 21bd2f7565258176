#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/slab.h"
#include "chat/base/task.h"
#include "chat/delivery/backlog.h"
#include "chat/session/handler.h"
#include "chat/storage/values.h"
#include "delivery/push/window_host.h"
#include "delivery/push/window_state.h"

namespace chat::session {
class Session;
}

namespace chat::delivery {

class ToldReceipts;
struct Receipt;

// The positions of one logged-in session in its streams, and what to push next.
//
// Per stream: `pushed`, the last seq given to the connection; `delivered`, the last one received
// (acknowledged or, for a client that does not acknowledge, written to the socket); `target`, the
// highest seq known to exist. The next seq is pushed, an old one dropped. A message that cannot be
// pushed now (a gap, a slow reader, an unfinished login) only raises `target`: a catch-up reads it
// from the table later. So memory is bounded however much was missed, and one mechanism covers all
// causes.
//
// Threading: loop-confined. Ownership: by its session, as its outlet.
class Window final : public session::Outlet, public base::Slabbed<Window> {
 public:
  // `id` is unique among all windows of this loop.
  Window(WindowHost& loop, session::Session& session, std::uint64_t id, UserId user,
         bool acknowledges);
  ~Window() override;

  static Window* of(session::Session& session);  // nullptr if it has none
  // nullptr, too, if it is another user's: somebody else has logged in on the connection since.
  static Window* of(session::Session& session, UserId user);
  std::uint64_t id() const { return id_; }
  UserId user() const { return user_; }

  // The login is answered: starts pushing. `positions` are those of the streams after the session
  // was registered; `sent` are the messages in the reply itself.
  void release(const std::vector<StreamPosition>& positions, const std::vector<Push>& sent);
  void offer(const Push& push);
  // An event that is not stored (CONTACT, GROUP, PRESENCE). A slow reader gets it when it has read
  // enough; then PRESENCE is looked up again, and of very many events only the newest are sent.
  void offer_event(const std::shared_ptr<const std::string>& json);
  // RECEIPT, for clients that acknowledge and, in a group, have written to it since the login.
  // Dropped if a higher one was sent; a slow reader gets the highest when it has read enough.
  void offer_receipt(const Receipt& receipt, const std::shared_ptr<const std::string>& json);
  // TYPING, for clients that acknowledge. A slow reader does not get it later.
  void offer_typing(const std::string& json);
  // The user is a member of the group and reads it from `joined_seq` on. Idempotent.
  void join(GroupId group, Seq joined_seq);
  // A stream's position and head according to the table. An unknown stream (the user joined the
  // group without this node learning of it) starts there and is live from now on.
  void notice(const StreamPosition& item);
  // The user's groups according to the table, ascending, read after `read_began`. A missing group
  // is left if a later read lacks it too.
  void keep_groups(const std::vector<GroupId>& groups, base::SteadyTime read_began);
  void fill(const Page& page);
  void try_again();  // retries a failed catch-up
  // Stops pushing. `then` is called, in a task of its own, once all pushed output is written to the
  // socket or lost; the window still exists then.
  void finish(base::Task then);
  // DELIVERED: false if `seq` is past the last pushed message, including those before a rewind().
  bool acknowledge(StreamKey stream, Seq seq);
  // READ: likewise. Reading implies delivery.
  bool mark_read(StreamKey stream, Seq seq);
  // The user has written to the other one of a direct stream: what was sent before is read.
  void note_own(StreamKey stream, UnixMillis sent_at);
  // The positions that READ has set since the login. The table may not have them yet.
  std::vector<storage::CursorMove> reads() const;
  // SYNC: pushes again everything past `after`, or past the delivered position, up to the stream's
  // head. An unknown stream is handled as by notice().
  void rewind(const StreamPosition& item, std::optional<Seq> after);
  // Cursors that moved since the last call.
  std::vector<storage::CursorMove> take_moves();
  // Bounds what is kept of ended memberships. Call after take_moves().
  void forget_ends();

  void on_written() override;
  void on_dropped() override;
  void on_closed() override;

 private:
  enum class Stage : std::uint8_t { kHeld, kOpen, kFinishing };
  using Position = WindowPosition;
  using Mark = WindowMark;
  using Place = WindowPlace;
  using Recheck = WindowRecheck;
  using Doubt = WindowDoubt;
  using Waiting = WindowWaiting;

  Waiting& waiting();
  void forget_waiting();
  Position& position_of(StreamKey stream);
  Position& begin_at(const StreamPosition& item);
  void start_at(const StreamPosition& item);
  bool is_outdated(const StreamPosition& item);
  void leave_missing();
  Position* find(StreamKey stream);
  bool ready() const;
  bool was_pushed(const Position& position, Seq seq) const;
  void note_rewound(const Position& position);
  void push(Position& position, const Push& message);
  void note_delivered(Position& position, Seq seq);
  bool push_page(const Page& page);
  void note_ends(const Page& page);
  void move_delivered(Position& position, Seq seq);
  void move_read(Position& position, Seq seq);
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
  void end_at(Position& position, Seq last);
  bool is_left(StreamKey stream);
  void fall_behind(Position& position, Seq seq);
  void catch_up();
  void hold_event(const std::shared_ptr<const std::string>& json);
  void hold_receipt(const Receipt& receipt);
  void tell_missed();
  void advance_marks();
  void tell_finished();
  friend class LoopDelivery;

  WindowHost& loop_;
  session::Session& session_;
  const std::uint64_t id_;
  const UserId user_;
  const bool acknowledges_;

  Stage stage_ = Stage::kHeld;
  bool behind_ = false;       // some `target` may be past its `pushed`
  bool catching_up_ = false;  // a page is being read
  bool dirty_ = false;        // listed in the loop for take_moves()
  std::uint32_t marks_head_ = 0;
  std::vector<Mark> marks_;
  std::vector<Position> positions_;              // ascending by stream
  std::unique_ptr<Waiting> waiting_;             // nullptr: nothing waits
  std::unique_ptr<ToldReceipts> told_receipts_;  // nullptr: none was told
};

}  // namespace chat::delivery
