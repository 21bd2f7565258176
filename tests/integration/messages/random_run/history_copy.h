#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "support/clients/client_view.h"

namespace chat::test {

// The HISTORY of one conversation, as one user reads it, and what INBOX should show of it. Reads
// only what is new, and the messages that recalls and edits among that have changed.
class HistoryCopy {
 public:
  using Ask = std::function<Json(const Json&)>;
  struct Counted {
    Json last;  // the newest message; null if there is none
    std::int64_t unread = 0;
    std::int64_t mentions = 0;
  };

  HistoryCopy(std::int64_t user, Place place) : user_(user), place_(place) {}

  // Reads the newest pages.
  void update(const Ask& ask);
  // Reads everything. Returns how the copy was wrong; empty if it was right.
  std::string read_again(const Ask& ask);
  // The user has begun a new membership.
  void forget();

  const Rows& rows() const { return rows_; }
  // `read`: the position of the user's last READ.
  const Counted& count(std::int64_t read);

 private:
  bool reaches_back(const Rows& newest) const;

  const std::int64_t user_;
  const Place place_;
  Rows rows_;  // oldest first
  Counted counted_;
  std::int64_t counted_read_ = -1;  // of counted_; -1: it has to be counted again
};

// The request for a page of a conversation's HISTORY.
Json history_request(Place place, int limit);
// Texts count, event rows do not.
bool counts(const Json& message);

}  // namespace chat::test
