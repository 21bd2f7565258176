#include "traffic.h"

namespace chat::bench {

Traffic::Traffic(Shard& shard)
    : talk_{shard, ChatWriter(shard.options().size, shard.options().relay),
            !shard.options().open_loop(), false,
            [this](std::int64_t id) -> Talker* {
              if (talkers_.empty()) return nullptr;
              const auto at = static_cast<std::size_t>(id - talkers_.front().id());
              return at < talkers_.size() ? &talkers_[at] : nullptr;
            }},
      pacer_(shard) {}

Talker& Traffic::add(std::uint32_t id, std::size_t server) {
  return talkers_.emplace_back(talk_, id, server);
}

bool Traffic::set_up() {
  make_talkers();
  std::vector<BenchUser*> all;
  for (Talker& talker : talkers_) all.push_back(&talker);
  return let_in(talk_.shard, all) && prepare();
}

void Traffic::start(Micros now) {
  pacer_.start(now);
  if (talk_.shard.options().open_loop()) return;
  talk_.keeps_sending = true;
  for (Talker* writer : writers_) writer->fill(now);
}

void Traffic::stop() {
  talk_.keeps_sending = false;
  for (Talker& talker : talkers_) talker.drop_waiting();
}

Micros Traffic::turn(Micros now) {
  while (const auto due = pacer_.next(now)) send_next(*due);
  return pacer_.due();
}

void Traffic::send_next(Micros due) {
  writers_[next_++ % writers_.size()]->send_due(due);
}

}  // namespace chat::bench
