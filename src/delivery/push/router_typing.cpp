// The part of Router that tells who is typing.
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>

#include "chat/delivery/push_json.h"
#include "chat/session/session.h"
#include "delivery/push/loop_delivery.h"
#include "delivery/push/router.h"
#include "delivery/push/window.h"

namespace chat::delivery {

void Router::typing(const Typing& typing, Reach reach) {
  if (typing.group) {
    typing_in_group(typing, reach);
  } else {
    typing_to_user(typing, reach);
  }
}

// Noted as a hint only while the bus is impaired: a typing that is lost before the impairment is
// noticed is outdated by then.
void Router::publish_typing(const Typing& typing) {
  const auto channel =
      typing.group ? cluster::channel_of(typing.group) : cluster::channel_of(typing.user);
  bus_.publish({{channel, encode(TypingEnvelope{typing.from, typing.on})}});
  if (!health_.impaired()) return;
  hints_.note({typing.group ? Hint::Kind::kGroupTyping : Hint::Kind::kTyping,
               typing.group ? typing.group.value : typing.user.value, typing.from.value,
               typing.on ? "1" : "0"});
}

void Router::typing_to_user(const Typing& typing, Reach reach) {
  auto [session, sure] = registry_.look_up(typing.user);
  if (publishes(reach) && !sure) publish_typing(typing);
  if (session == nullptr) return;
  session->post_to_loop([session = session, user = typing.user, json = typing_json(typing)] {
    if (Window* window = Window::of(*session, user)) window->offer_typing(json);
  });
}

// A loop has only its own members, so all loops count before the first one sends.
void Router::typing_in_group(const Typing& typing, Reach reach) {
  struct Count {
    std::atomic<std::size_t> online{0};
    std::atomic<std::size_t> loops_left{0};
  };
  const auto count = std::make_shared<Count>();
  count->loops_left = loops_.size();
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    loops_.post(i, [this, i, typing, reach, count] {
      count->online += recipients_.at(i).online_in(typing.group);
      if (--count->loops_left > 0 || count->online > kTypingOnlineMax) return;
      if (publishes(reach)) publish_typing(typing);
      const std::string json = typing_json(typing);
      for (std::size_t j = 0; count->online > 0 && j < loops_.size(); ++j) {
        loops_.post(j, [&delivery = recipients_.at(j), typing, json] {
          delivery.offer_typing_to_group(typing.group, json, typing.from);
        });
      }
    });
  }
}

}  // namespace chat::delivery
