#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chat::client {

// A key press or a paste.
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
    kInterrupt,  // Ctrl-C
    kFocusIn,    // the terminal got the keyboard's focus
    kFocusOut,
  };
  Kind kind = Kind::kEscape;
  char32_t character = 0;
  std::u32string pasted = {};
  bool cut = false;  // the paste was truncated to kPasteMaxBytes

  friend bool operator==(const Key&, const Key&) = default;
};

// Decodes a terminal's bytes to keys: UTF-8, the escape sequences of xterm and similar terminals
// (ECMA-48), and bracketed pastes.
//
// Never blocks: incomplete input is kept for the next bytes. ESC is both a key and the beginning of
// a sequence, so the caller reports by pause() that nothing has followed for a while. Invalid UTF-8
// and unknown sequences are dropped.
// Threading: externally synchronised. Bounds: kPasteMaxBytes of a paste, a few bytes otherwise.
class KeyDecoder {
 public:
  static constexpr std::size_t kPasteMaxBytes = 256 * 1024;

  void feed(std::string_view bytes, std::vector<Key>& keys);

  // True if input is incomplete.
  bool pending() const { return state_ != State::kPlain || !character_.empty(); }
  bool in_paste() const { return state_ == State::kPaste; }
  void pause(std::vector<Key>& keys);

 private:
  enum class State {
    kPlain,
    kEscape,        // after ESC
    kControl,       // after ESC [
    kFunction,      // after ESC O, or ESC [ [
    kString,        // in a control string: ESC ], P, X, ^ or _
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
  std::string character_;   // an incomplete character
  std::string parameters_;  // of a control sequence
  std::string paste_;
  std::size_t dropped_ = 0;  // bytes of the paste over the limit
  std::string paste_end_;    // the received part of its end mark
};

// Whether the terminal has the focus, by the last report in the bytes; nothing: there is none.
std::optional<bool> reported_focus(std::string_view bytes);

}  // namespace chat::client
