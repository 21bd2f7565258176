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

// One client of the check. It behaves as PROTOCOL.md asks: it registers and logs in, sends on
// schedule, acknowledges what arrives, and after a lost connection reconnects to the next server,
// logs in by token and resends whatever had no answer.
//
// Besides its chats, at most one request is outstanding: the next step of its set-up or a PING.
// Threading: confined to its poller's thread.
class Client final : public load::LoadClient {
 public:
  Client(Surroundings& around, Party& party, std::size_t member, load::Account account,
         std::size_t first_server);

  void start() { come(); }
  void begin(const Schedule& schedule);
  // Starts no new messages; returns how many of the schedule remain unsent.
  std::uint64_t end_load() { return plan_.end(); }
  void leave();

  bool prepared() const { return party_.prepared(member_); }
  bool online() const { return state() == State::kIn; }
  bool gone() const { return gone_; }
  // Records an outage that has not ended.
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

  bool gone_ = false;  // has left for good
  std::size_t server_;
  int tries_ = 0;                    // connection attempts since the last login
  bool known_ = false;               // has logged in before
  bool loading_ = false;             // outages are recorded
  base::SteadyTime pause_until_{};   // before the next connection or request
  base::SteadyTime connected_at_{};  // when connecting began
  base::SteadyTime last_sent_{};
  std::optional<Outage> outage_;
};

}  // namespace chat::client::check
