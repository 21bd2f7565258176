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

// Where a recipient is in one of its streams, and where the stream ends.
struct StreamPosition {
  StreamKey stream;
  Seq delivered = 0;
  Seq head = 0;
  UnixMillis delivered_at = 0;  // when the message at `delivered` was sent; 0: not known
};

// A wish to read on in a stream.
struct Want {
  StreamKey stream;
  Seq after = 0;
};

struct Page {
  std::vector<Push> pushes;      // in order within each stream
  std::vector<StreamKey> ended;  // streams that were read to their end
};

// Reads what a recipient has missed from the tables, page by page.
// Threading: thread-safe. All calls block on the database.
class Backlog {
 public:
  Backlog(storage::Pool& pool, UserNameCache& user_names) : pool_(pool), user_names_(user_names) {}

  // Every stream of the user, ascending by key.
  Result<std::vector<StreamPosition>> positions(UserId user);
  // The same of many users; one without streams may be missing.
  using Positions = std::unordered_map<UserId, std::vector<StreamPosition>>;
  Result<Positions> positions(std::span<const UserId> users);
  // Messages past each wanted position, stream after stream, until about `bytes_max` of JSON are
  // read. Always at least one message if there is any.
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
