#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/clients/expect.h"
#include "support/repeated.h"

// The table of attacks, with the expected reply to each.
//
// These words are replaced before sending: $me and $name are the user's id and name, $password and
// $token its password and last token; $other is another online user, $group a group of both,
// $foreign a group of $other alone, $nobody and $nowhere unused ids of a user and a group. $w is a
// different letter per framing, so that names can be registered once in each.
namespace chat::test::bank {

enum class State { kFresh, kLoggedIn, kWithAck, kAfterLogout };

enum class Way {
  kFramed,  // each of `sent` as the content of a frame, in every framing that can carry it
  kText,    // the raw bytes, to the clients' port; replies are read as text
  kBinary,  // likewise; replies are read as binary frames
  kProxy,   // the raw bytes, to the balancers' port
};

enum class Then { kStay, kHangUp, kReset };

struct Answer {
  enum class Kind {
    kOk,       // errno 0 under msgid
    kKept,     // likewise, and the name or text arrives unchanged
    kRefused,  // this error under msgid
    kBye,      // BYE with the reason `word`, then the end
    kEnd,      // the end without output
  };
  Kind kind;
  int msgid = 0;
  ErrorKind error{0, "ok"};
  std::string_view field = {};  // what errmsg must contain
};

inline Answer ok(int msgid) {
  return {Answer::Kind::kOk, msgid, {0, "ok"}};
}
inline Answer kept(int msgid) {
  return {Answer::Kind::kKept, msgid, {0, "ok"}};
}
inline Answer refused(int msgid, ErrorKind error) {
  return {Answer::Kind::kRefused, msgid, error};
}
inline Answer bad_field(int msgid, std::string_view field) {
  return {Answer::Kind::kRefused, msgid, errors::kBadField, field};
}
inline Answer bye(std::string_view reason) {
  return {Answer::Kind::kBye, 204, {0, reason}};
}
inline Answer ends() {
  return {Answer::Kind::kEnd, 0, {0, ""}};
}

struct Row {
  std::string name;
  State state;
  std::vector<std::string> sent;  // all in one write
  std::vector<Answer> answers;    // none: silence
  int times = 1;                  // repeated this often in the same write, with as many replies
  Way way = Way::kFramed;
  Then then = Then::kStay;

  bool closes() const {
    if (then != Then::kStay) return true;
    if (answers.empty()) return false;
    return answers.back().kind == Answer::Kind::kBye || answers.back().kind == Answer::Kind::kEnd;
  }
};

// One frame, one reply.
inline Row row(std::string name, State state, std::string frame, Answer answer) {
  return {std::move(name), state, {std::move(frame)}, {answer}};
}
inline Row raw(std::string name, Way way, std::string bytes, std::vector<Answer> answers,
               Then then = Then::kStay) {
  return {std::move(name), State::kFresh, {std::move(bytes)}, std::move(answers), 1, way, then};
}

// One file each.
std::span<const Row> framing_rows();
std::span<const Row> json_rows();
std::span<const Row> unicode_rows();
std::span<const Row> number_rows();
std::span<const Row> name_rows();
std::span<const Row> text_rows();
std::span<const Row> stranger_rows();
std::span<const Row> order_rows();

}  // namespace chat::test::bank
