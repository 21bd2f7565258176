#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "client/check/check_run.h"
#include "client/check/party.h"
#include "client/check/send_plan.h"
#include "client/load/load_client.h"

namespace chat::client::check {

// One client of the check, which behaves as PROTOCOL.md asks of a good one: it registers and logs
// in, writes when its lane says so, acknowledges what comes, and after a lost connection comes back
// to the next server, logs in by token and sends again what had no answer.
//
// At most one request beside its chats is on its way: what its state asks for, or a PING.
// Threading: confined to the thread of its poller.
class Client final : public load::LoadClient {
 public:
  Client(Surroundings& around, Party& party, std::size_t member, load::Account account,
         std::size_t first_server);

  void start() { come(); }
  void begin(const Schedule& schedule);
  // Starts no new message; how many of the schedule that leaves unsent.
  std::uint64_t end_load() { return plan_.end(); }
  void leave();

  bool prepared() const { return party_.prepared(member_); }
  bool online() const { return state() == State::kIn; }
  bool gone() const { return gone_; }
  // Notes an outage that has not ended.
  void close_books();

 private:
  void on_time(base::SteadyTime now) override;
  void on_closed(End end, const std::string& why) override;
  void on_state(State before) override;
  void on_entered(const event::LoggedIn& login, base::SteadyTime now) override;
  void on_login_refused(const load::Account::Outcome& outcome, base::SteadyTime now) override;
  void on_left(base::SteadyTime now) override;
  void on_answer(const Event& answer, base::SteadyTime now) override;
  void on_message(const ServerMessage& message, base::SteadyTime now) override;
  void on_nonsense(const std::string& what) override;
  void on_progress(base::SteadyTime now) override;

  void come();
  void lose(const std::string& reason, std::chrono::milliseconds at_least = {});
  void ask_next(base::SteadyTime now);
  void send_chats(base::SteadyTime now);
  bool timed_out(base::SteadyTime now) const;
  base::SteadyTime next_time() const;

  void take_chat_answer(std::uint32_t number, const ServerMessage& message, base::SteadyTime now);
  void take_chat_refusal(std::uint32_t number, const event::Refused& refused, base::SteadyTime now);
  void take_push(const ServerMessage& message, base::SteadyTime now);
  void take_chat(const event::Message& message, base::SteadyTime now);

  void out(const std::string& reason, base::SteadyTime now);
  void back(base::SteadyTime now);

  Surroundings& around_;
  Party& party_;
  const std::size_t member_;
  SendPlan plan_;

  bool gone_ = false;  // has left, or could not
  std::size_t server_;
  int tries_ = 0;                    // at connecting, since the last login
  bool known_ = false;               // has been logged in
  bool loading_ = false;             // outages count
  base::SteadyTime pause_until_{};   // before the next connection or question
  base::SteadyTime connected_at_{};  // or begun to
  base::SteadyTime last_sent_{};
  std::optional<Outage> outage_;
};

}  // namespace chat::client::check
