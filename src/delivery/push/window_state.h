#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/ids.h"
#include "chat/base/task.h"
#include "chat/delivery/push_json.h"
#include "chat/delivery/stream.h"

// The parts of a Window's state. No behaviour.
namespace chat::delivery {

struct WindowPosition {
  StreamKey stream;
  Seq pushed = 0;
  Seq delivered = 0;
  Seq read = 0;  // highest READ since the login
  Seq target = 0;
  Seq asked = 0;                 // the target of the last catch-up
  Seq end = 0;                   // not 0: the last message of a group that the user has left
  Seq began = 0;                 // of a group: where the membership began, or later, up to `pushed`
  UnixMillis pushed_at = 0;      // when `pushed` was sent, or the position read; 0: unknown
  UnixMillis own_at = 0;         // when the user last wrote to the other (direct streams)
  Seq wrote = 0;                 // the first message that the user has written here (groups)
  bool delivered_moved = false;  // since the last take_moves()
  bool read_moved = false;       // likewise
  bool receipt_wanted = false;   // for a push since the last take_moves()
  bool unconfirmed = false;      // a group read before the login's positions, which may lack it
};

// `seq` of `stream` counts as delivered once this many bytes are written to the socket.
struct WindowMark {
  std::uint64_t written_total;
  StreamKey stream;
  Seq seq;
};

struct WindowPlace {
  StreamKey stream;
  Seq seq;
  bool rows_lost = false;  // messages pushed past `seq` may be missing from the table
};

// A stream whose pushed messages are compared with the table.
struct WindowRecheck {
  StreamKey stream;
  Seq pushed;
  UnixMillis pushed_at;
};

struct WindowDoubt {  // a group that the table lacked
  GroupId group;
  base::SteadyTime since;
};

// State that is rarely needed.
struct WindowWaiting {
  std::vector<WindowDoubt> doubts;
  std::vector<WindowPlace> rewinds;  // to past `seq`; requested while a page was being read
  std::vector<WindowPlace> rewound;  // the former `pushed` of rewound streams; one each
  std::vector<WindowRecheck> rechecks;
  // What the client could not take: until the login is answered, or while too much is unread.
  std::vector<std::shared_ptr<const std::string>> held_events;
  std::vector<Receipt> missed_receipts;  // the highest of each kind and stream
  bool missed_presence = false;
  base::Task finished;  // called once the marks are reached
};

}  // namespace chat::delivery
