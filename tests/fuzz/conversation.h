#pragma once

#include <map>
#include <string>
#include <string_view>

#include "chat/base/unique_fd.h"
#include "chat/protocol/framing.h"
#include "chat/protocol/request.h"

namespace chat::fuzz {

// One client's side of a conversation, which accounts for requests and replies.
//
// The book is kept by PROTOCOL.md, section 2: every request but DELIVERED and READ gets exactly
// one reply, under its own number or as ERROR, with its cid; bytes that are no request get one
// ERROR; after a frame over the limit, and after BYE, nothing is owed; HTTP gets its one refusal.
// Breaking it is a CHAT_CHECK. Text and binary framing; a NUL that would make it classic is
// replaced, because those clients are answered slowly on purpose (session::Pacer).
// Threading: one thread uses it.
class Conversation {
 public:
  explicit Conversation(base::UniqueFd socket) : socket_(std::move(socket)) {}

  // Sends the bytes in one piece and waits until every reply due has arrived.
  void say(std::string_view bytes);
  // Ends the input, waits for the end of the server's output, and checks that nothing is missing.
  void finish();

 private:
  void ask(std::string_view bytes);
  void note_asked(std::string_view frame);
  void hear();
  bool hear_more();
  void note_heard(std::string_view frame);
  void note_reply(int msgid, int error, const std::string& cid);
  bool settled() const { return ended_ || farewell_ || (owed_ == 0 && !http_); }

  base::UniqueFd socket_;
  protocol::FrameDecoder asked_;  // as the server cuts our bytes
  protocol::FrameDecoder heard_;
  bool begun_ = false;               // a byte was sent: the framing is chosen
  bool text_begun_ = false;          // and is text, of which no frame has ended yet
  int owed_ = 0;                     // replies
  int may_come_ = 0;                 // refusals of DELIVERED and READ
  std::map<std::string, int> cids_;  // of requests that were not answered yet
  bool refused_ = false;             // a frame exceeded the limit: only that refusal follows
  bool http_ = false;                // HTTP was sent: the last answer is no frame
  std::string http_answer_;
  bool farewell_ = false;
  bool ended_ = false;
};

}  // namespace chat::fuzz
