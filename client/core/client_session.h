#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/base/ids.h"
#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/base/thread.h"
#include "chat/protocol/messages/encode.h"
#include "client/core/event.h"
#include "client/core/group_requests.h"
#include "client/core/name_book.h"
#include "client/core/notice_filter.h"
#include "client/core/outbox.h"
#include "client/core/pending.h"
#include "client/core/receipt_filter.h"
#include "client/core/received.h"
#include "client/core/roster.h"
#include "client/core/wire/request_json.h"
#include "client/net/server_connection.h"

namespace chat::client {

// One conversation with a server: requests in, events out.
//
// For the whole life of a connection a receiving thread reads its input and another thread sends
// the outbox. The receiving thread converts each message to an event, passes it to the handler, and
// only then resumes the sender of the request. So events appear in the order of the wire, and the
// content of a login reply is shown before the first push after it. Connected is the first event of
// a connection, Disconnected or Fault the last, unless close() or interrupt() ended it.
//
// Threading: one thread sends (every call that returns an Answer, open() and close()); interrupt()
// and the getters are for any thread. The handler runs on the receiving thread, or on the sending
// one for a missing answer; it must not call back.
//
// These outlive a connection: unanswered chats, which are sent again with the same cid, so that the
// server stores each once; the token for logging in again; and the position in each stream, so that
// no message is shown twice. A chat that the server cannot accept now (busy, unavailable,
// rate_limited) stays unanswered and is resent automatically; a Held event reports that once.
// Bounds: 1000 unanswered chats; then chat() blocks.
class ClientSession {
 public:
  using Handler = std::function<void(const Event&)>;

  static constexpr std::chrono::seconds kConnectTimeout{5};
  static constexpr std::chrono::seconds kReplyTimeout{10};

  explicit ClientSession(Handler handler, std::chrono::milliseconds reply_timeout = kReplyTimeout);
  ~ClientSession();
  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;

  // Connects and sends HELLO, because a suspended server still accepts connections but does not
  // answer. Blocks for both. May be called again after close(). `tls`: null for a plain connection.
  Result<void> open(const std::string& host, std::uint16_t port, const TlsContext* tls = nullptr,
                    std::chrono::milliseconds connect_timeout = kConnectTimeout);
  void close();
  // The server's refusal of the last open(), if any.
  std::optional<event::Bye> farewell() const { return farewell_; }

  // Each blocks until its answer, a time-out, or the end of the connection.
  Answer register_user(const std::string& name, std::string_view password, std::string_view code);
  Answer login(const Credentials& credentials);
  Answer logout();
  Answer create_group(const std::string& name, const std::string& desc);
  Answer ping();  // without an answer in time, the connection is lost
  // `cursor` is that of the previous answer, or empty.
  Answer history(Target target, int limit, const std::string& cursor);

  // Any other request; `question` describes it.
  template <typename Message>
  Answer request(Message message, Question question) {
    if constexpr (requires { message.sender; }) message.sender = self();
    return ask(message, std::move(question));
  }

  Resumption resumption() const;
  Answer login_by_token(const std::string& token);  // of an earlier run

  // After a lost connection and a new open(): logs in again as the last user. As after any login of
  // the same user, unanswered chats are then resent. kNotSent if nobody was logged in.
  Answer resume();
  bool can_resume() const;
  // Drops the unanswered chats; an Unsent event reports their number.
  void drop_chats();
  std::size_t unanswered_chats() const { return outbox_.size(); }
  // What was received since the last call.
  std::vector<Received::Acknowledgement> take_received() { return received_.due(); }
  void acknowledge(const Target& stream, Seq seq, bool read);  // received, or read, up to seq
  void typing(Target target, bool on);                         // answered only by a Refused event
  // Puts the message into the outbox (kOk); the answer arrives as a Sent or Refused event. Without
  // a connection it is kept for the next resume(), and a Queued event reports that. Without a login
  // it waits for the refusal.
  Answer chat(Target target, std::string_view text, const event::MessageExtras& extras = {});
  // False if, although connected, no chat was stored for `patience` (Outbox::wait_empty()).
  bool wait_for_chats(std::chrono::milliseconds patience);

  // Ends the connection, from any thread, but not during open(). Waiting calls return
  // kDisconnected.
  void interrupt();

  bool connected() const { return connected_.load(std::memory_order_acquire); }
  bool logged_in() const { return self_.load(std::memory_order_acquire) != 0; }
  UserId self() const { return {self_.load(std::memory_order_acquire)}; }
  std::vector<Friend> friends() const { return roster_.friends(); }
  std::vector<Group> groups() const { return roster_.groups(); }
  Roster& roster() { return roster_; }
  const NameBook& names() const { return names_; }
  const GroupRequests& group_requests() const { return group_requests_; }

 private:
  // Builds the request's JSON for a cid.
  using Build = std::function<std::string(std::string_view cid)>;

  Answer ask(Question question, const Build& build);
  template <typename Message>
  Answer ask(const Message& message, Question question = {}) {
    question.request = Message::kMsgid;
    return ask(std::move(question),
               [&](auto cid) { return protocol::encode_request(message, cid); });
  }
  PendingTable::Item send(Question question, const Build& build, Answer& failure);
  PendingTable::Item transmit(const std::string& cid, Question question, const std::string& json);
  std::string next_cid();
  bool too_long(const std::string& json, Answer& failure);
  void send_chats();
  bool hold(const Event& event, const Question& question, const std::string& cid);
  bool take_message(Event& event);
  Answer timed_out(const Question& question);

  void receive_all();
  Result<void> take(std::string_view frame);
  Event greet();
  void update(Event& event);
  bool take_account(const event::LoggedIn& login);
  void end(const Event& event);

  // Fixed after start.
  const Handler handler_;
  const std::chrono::milliseconds reply_timeout_;
  const std::string cid_prefix_;
  // Changed by the sending thread while no receiving thread runs.
  std::shared_ptr<ServerConnection> connection_;
  std::uint64_t last_cid_ = 0;
  std::string host_;
  std::uint16_t port_ = 0;
  // Confined to the receiving thread while it runs.
  bool greeted_ = false;                // HELLO was answered
  Event last_;                          // the connection's end
  std::optional<event::Bye> farewell_;  // a BYE before HELLO was answered
  PendingTable pending_;                // thread-safe, like the next ones

  Roster roster_;
  NameBook names_;
  GroupRequests group_requests_;
  Outbox outbox_;
  Received received_;
  ReceiptFilter receipts_;  // this and the next confined to the receiving thread
  NoticeFilter notices_;
  mutable base::Mutex account_mutex_;
  std::string token_ CHAT_GUARDED_BY(account_mutex_);
  UserId account_ CHAT_GUARDED_BY(account_mutex_);  // the last logged-in user
  std::string account_name_ CHAT_GUARDED_BY(account_mutex_);
  std::atomic<bool> connected_{false};
  std::atomic<bool> closing_{false};
  std::atomic<std::int32_t> self_{0};  // the logged-in user; 0: none
  base::Thread receiver_;              // last: the threads use the other members
  base::Thread sender_;
};

}  // namespace chat::client
