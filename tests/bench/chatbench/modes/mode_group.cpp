#include "bench/chatbench/traffic.h"
#include "bench/relay_protocol.h"

namespace chat::bench {
namespace {

// A relay confirms a group by sending the frame back.
class GroupMaker final : public client::load::LoadConnection {
 public:
  explicit GroupMaker(Shard& shard) : LoadConnection(shard.poller()), shard_(shard) {}

  void begin() {
    connect(shard_.server(0), shard_.next_source(shard_.server(0)));
    output() += relay_hello(kRelayUserIdMax);
    const BenchOptions& options = shard_.options();
    for (std::size_t i = shard_.part().begin; i < shard_.part().end; ++i) {
      output() +=
          relay_group(static_cast<std::uint32_t>(options.first_group + i),
                      static_cast<std::uint32_t>(options.first_user + i * options.group_size),
                      static_cast<std::uint32_t>(options.group_size));
    }
  }

  bool done() const { return answers_ == shard_.part().size() + 1; }

 private:
  void on_open(SteadyTime /*now*/) override {}
  void on_frame(std::string_view /*json*/, SteadyTime /*now*/) override { ++answers_; }
  void on_closed(End /*end*/, const std::string& why) override { shard_.fail(why); }
  void on_time(SteadyTime /*now*/) override {}

  Shard& shard_;
  std::size_t answers_ = 0;
};

// Group i of the run has the users i * size … after the first; the first of them write.
class Groups final : public Traffic {
 public:
  explicit Groups(Shard& of) : Traffic(of), maker_(of) {}

 private:
  void make_talkers() override {
    for (std::size_t i = shard().part().begin; i < shard().part().end; ++i) make_group(i);
  }

  void make_group(std::size_t i) {
    const BenchOptions& options = shard().options();
    const auto first = static_cast<std::uint32_t>(options.first_user + i * options.group_size);
    const GroupId group{static_cast<std::int32_t>(options.first_group + i)};
    for (std::size_t member = 0; member < options.group_size; ++member) {
      Talker& talker = add(first + static_cast<std::uint32_t>(member), options.cross ? member : i);
      if (member >= options.senders) continue;
      const UserId sender = options.relay ? talker.id() : UserId{};
      talker.writes_to({{}, group},
                       shard().books().of_group(group, UserId{static_cast<std::int32_t>(first)},
                                                options.group_size, sender));
      writes(talker);
    }
  }

  bool prepare() override {
    if (!shard().options().relay) return true;
    maker_.begin();
    const SteadyTime deadline = time_now() + to_duration(shard().options().set_up);
    while (!maker_.done() && !shard().failed()) {
      if (time_now() > deadline) shard().fail("the relay doesn't answer");
      shard().poller().run_once(deadline);
    }
    maker_.close();
    return !shard().failed();
  }

  GroupMaker maker_;
};

}  // namespace

std::unique_ptr<Mode> make_group(Shard& shard) {
  return std::make_unique<Groups>(shard);
}

}  // namespace chat::bench
