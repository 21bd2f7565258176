#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/older_name_model.h"
#include "chat/storage/values.h"

namespace chat::storage {

// A row of the search index, and a position in it.
struct SearchHit {
  std::string key;      // search_key() of a name or nick
  std::int64_t id = 0;  // of the user or group
};

// A group that everybody may find.
struct OpenGroup {
  Group group;
  std::string joining;
};

// Tables `usersearch` and `groupsearch`: the keys of names and nicks. Changes belong into the
// transaction that changes the name. A row may be left over from an earlier name, so readers
// compare its key with the present one. Threading: as its connection. Calls block.
class SearchModel {
 public:
  explicit SearchModel(Connection& connection) : connection_(connection) {}

  Result<void> add(NameKind kind, std::int64_t id, std::string_view name);
  // Adds the rows that do not exist.
  Result<void> add(NameKind kind, std::span<const SearchHit> rows);
  Result<void> rename_group(GroupId group, std::string_view from, std::string_view to);
  // `from` and `to` are empty if there is no nick.
  Result<void> change_nick(UserId user, std::string_view name, std::string_view from,
                           std::string_view to);
  Result<void> forget(NameKind kind, std::int64_t id);

  // At most `limit` rows whose key begins with `prefix`, by (key, id), after the position `after`
  // ({}: from the first).
  Result<std::vector<SearchHit>> find(NameKind kind, std::string_view prefix,
                                      const SearchHit& after, std::size_t limit);

  // Those that exist, are not dismissed and may be joined without an invitation; in no order.
  Result<std::vector<OpenGroup>> open_groups(const std::vector<GroupId>& ids);

 private:
  Result<void> erase(NameKind kind, std::int64_t id, std::string_view key);

  Connection& connection_;
};

}  // namespace chat::storage
