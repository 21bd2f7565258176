#include "traffic.h"

namespace chat::bench {

Traffic::Traffic(Shard& shard)
    : talk_{shard, ChatWriter(shard.options().size, shard.options().relay),
            !shard.options().open_loop(), false,
            [this](UserId id) -> Talker& {
              return talkers_[static_cast<std::size_t>(id.value - talkers_.front().id().value)];
            }},
      pacer_(shard) {}

Talker& Traffic::add(std::uint32_t id, std::size_t server) {
  return talkers_.emplace_back(talk_, id, server);
}

bool Traffic::set_up() {
  make_talkers();
  return let_in(talk_.shard, talkers_) && prepare();
}

void Traffic::start(SteadyTime now) {
  pacer_.start(now);
  if (talk_.shard.options().open_loop()) return;
  talk_.keeps_sending = true;
  for (Talker* writer : writers_) writer->fill(now);
}

void Traffic::stop() {
  talk_.keeps_sending = false;
  for (Talker& talker : talkers_) talker.drop_waiting();
}

SteadyTime Traffic::turn(SteadyTime now) {
  while (const auto due = pacer_.next(now)) send_next(*due);
  return pacer_.due();
}

void Traffic::send_next(SteadyTime due) {
  writers_[next_++ % writers_.size()]->send_due(due);
}

}  // namespace chat::bench
