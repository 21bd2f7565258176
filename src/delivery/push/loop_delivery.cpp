#include "delivery/push/loop_delivery.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "chat/base/log.h"
#include "chat/base/log_limiter.h"
#include "chat/delivery/push_json.h"
#include "chat/session/session.h"
#include "chat/session/socket_side.h"

namespace chat::delivery {
namespace {

constinit log::Limiter catch_up_failures{log::kUsualLines};
// About how much one catch-up reads; together with the output limit it bounds the memory for a slow
// reader.
constexpr std::size_t kPageBytes = 64 * 1024;
// The same for a classic client, which takes a few objects at a time (session::Pacer).
constexpr std::size_t kPacedPageBytes = 4 * 1024;

}  // namespace

void LoopDelivery::attach(session::Session& session, UserId user, bool acknowledges,
                          const std::vector<GroupId>& groups, base::Task heard) {
  if (session.socket().closed()) return heard();
  auto window = std::make_unique<Window>(*this, session, ++last_window_id_, user, acknowledges);
  std::vector<cluster::Channel> channels{cluster::channel_of(user)};
  window->positions_.reserve(groups.size());
  for (const GroupId group : groups) {
    window->position_of(StreamKey::of(group)).unconfirmed = true;
    if (add_to_roster(group, *window)) channels.push_back(cluster::channel_of(group));
  }
  session.socket().set_outlet(std::move(window));
  bus_.subscribe(std::move(channels), std::move(heard));
}

void LoopDelivery::detach(session::Session& session, base::Task then) {
  session.socket().flush();
  Window* window = Window::of(session);
  if (window == nullptr) return then();
  window->finish([handle = session.shared_from_this(), then = std::move(then)]() mutable {
    // If the connection has closed meanwhile, its window is gone.
    if (Window* finished = Window::of(*handle)) {
      finished->on_closed();
      handle->socket().set_outlet(nullptr);
    }
    then();
  });
}

void LoopDelivery::offer_to_group(GroupId group, const Push& push) {
  const auto found = rosters_.find(group);
  if (found == rosters_.end()) return;
  // Backwards, because a window leaves the roster when the message ends its user's membership.
  for (std::size_t i = found->second.size(); i-- > 0;) found->second[i]->offer(push);
}

template <typename Offer>
void LoopDelivery::offer_to_others(GroupId group, UserId except, Offer offer) {
  const auto found = rosters_.find(group);
  if (found == rosters_.end()) return;
  for (Window* window : found->second) {
    if (window->user() != except) offer(*window);
  }
}

void LoopDelivery::offer_event_to_group(GroupId group,
                                        const std::shared_ptr<const std::string>& json,
                                        UserId except) {
  offer_to_others(group, except, [&json](Window& window) { window.offer_event(json); });
}

void LoopDelivery::offer_receipt_to_group(const Receipt& receipt,
                                          const std::shared_ptr<const std::string>& json,
                                          UserId except) {
  offer_to_others(receipt.target.group(), except,
                  [&](Window& window) { window.offer_receipt(receipt, json); });
}

void LoopDelivery::offer_typing_to_group(GroupId group, const std::string& json, UserId except) {
  offer_to_others(group, except, [&json](Window& window) { window.offer_typing(json); });
}

std::size_t LoopDelivery::online_in(GroupId group) const {
  const auto found = rosters_.find(group);
  return found == rosters_.end() ? 0 : found->second.size();
}

void LoopDelivery::tick() {
  for (Window* window : std::exchange(failed_, {})) window->try_again();
  std::vector<storage::CursorMove> moves;
  for (Window* window : std::exchange(dirty_, {})) {
    auto of_window = window->take_moves();
    window->forget_ends();
    moves.insert(moves.end(), of_window.begin(), of_window.end());
  }
  writeback_.add(moves);
}

bool LoopDelivery::add_to_roster(GroupId group, Window& window) {
  auto& members = rosters_[group];
  const bool first = members.empty();
  if (std::find(members.begin(), members.end(), &window) == members.end()) {
    members.push_back(&window);
  }
  return first;
}

// True if it was the last member, so that the group's channel is no longer needed.
bool LoopDelivery::drop_from_roster(GroupId group, Window& window) {
  const auto found = rosters_.find(group);
  if (found == rosters_.end()) return false;
  std::erase(found->second, &window);
  if (!found->second.empty()) return false;
  rosters_.erase(found);
  return true;
}

void LoopDelivery::remove_from_roster(GroupId group, Window& window) {
  if (drop_from_roster(group, window)) bus_.unsubscribe({cluster::channel_of(group)});
}

void LoopDelivery::remove(Window& window) {
  std::vector<cluster::Channel> channels{cluster::channel_of(window.user())};
  for (const auto& position : window.positions_) {
    if (!position.stream.is_group()) continue;
    const GroupId group = position.stream.group();
    if (drop_from_roster(group, window)) channels.push_back(cluster::channel_of(group));
  }
  bus_.unsubscribe(std::move(channels));
  std::erase(dirty_, &window);
  std::erase(failed_, &window);
  writeback_.add(window.take_moves());
}

bool LoopDelivery::request_page(Window& window, std::vector<Want> wants) {
  auto session = window.session_.shared_from_this();
  const UserId user = window.user();
  const std::uint64_t id = window.id();
  const std::size_t bytes = session->classic() ? kPacedPageBytes : kPageBytes;
  base::Task read([this, session, user, id, bytes, wants = std::move(wants)] {
    auto page = backlog_.read(user, wants, bytes);
    if (!page) {
      log::limited(log::Level::kWarn, catch_up_failures, "event=catch_up_failed user={} what={}",
                   user.value, log::quoted(page.error().message));
    }
    session->post_to_loop([this, session, id, page = std::move(page)] {
      // The window may have been replaced by that of another login.
      Window* current = Window::of(*session);
      if (current == nullptr || current->id() != id) return;
      if (page) {
        current->fill(*page);
      } else {
        failed_.push_back(current);
      }
    });
  });
  return workers_.try_post(std::move(read));
}

}  // namespace chat::delivery
