#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/ids.h"
#include "chat/base/mutex.h"
#include "chat/base/unicode.h"
#include "client/core/contacts.h"
#include "client/core/event.h"

namespace chat::client {

// Those with this name, compared as the server does.
template <typename Ref, typename Contact>
std::vector<Ref> named(std::string_view name, const std::vector<Contact>& contacts) {
  const std::string key = base::fold_name(name);
  std::vector<Ref> out;
  for (const Contact& each : contacts) {
    if (base::fold_name(each.name) == key) out.push_back({each.id, each.name});
  }
  return out;
}

struct KnownNames {
  std::map<UserId, std::string> users;
  std::map<GroupId, std::string> groups;
};

// The names of all users and groups in the events so far, so that commands may use them, and so
// that events that carry ids only can be shown with names.
// Threading: thread-safe. Bounds: kMax names of each kind.
class NameBook {
 public:
  static constexpr std::size_t kMax = 20'000;

  // Learns the names in the event, and adds those that are known to its ids.
  void apply(Event& event);
  void forget(UserId id);  // the account no longer exists

  std::vector<UserRef> users() const;
  std::vector<GroupRef> groups() const;
  // Users whose name is exactly this. More than one: the name has had another owner before. The
  // server's answer to a search or a look-up leaves one.
  std::vector<UserRef> users_named(std::string_view name) const;
  std::vector<GroupRef> groups_named(std::string_view name) const;  // in letters of either case
  // The name is empty if unknown.
  UserRef user(UserId id) const;
  GroupRef group(GroupId id) const;

 private:
  mutable base::Mutex mutex_;
  KnownNames known_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::client
