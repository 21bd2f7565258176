#include "client/terminal/editor/key_decoder.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "client/core/code_points.h"

namespace chat::client {
namespace {

constexpr char kEsc = '\x1b';
constexpr std::string_view kPasteEnd = "\x1b[201~";
constexpr std::size_t kParametersMax = 32;

using Kind = Key::Kind;

struct Binding {
  std::string_view sequence;
  Kind kind;
};

// Ctrl-letter, and the letters after ESC (Alt).
constexpr std::pair<char, Kind> kPlain[] = {
    {'\x01', Kind::kHome},        {'\x02', Kind::kLeft},        {'\x03', Kind::kInterrupt},
    {'\x04', Kind::kDeleteOrEnd}, {'\x05', Kind::kEnd},         {'\x06', Kind::kRight},
    {'\x07', Kind::kCancel},      {'\x08', Kind::kBackspace},   {'\x09', Kind::kTab},
    {'\x0a', Kind::kEnter},       {'\x0b', Kind::kKillToEnd},   {'\x0c', Kind::kRedraw},
    {'\x0d', Kind::kEnter},       {'\x0e', Kind::kDown},        {'\x10', Kind::kUp},
    {'\x12', Kind::kSearch},      {'\x15', Kind::kKillToBegin}, {'\x17', Kind::kKillWordLeft},
    {'\x19', Kind::kYank},        {'\x7f', Kind::kBackspace}};
constexpr std::pair<char, Kind> kMeta[] = {
    {'b', Kind::kWordLeft},        {'f', Kind::kWordRight},       {'d', Kind::kKillWordRight},
    {'\x7f', Kind::kKillWordLeft}, {'\x08', Kind::kKillWordLeft}, {'\x0d', Kind::kEnter},
    {'\x0a', Kind::kEnter}};

// The sequences after ESC [ or ESC O, including the final character.
constexpr Binding kSequences[] = {{"A", Kind::kUp},
                                  {"B", Kind::kDown},
                                  {"C", Kind::kRight},
                                  {"D", Kind::kLeft},
                                  {"H", Kind::kHome},
                                  {"F", Kind::kEnd},
                                  {"1~", Kind::kHome},
                                  {"7~", Kind::kHome},
                                  {"4~", Kind::kEnd},
                                  {"8~", Kind::kEnd},
                                  {"3~", Kind::kDelete},
                                  {"1;5C", Kind::kWordRight},
                                  {"1;5D", Kind::kWordLeft},
                                  {"1;3C", Kind::kWordRight},
                                  {"1;3D", Kind::kWordLeft},
                                  {"5C", Kind::kWordRight},
                                  {"5D", Kind::kWordLeft},
                                  {"3;5~", Kind::kKillWordRight},
                                  {"3;3~", Kind::kKillWordRight},
                                  {"I", Kind::kFocusIn},  // xterm's focus reports
                                  {"O", Kind::kFocusOut}};

template <std::size_t N>
const Kind* find(const std::pair<char, Kind> (&table)[N], char byte) {
  const auto found =
      std::find_if(table, table + N, [byte](const auto& each) { return each.first == byte; });
  return found == table + N ? nullptr : &found->second;
}

// Cleans a paste, which may contain anything: line ends become LF, and other control characters
// except tabs are removed.
std::u32string clean(std::string_view bytes) {
  std::u32string out = to_code_points(bytes);
  std::u32string kept;
  kept.reserve(out.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const char32_t code = out[i];
    if (code == '\r') {
      kept += U'\n';
      if (i + 1 < out.size() && out[i + 1] == '\n') ++i;
    } else if (code == '\n' || code == '\t' || !(code < 0x20 || (code >= 0x7F && code < 0xA0))) {
      kept += code;
    }
  }
  return kept;
}

}  // namespace

void KeyDecoder::feed(std::string_view bytes, std::vector<Key>& keys) {
  for (const char byte : bytes) take(byte, keys);
}

void KeyDecoder::pause(std::vector<Key>& keys) {
  if (state_ == State::kPaste) return end_paste(keys);
  if (state_ == State::kEscape) keys.push_back({Kind::kEscape});
  state_ = State::kPlain;
  character_.clear();
}

void KeyDecoder::take(char byte, std::vector<Key>& keys) {
  switch (state_) {
    case State::kPlain: return take_plain(byte, keys);
    case State::kEscape: return take_escape(byte, keys);
    case State::kControl:
    case State::kFunction: return take_control(byte, keys);
    case State::kString:
      if (byte == kEsc) state_ = State::kStringEscape;
      if (byte == '\x07' || byte == '\x18') state_ = State::kPlain;
      return;
    case State::kStringEscape: state_ = byte == '\\' ? State::kPlain : State::kString; return;
    case State::kPaste: return take_paste(byte, keys);
  }
}

void KeyDecoder::take_plain(char byte, std::vector<Key>& keys) {
  const auto value = static_cast<unsigned char>(byte);
  const bool continues = (value & 0xC0u) == 0x80u;
  if (!continues) character_.clear();
  if (byte == kEsc) {
    state_ = State::kEscape;
    return;
  }
  if (const Kind* const kind = find(kPlain, byte)) return keys.push_back({*kind});
  if (value < 0x20 || (continues && character_.empty())) return;
  character_ += byte;
  const std::size_t length = sequence_length(static_cast<unsigned char>(character_.front()));
  if (character_.size() < length) return;
  const std::u32string code = to_code_points(std::exchange(character_, {}));
  // A two-byte C1 control is not a key.
  if (!code.empty() && !(code[0] >= 0x80 && code[0] < 0xA0)) {
    keys.push_back({Kind::kCharacter, code[0]});
  }
}

void KeyDecoder::take_escape(char byte, std::vector<Key>& keys) {
  state_ = State::kPlain;
  parameters_.clear();
  switch (byte) {
    case kEsc: state_ = State::kEscape; return keys.push_back({Kind::kEscape});
    case '[': state_ = State::kControl; return;
    case 'O': state_ = State::kFunction; return;
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_': state_ = State::kString; return;
    default: break;
  }
  if (const Kind* const kind = find(kMeta, byte)) return keys.push_back({*kind});
  // An unknown sequence: ESC, then the character itself.
  keys.push_back({Kind::kEscape});
  take_plain(byte, keys);
}

void KeyDecoder::take_control(char byte, std::vector<Key>& keys) {
  const auto value = static_cast<unsigned char>(byte);
  if (value < 0x20 || value >= 0x7F) {  // the sequence is invalid
    state_ = State::kPlain;
    return take_plain(byte, keys);
  }
  // The Linux console's F1 to F5: ESC [ [ A.
  if (state_ == State::kControl && byte == '[' && parameters_.empty()) {
    parameters_ = "[";
    return;
  }
  if (parameters_.size() < kParametersMax) parameters_ += byte;
  if (value < 0x40) return;  // not a final character
  state_ = State::kPlain;
  if (parameters_ == "200~") {
    state_ = State::kPaste;
    return;
  }
  const auto found = std::find_if(std::begin(kSequences), std::end(kSequences),
                                  [&](const auto& each) { return each.sequence == parameters_; });
  if (found != std::end(kSequences)) keys.push_back({found->kind});
}

void KeyDecoder::take_paste(char byte, std::vector<Key>& keys) {
  const auto keep = [this](char each) {
    if (paste_.size() < kPasteMaxBytes) {
      paste_ += each;
    } else {
      ++dropped_;
    }
  };
  if (byte == kPasteEnd[paste_end_.size()]) {
    paste_end_ += byte;
    if (paste_end_ == kPasteEnd) end_paste(keys);
    return;
  }
  // Only its first character is ESC, so after a mismatch the mark can only begin with this
  // character.
  for (const char each : std::exchange(paste_end_, {})) keep(each);
  if (byte == kEsc) {
    paste_end_ += byte;
  } else {
    keep(byte);
  }
}

void KeyDecoder::end_paste(std::vector<Key>& keys) {
  state_ = State::kPlain;
  paste_end_.clear();
  Key key{Kind::kPaste};
  key.pasted = clean(std::exchange(paste_, {}));
  key.cut = std::exchange(dropped_, 0) > 0;
  keys.push_back(std::move(key));
}

std::optional<bool> reported_focus(std::string_view bytes) {
  const std::size_t in = bytes.rfind("\x1b[I");
  const std::size_t out = bytes.rfind("\x1b[O");
  if (in == bytes.npos && out == bytes.npos) return std::nullopt;
  return out == bytes.npos || (in != bytes.npos && in > out);
}

}  // namespace chat::client
