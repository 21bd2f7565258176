#include "service/people/find_service.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "chat/protocol/limits.h"
#include "chat/storage/name_key.h"
#include "chat/storage/profile_model.h"
#include "chat/storage/search_model.h"
#include "service/dispatch/gate.h"
#include "service/dispatch/replies.h"
#include "service/people/shown_user.h"

// A search walks the index (storage::SearchModel) from the position in the cursor, compares each
// row with the user or group that it leads to, and takes those to be listed until the page is full:
//
//   - The exact id comes first on the first page, and is left out wherever else it matches.
//   - A user whose name and nick both match is listed at the lesser of the two. The other row is
//     recognised by the names alone, so no page needs to know what earlier pages listed.
//   - A user who hides its profile is found by its name only; otherwise a search for the nick would
//     disclose it.
//   - A row that no longer equals the name or nick is out of date.
//
// One request reads at most kRowsPerFind rows, so a page may have fewer than kFoundPerPage items,
// and even none, although it has a cursor.
//
// A cursor names the last row that is listed or, if there is none, the last row read, whose key may
// be a secret. So cursors are sealed. Those made by hand are refused, too: whether a search from a
// chosen place has more rows would tell one hidden name after the other.
namespace chat::service {
namespace {

using messages::FindReply;
using protocol::kFoundPerPage;
using storage::NameKind;
using storage::OpenGroup;
using storage::SearchHit;
using storage::SearchModel;
using storage::SeenUser;

constexpr std::size_t kRowsPerRead = 32;
constexpr std::size_t kRowsPerFind = 256;

struct SearchQuery {
  NameKind kind = NameKind::kUser;
  std::string prefix;              // the key of the text
  std::int32_t exact = 0;          // the id that the text may be; 0: none
  std::optional<SearchHit> after;  // the cursor
};

template <typename Found>
struct FoundPage {
  std::vector<Found> items;
  std::optional<SearchHit> cursor;  // if there may be more
};

// An id as it is written on the wire: 1 to 2147483647 without leading zeros. Otherwise 0.
std::int32_t exact_id(std::string_view text) {
  std::int32_t id = 0;
  if (text.empty() || text.front() < '1' || text.front() > '9') return 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, id);
  return error == std::errc() && stop == end ? id : 0;
}

// "<id>.<key>".
std::string encode_position(const SearchHit& position) {
  return std::to_string(position.id) + '.' + position.key;
}

std::optional<SearchHit> decode_position(std::string_view cursor, std::string_view prefix) {
  const auto dot = cursor.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  SearchHit position{std::string(cursor.substr(dot + 1)), exact_id(cursor.substr(0, dot))};
  if (position.id == 0 || !position.key.starts_with(prefix)) return std::nullopt;
  return position;
}

tl::expected<SearchQuery, protocol::Refusal> query_of(const messages::Find& request,
                                                      const CursorSeal& seal) {
  if (request.kind != "users" && request.kind != "groups") {
    return tl::make_unexpected(bad_field("kind must be users or groups"));
  }
  SearchQuery query{request.kind == "users" ? NameKind::kUser : NameKind::kGroup,
                    storage::search_key(request.query), exact_id(request.query), std::nullopt};
  if (!request.cursor) return query;
  const auto position = seal.open(*request.cursor);
  if (position) query.after = decode_position(*position, query.prefix);
  if (query.after) return query;
  return tl::make_unexpected(bad_field("cursor is not one of this search"));
}

// How users are searched.
class UserSearch {
 public:
  using Found = SeenUser;
  UserSearch(storage::Connection& connection, UserId viewer)
      : connection_(connection), viewer_(viewer) {}

  Result<std::vector<SeenUser>> load(const std::vector<std::int64_t>& ids) {
    std::vector<UserId> users;
    for (const std::int64_t id : ids) users.push_back({static_cast<std::int32_t>(id)});
    return storage::ProfileModel(connection_).seen_by(viewer_, users);
  }
  static std::int64_t id_of(const SeenUser& user) { return user.profile.id.value; }

  // Whether this row is the one at which the user is listed.
  bool is_listed_at(const SearchHit& hit, const SeenUser& user, std::string_view prefix) const {
    const std::string name = storage::search_key(user.profile.name);
    if (hides_profile(user, viewer_)) return hit.key == name;
    const std::string nick = storage::search_key(user.profile.nick);
    if (hit.key == name) return !nick.starts_with(prefix) || name <= nick;
    return hit.key == nick && (!name.starts_with(prefix) || nick < name);
  }

 private:
  storage::Connection& connection_;
  const UserId viewer_;
};

class GroupSearch {
 public:
  using Found = OpenGroup;
  explicit GroupSearch(storage::Connection& connection) : connection_(connection) {}

  Result<std::vector<OpenGroup>> load(const std::vector<std::int64_t>& ids) {
    std::vector<GroupId> groups;
    for (const std::int64_t id : ids) groups.push_back({static_cast<std::int32_t>(id)});
    return SearchModel(connection_).open_groups(groups);
  }
  static std::int64_t id_of(const OpenGroup& found) { return found.group.id.value; }
  static bool is_listed_at(const SearchHit& hit, const OpenGroup& found,
                           std::string_view /*prefix*/) {
    return hit.key == storage::search_key(found.group.name);
  }

 private:
  storage::Connection& connection_;
};

template <typename Search>
Result<void> add_exact(Search& search, const SearchQuery& query,
                       std::vector<typename Search::Found>& items) {
  if (query.exact == 0 || query.after) return {};
  auto found = search.load({query.exact});
  if (!found) return fail(found);
  for (auto& each : *found) items.push_back(std::move(each));
  return {};
}

// Adds to the page what the rows lead to; true once it is full.
template <typename Search>
Result<bool> add_hits(Search& search, const SearchQuery& query, const std::vector<SearchHit>& hits,
                      FoundPage<typename Search::Found>& page) {
  std::vector<std::int64_t> ids;
  for (const SearchHit& hit : hits) ids.push_back(hit.id);
  const auto found = search.load(ids);
  if (!found) return fail(found);
  for (const SearchHit& hit : hits) {
    if (hit.id == query.exact) continue;
    const auto at = std::find_if(found->begin(), found->end(), [&hit](const auto& each) {
      return Search::id_of(each) == hit.id;
    });
    if (at == found->end() || !search.is_listed_at(hit, *at, query.prefix)) continue;
    if (page.items.size() == kFoundPerPage) return true;
    page.items.push_back(*at);
    page.cursor = hit;
  }
  return false;
}

template <typename Search>
Result<FoundPage<typename Search::Found>> search_page(storage::Connection& connection,
                                                      Search search, const SearchQuery& query) {
  FoundPage<typename Search::Found> page;
  if (auto added = add_exact(search, query, page.items); !added) return fail(added);
  SearchHit after = query.after.value_or(SearchHit());
  for (std::size_t rows = 0; rows < kRowsPerFind; rows += kRowsPerRead) {
    const auto hits = SearchModel(connection).find(query.kind, query.prefix, after, kRowsPerRead);
    if (!hits) return fail(hits);
    const auto full = add_hits(search, query, *hits, page);
    if (!full) return fail(full);
    if (*full) return page;
    if (hits->size() < kRowsPerRead) {
      page.cursor.reset();
      return page;
    }
    after = hits->back();
  }
  if (!page.cursor) page.cursor = after;
  return page;
}

messages::GroupItem found_item(const OpenGroup& found) {
  messages::GroupItem item = item_of(found.group);
  item.joining = found.joining;
  return item;
}

template <typename Found, typename Items, typename ToItem>
void send_found(session::Session& session, const RequestHead& request, const CursorSeal& seal,
                const Result<FoundPage<Found>>& page, Items FindReply::*items, ToItem to_item) {
  if (!page) return refuse(session, request, page.error());
  FindReply reply;
  (reply.*items).emplace();
  for (const Found& each : page->items) (reply.*items)->push_back(to_item(each));
  std::string cursor;
  if (page->cursor) {
    cursor = seal.seal(encode_position(*page->cursor));
    reply.cursor = cursor;
  }
  send_reply(session, request, reply);
}

}  // namespace

void FindService::find(session::Session& session, const Received<messages::Find>& request) {
  const auto query = query_of(request, seal_);
  if (!query) return refuse(session, request, query.error());
  if (!admit(context_, session, request, Action::kFind)) return;
  const UserId self = session.identity().user;
  if (const auto wait = wait_of(self); wait.count() > 0) {
    return refuse(session, request, rate_limited(wait));
  }
  auto lease = context_.pool.lease();
  if (!lease) return refuse(session, request, lease.error());
  if (query->kind == NameKind::kUser) {
    send_found(session, request, seal_, search_page(**lease, UserSearch(**lease, self), *query),
               &FindReply::users, [self](const SeenUser& user) { return found_item(user, self); });
  } else {
    send_found(session, request, seal_, search_page(**lease, GroupSearch(**lease), *query),
               &FindReply::groups, [](const OpenGroup& found) { return found_item(found); });
  }
}

std::chrono::milliseconds FindService::wait_of(UserId user) {
  if (rate_.per_period == 0) return std::chrono::milliseconds(0);
  const base::NamedBucket bucket{"find:" + std::to_string(user.value), rate_,
                                 base::BucketKind::kAccount};
  return context_.rates.take({&bucket, 1}).value_or(std::chrono::milliseconds(0));
}

}  // namespace chat::service
