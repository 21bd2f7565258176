#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "client/core/wire.h"
#include "client/load/account.h"
#include "client/load/acknowledgements.h"
#include "client/load/load_connection.h"

namespace chat::client::load {

// One client on one connection, as chatcheck and the benchmarks need it: it logs in, acknowledges
// what comes once per read and stream, asks one question at a time, and logs out. Subclasses say
// what it sends, and what follows from faults: it never connects again by itself.
// Threading: confined to the poller's thread. Ownership: outlives the poller's last turn.
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

  // Connects and logs in. on_closed() tells when that failed: call drop() there.
  void enter(const Endpoint& to, in_addr_t source = 0);
  // Asks for the next step of the login, after on_login_refused().
  void ask_to_log_in(base::SteadyTime now);
  // Logs out; on_left() tells when that is done. A question on its way is not waited for.
  void log_out(base::SteadyTime now);
  // Closes the connection, if there is one.
  void drop();
  void set_state(State state);

  void ask(std::string cid, Question question, std::string_view json, base::SteadyTime now);
  std::string next_cid() { return "c" + std::to_string(++cids_); }
  const std::optional<Asked>& asked() const { return asked_; }
  // Whether this connection has brought anything.
  bool heard() const { return heard_; }
  // A chat has come, to be acknowledged at the end of this read.
  void arrived(Target stream, Seq seq) { acknowledgements_.arrived(stream, seq); }
  void become(Account account) { account_ = std::move(account); }

  virtual void on_state(State /*before*/) {}
  // Connected: asks to log in.
  virtual void on_entering(base::SteadyTime now) { ask_to_log_in(now); }
  virtual void on_entered(const event::LoggedIn& login, base::SteadyTime now) = 0;
  virtual void on_login_refused(const Account::Outcome& outcome, base::SteadyTime now) = 0;
  virtual void on_left(base::SteadyTime /*now*/) {}
  // True: the frame is dealt with, and not parsed.
  virtual bool on_raw_frame(std::string_view /*json*/, base::SteadyTime /*now*/) { return false; }
  // To a question that was asked while logged in.
  virtual void on_answer(const Event& answer, base::SteadyTime now) = 0;
  // Pushes, and replies to chats.
  virtual void on_message(const ServerMessage& message, base::SteadyTime now) = 0;
  // The server breaks the protocol.
  virtual void on_nonsense(const std::string& what) = 0;
  // The connection was made, or something was read and dealt with.
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
