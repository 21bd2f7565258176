#include "chat/delivery/backlog.h"

#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>

#include "chat/delivery/push_json.h"
#include "chat/storage/message_model.h"

namespace chat::delivery {
namespace {

// The size of the first query, which then grows: a page holds a few of the longest messages, or
// hundreds of short ones.
constexpr std::size_t kFirstRows = 16;
constexpr std::size_t kMostRows = 256;

StreamPosition delivered_position(const storage::StreamState& state) {
  // A position past the head means that the database has lost delivered rows.
  return {state.group ? StreamKey::of(state.group) : StreamKey::from(state.sender),
          std::min(state.delivered, state.head), state.head, state.delivered_at, state.end};
}

}  // namespace

Result<std::vector<StreamPosition>> Backlog::position(UserId user, StreamKey stream) {
  auto lease = pool_.lease();
  if (!lease) return fail(lease);
  storage::MessageModel messages(**lease);
  const auto state = stream.is_group() ? messages.position(user, stream.group())
                                       : messages.position({user, stream.sender()});
  if (!state) return fail(state);
  std::vector<StreamPosition> found;
  if (*state) found.push_back(delivered_position(**state));
  return found;
}

Result<std::vector<StreamPosition>> Backlog::positions(UserId user) {
  auto all = positions(std::span(&user, 1));
  if (!all) return fail(all);
  return std::move((*all)[user]);
}

Result<Backlog::Positions> Backlog::positions(std::span<const UserId> users) {
  auto lease = pool_.lease();
  if (!lease) return fail(lease);
  const auto states = storage::MessageModel(**lease).positions(users);
  if (!states) return fail(states);
  Positions all;
  for (const storage::StreamState& state : *states) {
    all[state.user].push_back(delivered_position(state));
  }
  for (auto& [user, of_user] : all) {
    std::sort(of_user.begin(), of_user.end(),
              [](const auto& a, const auto& b) { return a.stream < b.stream; });
  }
  return all;
}

Result<Page> Backlog::read(UserId user, const std::vector<Want>& wants, std::size_t bytes_max) {
  auto lease = pool_.lease();
  if (!lease) return fail(lease);
  Page page;
  std::size_t bytes_left = bytes_max;
  for (const Want& want : wants) {
    auto more = read_stream(**lease, user, want, bytes_left, page);
    if (!more) return fail(more);
    if (!*more) break;
  }
  return page;
}

// False: the page is full.
Result<bool> Backlog::read_stream(storage::Connection& connection, UserId user, const Want& want,
                                  std::size_t& bytes_left, Page& page) {
  storage::MessageModel messages(connection);
  Seq after = want.after;
  for (std::size_t limit = kFirstRows;; limit = std::min(2 * limit, kMostRows)) {
    std::size_t count = 0;
    Result<bool> more = true;
    if (want.stream.is_group()) {
      auto rows = messages.group_after(want.stream.group(), user, after, limit);
      if (!rows) return fail(rows);
      count = rows->size();
      more = add(connection, *rows, want.stream, bytes_left, page);
    } else {
      auto rows = messages.direct_after(user, want.stream.sender(), after, limit);
      if (!rows) return fail(rows);
      count = rows->size();
      more = add(connection, *rows, want.stream, bytes_left, page);
    }
    if (!more || !*more) return more;
    if (count < limit) {
      page.ended.push_back(want.stream);
      return true;
    }
    after = page.pushes.back().seq;
  }
}

// False: the page became full before all were added.
template <typename Message>
Result<bool> Backlog::add(storage::Connection& connection, const std::vector<Message>& messages,
                          StreamKey stream, std::size_t& bytes_left, Page& page) {
  for (const Message& message : messages) {
    auto name = user_names_.name_of(message.sender, connection);
    if (!name) return fail(name);
    auto json = std::make_shared<const std::string>(push_json(message, *name ? **name : ""));
    if (json->size() > bytes_left && !page.pushes.empty()) return false;
    bytes_left -= std::min(bytes_left, json->size());
    Push push{stream, message.seq, message.sender, message.sent_at, std::move(json)};
    if constexpr (std::is_same_v<Message, storage::GroupMessage>) {
      push.ended = message.ended;
    }
    push.is_event = !message.kind.empty();
    push.receipt_wanted = message.kind.empty();
    page.pushes.push_back(std::move(push));
  }
  return true;
}

}  // namespace chat::delivery
