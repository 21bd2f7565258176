#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "client/core/wire/wire.h"
#include "client/load/account.h"
#include "client/load/acknowledgements.h"
#include "client/load/load_connection.h"

namespace chat::client::load {

// One client on one connection, for chatcheck and the benchmarks. It logs in, acknowledges messages
// once per read and stream, asks one question at a time, and logs out. Subclasses decide what to
// send and how to handle failures; it never reconnects by itself.
// Threading: confined to the poller's thread. Ownership: must outlive the poller's last turn.
class LoadClient : public LoadConnection {
 public:
  enum class State { kOut, kConnecting, kEntering, kIn, kLeaving };

  LoadClient(Poller& poller, Account account)
      : LoadConnection(poller), account_(std::move(account)) {}

  State state() const { return state_; }
  const Account& account() const { return account_; }

 protected:
  struct Asked {
    std::string cid;
    Question question;
    base::SteadyTime since;
  };

  // Connects and logs in. on_closed() reports a failure; call drop() there.
  void enter(const Endpoint& to, in_addr_t source = 0);
  // Sends the next request of the login, after on_login_refused().
  void ask_to_log_in(base::SteadyTime now);
  // Logs out without waiting for an outstanding question; on_left() reports the end.
  void log_out(base::SteadyTime now);
  // Closes the connection, if there is one.
  void drop();
  void set_state(State state);

  void ask(std::string cid, Question question, std::string_view json, base::SteadyTime now);
  std::string next_cid() { return "c" + std::to_string(++cids_); }
  const std::optional<Asked>& asked() const { return asked_; }
  // True if anything was received on this connection.
  bool heard() const { return heard_; }
  // A chat has arrived; it is acknowledged at the end of this read.
  void arrived(Target stream, Seq seq) { acknowledgements_.arrived(stream, seq); }
  void become(Account account) { account_ = std::move(account); }

  virtual void on_state(State /*before*/) {}
  // Connected; by default, starts the login.
  virtual void on_entering(base::SteadyTime now) { ask_to_log_in(now); }
  virtual void on_entered(const event::LoggedIn& login, base::SteadyTime now) = 0;
  virtual void on_login_refused(const Account::Outcome& outcome, base::SteadyTime now) = 0;
  virtual void on_left(base::SteadyTime /*now*/) {}
  // True if the frame was handled and need not be parsed.
  virtual bool on_raw_frame(std::string_view /*json*/, base::SteadyTime /*now*/) { return false; }
  // The answer to a question that was asked while logged in.
  virtual void on_answer(const Event& answer, base::SteadyTime now) = 0;
  // Pushes, and replies to chats.
  virtual void on_message(const ServerMessage& message, base::SteadyTime now) = 0;
  // The server has violated the protocol.
  virtual void on_nonsense(const std::string& what) = 0;
  // The connection was established, or input was read and handled.
  virtual void on_progress(base::SteadyTime /*now*/) {}

 private:
  void on_open(base::SteadyTime now) final;
  void on_frame(std::string_view json, base::SteadyTime now) final;
  void on_read(base::SteadyTime now) final;
  void take_answer(const ServerMessage& message, base::SteadyTime now);
  void take_login_answer(const Event& answer, base::SteadyTime now);

  Account account_;
  Acknowledgements acknowledgements_;
  State state_ = State::kOut;
  std::uint64_t cids_ = 0;
  std::optional<Asked> asked_;
  bool heard_ = false;
};

}  // namespace chat::client::load
