#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/clients/expect.h"
#include "support/repeated.h"

// What an attacker may send, as a table, and the answer that is due to each.
//
// In the bytes of a row these words are replaced before they are sent: $me and $name are who is
// logged in (or was, or may be), with $password and the token $token of the last login; $other is
// somebody else who is online, $group a group of both, $foreign a group of $other alone, $nobody
// and $nowhere the id of no user and no group. $w is another letter for each framing, so that
// names can be taken once in each.
namespace chat::test::bank {

enum class State { kFresh, kLoggedIn, kWithAck, kAfterLogout };

enum class Way {
  kFramed,  // each of `sent` as the content of a frame, in every framing that can carry it
  kText,    // the bytes as they are, to the port of the clients; answers are read as text
  kBinary,  // likewise; answers are read as binary frames
  kProxy,   // the bytes as they are, to the port of the balancers
};

enum class Then { kStay, kHangUp, kReset };

struct Answer {
  enum class Kind {
    kOk,       // errno 0 under msgid
    kKept,     // likewise, and the name or text came through byte for byte
    kRefused,  // this error under msgid
    kBye,      // BYE with the reason `word`, then the end
    kEnd,      // the end without a word
  };
  Kind kind;
  int msgid = 0;
  ErrorKind error{0, "ok"};
  std::string_view field = {};  // what errmsg must name
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
  int times = 1;                  // so often over, in the same write, and the answers likewise
  Way way = Way::kFramed;
  Then then = Then::kStay;

  bool closes() const {
    if (then != Then::kStay) return true;
    if (answers.empty()) return false;
    return answers.back().kind == Answer::Kind::kBye || answers.back().kind == Answer::Kind::kEnd;
  }
};

// One frame, one answer.
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
