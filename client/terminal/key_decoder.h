#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chat::client {

// What a person does on a keyboard.
struct Key {
  enum class Kind {
    kCharacter,  // `character`
    kPaste,      // `pasted`
    kEnter,
    kTab,
    kEscape,
    kBackspace,
    kDelete,
    kDeleteOrEnd,  // Ctrl-D
    kLeft,
    kRight,
    kWordLeft,
    kWordRight,
    kHome,
    kEnd,
    kUp,
    kDown,
    kKillToEnd,
    kKillToBegin,
    kKillWordLeft,
    kKillWordRight,
    kYank,
    kSearch,
    kCancel,
    kRedraw,
  };
  Kind kind = Kind::kEscape;
  char32_t character = 0;
  std::u32string pasted = {};
  bool cut = false;  // the paste was longer than kPasteMaxBytes, and its end was dropped

  friend bool operator==(const Key&, const Key&) = default;
};

// Bytes from a terminal → keys: UTF-8, the escape sequences of xterm and its kin (ECMA-48), and
// pastes that the terminal marks.
//
// It never waits: what is incomplete is kept for the next bytes. As ESC is both a key and the
// beginning of a sequence, the caller says by pause() that nothing has followed for a while.
// Bytes that are no UTF-8 are dropped, so is what a sequence of an unknown meaning consists of.
// Threading: externally synchronised. Bounds: kPasteMaxBytes of a paste, a few bytes otherwise.
class KeyDecoder {
 public:
  static constexpr std::size_t kPasteMaxBytes = 256 * 1024;

  void feed(std::string_view bytes, std::vector<Key>& keys);

  // Something has begun and is not complete.
  bool pending() const { return state_ != State::kPlain || !character_.empty(); }
  bool in_paste() const { return state_ == State::kPaste; }
  void pause(std::vector<Key>& keys);

 private:
  enum class State {
    kPlain,
    kEscape,        // behind ESC
    kControl,       // behind ESC [
    kFunction,      // behind ESC O, or ESC [ [
    kString,        // in a string for somebody else: ESC ], P, X, ^ or _
    kStringEscape,  // an ESC in it
    kPaste
  };

  void take(char byte, std::vector<Key>& keys);
  void take_plain(char byte, std::vector<Key>& keys);
  void take_escape(char byte, std::vector<Key>& keys);
  void take_control(char byte, std::vector<Key>& keys);
  void take_paste(char byte, std::vector<Key>& keys);
  void end_paste(std::vector<Key>& keys);

  State state_ = State::kPlain;
  std::string character_;   // an incomplete one
  std::string parameters_;  // of a control sequence
  std::string paste_;
  std::size_t dropped_ = 0;  // bytes of the paste over the limit
  std::string paste_end_;    // as much of its end mark as has come
};

}  // namespace chat::client
