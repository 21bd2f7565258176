#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "client/check/account.h"
#include "client/check/check_run.h"
#include "client/check/party.h"
#include "client/check/send_plan.h"
#include "client/core/received.h"
#include "client/core/wire.h"
#include "client/load/link.h"

namespace chat::client::check {

// One client of the check, which behaves as PROTOCOL.md asks of a good one: it registers and logs
// in, writes when its lane says so, acknowledges what comes, and after a lost connection comes back
// to the next server, logs in by token and sends again what had no answer.
//
// At most one request beside its chats is on its way: what its state asks for, or a PING.
// Threading: confined to the thread of its poller.
class Client final : public Poller::Handler {
 public:
  Client(Surroundings& around, Party& party, std::size_t member, Account account,
         std::size_t first_server);

  void start() { connect(); }
  void begin(const Schedule& schedule);
  // Starts no new message; how many of the schedule that leaves unsent.
  std::uint64_t end_load() { return plan_.end(); }
  void leave();

  bool prepared() const { return party_.prepared(member_); }
  bool online() const { return state_ == State::kIn; }
  bool gone() const { return state_ == State::kGone; }
  // Notes an outage that has not ended.
  void close_books();

  void on_ready() override;
  void on_time(base::SteadyTime now) override;

 private:
  enum class State { kPausing, kConnecting, kLoggingIn, kIn, kLeaving, kGone };
  struct Asked {
    std::string cid;
    Question question;
    base::SteadyTime deadline;
  };

  void connect();
  void lose(const std::string& reason, std::chrono::milliseconds at_least = {});
  void enter(State state);
  void progress(base::SteadyTime now);
  void ask_next(base::SteadyTime now);
  void ask(std::string cid, Question question, std::string_view json, base::SteadyTime now);
  void send_chats(base::SteadyTime now);
  bool timed_out(base::SteadyTime now) const;
  base::SteadyTime next_time() const;

  void take_frames(base::SteadyTime now);
  void take(std::string_view frame, base::SteadyTime now);
  void take_nonsense(const std::string& what);
  void take_answer(const Event& answer, base::SteadyTime now);
  void take_login_step(const Event& answer, base::SteadyTime now);
  void take_party_step(const Event& answer, base::SteadyTime now);
  void take_chat_answer(std::uint32_t number, const ServerMessage& message, base::SteadyTime now);
  void take_chat_refusal(std::uint32_t number, const event::Refused& refused, base::SteadyTime now);
  void take_push(const ServerMessage& message, base::SteadyTime now);
  void take_message(const event::Message& message, base::SteadyTime now);
  void wait_for(const event::Refused& refused, base::SteadyTime now);

  void out(const std::string& reason, base::SteadyTime now);
  void back(base::SteadyTime now);

  Surroundings& around_;
  Party& party_;
  const std::size_t member_;
  Account account_;
  SendPlan plan_;
  Link link_;
  Received received_;

  State state_ = State::kGone;
  std::size_t server_;
  int tries_ = 0;         // at connecting, since the last login
  bool known_ = false;    // has been logged in
  bool loading_ = false;  // outages count
  std::uint64_t cids_ = 0;
  std::optional<Asked> asked_;
  base::SteadyTime pause_until_{};   // kPausing, or before the next ask
  base::SteadyTime connected_at_{};  // or begun to
  base::SteadyTime last_sent_{};
  bool heard_ = false;  // on this connection
  std::string doom_;    // why the connection is to be given up, found while reading from it
  std::chrono::milliseconds doom_pause_{0};
  std::optional<Outage> outage_;
};

}  // namespace chat::client::check
