#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "raw_client.h"

namespace chat::test {

// A conversation from a user's view: whether it is with a group, and the group or the other user.
using Place = std::pair<bool, std::int64_t>;

// Messages as HISTORY returns them, oldest first.
using Rows = std::vector<Json>;

// What one user's client shows: all messages that the user was pushed or has sent, with recalls and
// edits applied, over all sessions. Threading: externally synchronised.
class ClientView {
 public:
  // What happens to a message that is pushed again.
  enum class Repeats { kReplace, kDrop };
  explicit ClientView(std::int64_t user, Repeats repeats = Repeats::kReplace)
      : user_(user), repeats_(repeats) {}

  // A chat message or an event row, of any push or reply.
  void take(const Json& push);
  // The user's own message, and its reply.
  void sent(const Json& request, const Json& reply);
  // The user's own RECALL or EDIT, and its reply.
  void revised(const Json& request, const Json& reply);

  // The first difference to the whole HISTORY of a conversation; empty if none. In a group, what
  // is older than HISTORY may be shown, as it was read in an earlier membership; and a former
  // member is not told how messages were changed later.
  enum class Own { kShown, kUnknown };
  std::string difference(Place place, const Rows& history, Own own = Own::kShown) const;
  // True if any message shows this text.
  bool shows(const std::string& text) const;
  std::size_t size() const { return rows_.size(); }

 private:
  // The author is 0 in a group.
  using Key = std::tuple<Place, std::int64_t, std::int64_t>;
  struct Row {
    Json message;
    bool whole = true;  // otherwise without what only the server knows
  };

  Place place_of(const Json& push) const;
  static Key key_of(Place place, const Json& message);
  void apply_recall(Place place, std::int64_t author, std::int64_t ref, const Json& at);
  void apply_edit(Place place, const Json& event);
  std::string difference(const Row& shown, const Json& stored) const;

  const std::int64_t user_;
  const Repeats repeats_;
  std::map<Key, Row> rows_;
};

}  // namespace chat::test
