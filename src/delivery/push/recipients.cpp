#include "chat/delivery/recipients.h"

#include <utility>

#include "chat/session/session.h"
#include "delivery/cursors/writeback.h"
#include "delivery/push/loop_delivery.h"
#include "delivery/push/window.h"

namespace chat::delivery {

using SessionPtr = std::shared_ptr<session::Session>;

namespace {

base::Task joining(const SessionPtr& session, UserId user, GroupId group, Seq joined_seq) {
  return [session, user, group, joined_seq] {
    if (Window* window = Window::of(*session, user)) window->join(group, joined_seq);
  };
}

}  // namespace

Recipients::Recipients(session::Loops& loops, Backlog& backlog, Writeback& writeback,
                       cluster::Bus& bus, base::WorkerPool& workers)
    : loops_(loops) {
  for (std::size_t i = 0; i < loops.size(); ++i) {
    loop_deliveries_.push_back(std::make_unique<LoopDelivery>(backlog, writeback, bus, workers));
  }
}

Recipients::~Recipients() = default;

void Recipients::start(const std::function<void(UserId)>& refresh_presence) {
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    at(i).set_presence_refresher(refresh_presence);
    loops_.run_every(i, Writeback::kInterval, [this, i] { at(i).tick(); });
  }
}

void Recipients::attach(const SessionPtr& session, UserId user, bool acknowledges,
                        std::vector<GroupId> groups, base::Task then) {
  session->post_to_loop([this, session, user, acknowledges, groups = std::move(groups),
                         then = std::move(then)]() mutable {
    at(session->loop_index()).attach(*session, user, acknowledges, groups, std::move(then));
  });
}

void Recipients::open(const SessionPtr& session, std::vector<StreamPosition> positions,
                      std::vector<Push> sent) {
  session->post_to_loop([session, positions = std::move(positions), sent = std::move(sent)] {
    if (Window* window = Window::of(*session)) window->release(positions, sent);
  });
}

void Recipients::detach(const SessionPtr& session, base::Task then) {
  session->post_to_loop([this, session, then = std::move(then)]() mutable {
    at(session->loop_index()).detach(*session, std::move(then));
  });
}

void Recipients::reply_and_join(session::Session& session, GroupId group, Seq joined_seq) {
  session.flush_replies_then(
      joining(session.shared_from_this(), session.identity().user, group, joined_seq));
}

void Recipients::joined(const SessionPtr& session, UserId user, GroupId group, Seq joined_seq) {
  session->post_to_loop(joining(session, user, group, joined_seq));
}

void Recipients::acknowledge(const SessionPtr& session, StreamKey stream, Seq seq,
                             std::string refusal) {
  session->post_to_loop([session, stream, seq, refusal = std::move(refusal)] {
    Window* window = Window::of(*session);
    if (window != nullptr && !window->acknowledge(stream, seq)) session->socket().send(refusal);
  });
}

void Recipients::mark_read(const SessionPtr& session, StreamKey stream, Seq seq,
                           std::string refusal) {
  session->post_to_loop([session, stream, seq, refusal = std::move(refusal)] {
    Window* window = Window::of(*session);
    if (window != nullptr && !window->mark_read(stream, seq)) session->socket().send(refusal);
  });
}

void Recipients::reads(const SessionPtr& session, UserId user,
                       std::function<void(std::vector<storage::CursorMove>)> then) {
  session->post_to_loop([session, user, then = std::move(then)] {
    const Window* window = Window::of(*session, user);
    then(window != nullptr ? window->reads() : std::vector<storage::CursorMove>());
  });
}

void Recipients::rewind(const SessionPtr& session, std::vector<StreamPosition> positions,
                        std::optional<Seq> after) {
  session->post_to_loop([session, positions = std::move(positions), after] {
    Window* window = Window::of(*session);
    if (window == nullptr) return;
    for (const StreamPosition& item : positions) window->rewind(item, after);
  });
}

void Recipients::keep_groups(const SessionPtr& session, UserId user, std::vector<GroupId> groups,
                             base::SteadyTime read_began) {
  session->post_to_loop([session, user, groups = std::move(groups), read_began] {
    if (Window* window = Window::of(*session, user)) window->keep_groups(groups, read_began);
  });
}

void Recipients::notice(const SessionPtr& session, UserId user,
                        std::vector<StreamPosition> positions) {
  session->post_to_loop([session, user, positions = std::move(positions)] {
    Window* window = Window::of(*session, user);
    if (window == nullptr) return;
    for (const StreamPosition& item : positions) window->notice(item);
  });
}

}  // namespace chat::delivery
