#pragma once

#include <cstddef>
#include <span>
#include <unordered_map>
#include <vector>

#include "chat/base/result.h"
#include "chat/delivery/stream.h"
#include "chat/delivery/user_name_cache.h"
#include "chat/storage/pool.h"

namespace chat::delivery {

// A recipient's position in one of its streams, and the stream's head.
struct StreamPosition {
  StreamKey stream;
  Seq delivered = 0;
  Seq head = 0;
  UnixMillis delivered_at = 0;  // when the message at `delivered` was sent; 0: unknown
  Seq end = 0;                  // of a group that the user has left: its last message
};

// A request to read a stream onwards.
struct Want {
  StreamKey stream;
  Seq after = 0;
};

struct Page {
  std::vector<Push> pushes;      // in order within each stream
  std::vector<StreamKey> ended;  // streams read to their end
};

// Reads missed messages from the tables, page by page.
// Threading: thread-safe. All calls block on the database.
class Backlog {
 public:
  Backlog(storage::Pool& pool, UserNameCache& user_names) : pool_(pool), user_names_(user_names) {}

  // Every stream of the user, ascending by key.
  Result<std::vector<StreamPosition>> positions(UserId user);
  // The given stream of the user, or nothing. Costs the database the same however many streams the
  // user has.
  Result<std::vector<StreamPosition>> position(UserId user, StreamKey stream);
  // All streams of many users; users without streams may be missing.
  using Positions = std::unordered_map<UserId, std::vector<StreamPosition>>;
  Result<Positions> positions(std::span<const UserId> users);
  // The messages past each wanted position, stream by stream, up to about `bytes_max` of JSON, but
  // at least one if there is any.
  Result<Page> read(UserId user, const std::vector<Want>& wants, std::size_t bytes_max);

 private:
  Result<bool> read_stream(storage::Connection& connection, UserId user, const Want& want,
                           std::size_t& bytes_left, Page& page);
  template <typename Message>
  Result<bool> add(storage::Connection& connection, const std::vector<Message>& messages,
                   StreamKey stream, std::size_t& bytes_left, Page& page);

  storage::Pool& pool_;
  UserNameCache& user_names_;
};

}  // namespace chat::delivery
