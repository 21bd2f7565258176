#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "books.h"
#include "client/load/load_client.h"
#include "shard.h"

namespace chat::bench {

// A user of the seeded data: logs in, and enters what it receives into the books. Against a relay
// it says hello instead, and acknowledges nothing.
// Threading: confined to the poller's thread.
class BenchUser : public client::load::LoadClient {
 public:
  BenchUser(Shard& shard, std::uint32_t id, std::size_t server);

  UserId id() const { return account().id(); }

  // Connects and logs in; tries again after a temporary refusal and, if `stubborn`, after any
  // failure.
  void come(bool stubborn = false);
  // Logs out; on_left() reports the end.
  void leave() { log_out(time_now()); }
  // Closes the connection without a logout.
  void cut() { drop(); }

 protected:
  virtual void on_in(SteadyTime /*now*/) {}
  // A message of this run has arrived for the first time.
  virtual void on_chat(const Push& /*push*/, const Ledger::Step& /*step*/, SteadyTime /*now*/) {}
  // The reply to a chat; nullptr if it was refused.
  virtual void on_chat_answer(const Ledger::Step* /*step*/, SteadyTime /*now*/) {}
  virtual void on_pong(SteadyTime /*sent*/, SteadyTime /*now*/) {}

  void on_time(SteadyTime now) override;

  // Becomes another one of the seeded users.
  void be(std::uint32_t id);
  Shard& shard() { return shard_; }
  SteadyTime begun() const { return begun_; }

 private:
  void on_entering(SteadyTime now) final;
  void on_entered(const client::event::LoggedIn& login, SteadyTime now) final;
  void on_login_refused(const client::load::Account::Outcome& outcome, SteadyTime now) final;
  bool on_raw_frame(std::string_view json, SteadyTime now) final;
  void on_answer(const client::Event& /*answer*/, SteadyTime /*now*/) final {}
  void on_message(const client::ServerMessage& message, SteadyTime now) final;
  void on_nonsense(const std::string& what) final { refused(what); }
  void on_closed(End end, const std::string& why) final;

  void connect_again();
  void retry_at(SteadyTime when);
  void entered(SteadyTime now);
  void take_answer(std::string_view json, SteadyTime now);
  void take(const Push& push, SteadyTime now);
  void refused(std::string_view what);

  Shard& shard_;
  std::size_t server_;
  bool stubborn_ = false;
  SteadyTime begun_{};
  SteadyTime retry_at_ = kNever;
};

// How many users log in at the same time.
inline constexpr std::size_t kEnteringAtOnce = 256;

// Begins `number` connections, a limited number at a time, and waits until each has counted a
// login. False if one failed or it took too long.
bool let_in(Shard& shard, std::size_t number, const std::function<void(std::size_t)>& begin);

// Lets all of them in.
template <typename Users>
bool let_in(Shard& shard, Users& users) {
  return let_in(shard, users.size(), [&](std::size_t i) { users[i].come(); });
}

}  // namespace chat::bench
