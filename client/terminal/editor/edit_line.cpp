#include "client/terminal/editor/edit_line.h"

#include <algorithm>
#include <utility>

#include "client/core/code_points.h"

namespace chat::client {
namespace {

using Kind = Key::Kind;

constexpr char32_t kZeroWidthJoiner = 0x200D;

bool is_blank(char32_t code) {
  return code == ' ' || code == '\t' || code == '\n';
}

std::size_t utf8_size(std::u32string_view text) {
  std::size_t size = 0;
  for (const char32_t code : text) {
    size += code < 0x80 ? 1U : code < 0x800 ? 2U : code < 0x10000 ? 3U : 4U;
  }
  return size;
}

}  // namespace

EditLine::Effect EditLine::apply(const Key& key) {
  if (key.kind == Kind::kFocusIn) return Effect::kFocused;
  if (key.kind == Kind::kFocusOut) return Effect::kUnfocused;
  if (key.kind == Kind::kInterrupt) return interrupt();
  return searching_ ? search(key) : edit(key);
}

void EditLine::begin(bool secret) {
  text_.clear();
  cursor_ = 0;
  secret_ = secret;
  searching_ = false;
  new_line_.clear();
  position_ = history_.size();
}

EditLine::Effect EditLine::edit(const Key& key) {
  switch (key.kind) {
    case Kind::kCharacter: return insert({&key.character, 1});
    case Kind::kPaste: return key.cut ? Effect::kTooLong : insert(key.pasted);
    case Kind::kEnter: return Effect::kEntered;
    case Kind::kTab: return secret_ ? Effect::kNone : Effect::kComplete;
    case Kind::kBackspace: return erase(left_of(cursor_), cursor_);
    case Kind::kDelete: return erase(cursor_, right_of(cursor_));
    case Kind::kDeleteOrEnd:
      return text_.empty() ? Effect::kEnded : erase(cursor_, right_of(cursor_));
    case Kind::kLeft: return move_to(left_of(cursor_));
    case Kind::kRight: return move_to(right_of(cursor_));
    case Kind::kWordLeft: return move_to(word_left());
    case Kind::kWordRight: return move_to(word_right());
    case Kind::kHome: return move_to(0);
    case Kind::kEnd: return move_to(text_.size());
    case Kind::kUp: return position_ == 0 ? Effect::kNone : recall(position_ - 1);
    case Kind::kDown: return recall(position_ + 1);
    case Kind::kKillToEnd: return cut(cursor_, text_.size());
    case Kind::kKillToBegin: return cut(0, cursor_);
    case Kind::kKillWordLeft: return cut(word_left(), cursor_);
    case Kind::kKillWordRight: return cut(cursor_, word_right());
    case Kind::kYank: return secret_ ? Effect::kNone : insert(cut_);
    case Kind::kSearch:
      if (secret_) return Effect::kNone;
      searching_ = true;
      wanted_.clear();
      return Effect::kChanged;
    case Kind::kRedraw: return Effect::kRedraw;
    case Kind::kCancel:
      if (secret_) return Effect::kCancelled;
      begin(false);
      return Effect::kChanged;
    default: return Effect::kNone;
  }
}

// Also ends a search.
EditLine::Effect EditLine::interrupt() {
  if (secret_) return Effect::kCancelled;
  if (text_.empty() && !searching_) return Effect::kInterrupted;
  begin(false);
  return Effect::kChanged;
}

// Steps through older lines that contain the searched text; any other key ends the search and
// applies to the line found.
EditLine::Effect EditLine::search(const Key& key) {
  switch (key.kind) {
    case Kind::kCharacter:
      wanted_ += key.character;
      find_older(std::min(position_ + 1, history_.size()));
      return Effect::kChanged;
    case Kind::kBackspace:
      if (!wanted_.empty()) wanted_.pop_back();
      find_older(history_.size());
      return Effect::kChanged;
    case Kind::kSearch: find_older(position_); return Effect::kChanged;
    case Kind::kCancel:
      end_search();
      recall(history_.size());
      return Effect::kChanged;
    case Kind::kEscape: end_search(); return Effect::kChanged;
    default: break;
  }
  end_search();
  const Effect effect = edit(key);
  return effect == Effect::kNone ? Effect::kChanged : effect;
}

void EditLine::end_search() {
  searching_ = false;
  wanted_.clear();
}

void EditLine::find_older(std::size_t before) {
  if (wanted_.empty()) return;
  for (std::size_t i = before; i-- > 0;) {
    const auto at = history_[i].find(wanted_);
    if (at == std::u32string::npos) continue;
    recall(i);
    cursor_ = at;
    return;
  }
}

std::optional<std::u32string> EditLine::search_prompt() const {
  if (!searching_) return std::nullopt;
  return U"(search)`" + wanted_ + U"': ";
}

EditLine::Effect EditLine::insert(std::u32string_view text) {
  if (text.empty()) return Effect::kNone;
  constexpr std::size_t kBytesOfCodePoint = 4;
  const bool surely_fits = (text_.size() + text.size()) * kBytesOfCodePoint <= kMaxBytes;
  if (!surely_fits && utf8_size(text_) + utf8_size(text) > kMaxBytes) return Effect::kTooLong;
  text_.insert(cursor_, text);
  cursor_ += text.size();
  return Effect::kChanged;
}

EditLine::Effect EditLine::erase(std::size_t begin, std::size_t end) {
  if (begin == end) return Effect::kNone;
  text_.erase(begin, end - begin);
  cursor_ = begin;
  return Effect::kChanged;
}

EditLine::Effect EditLine::cut(std::size_t begin, std::size_t end) {
  if (begin != end && !secret_) cut_ = text_.substr(begin, end - begin);
  return erase(begin, end);
}

EditLine::Effect EditLine::move_to(std::size_t cursor) {
  return std::exchange(cursor_, cursor) == cursor ? Effect::kNone : Effect::kChanged;
}

EditLine::Effect EditLine::recall(std::size_t position) {
  if (secret_ || position > history_.size() || position == position_) return Effect::kNone;
  if (position_ == history_.size()) new_line_ = text_;
  position_ = position;
  text_ = position == history_.size() ? new_line_ : history_[position];
  cursor_ = text_.size();
  return Effect::kChanged;
}

void EditLine::replace_head(std::u32string_view text) {
  const std::u32string tail = text_.substr(cursor_);
  if (utf8_size(text) + utf8_size(tail) > kMaxBytes) return;
  text_ = std::u32string(text) + tail;
  cursor_ = text.size();
}

std::string EditLine::take() {
  std::u32string_view text = text_;
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  while (!text.empty() && text.front() == '\n') text.remove_prefix(1);
  std::string line = to_utf8(text);
  begin(false);
  return line;
}

void EditLine::remember(const std::string& line) {
  std::u32string text = to_code_points(line);
  if (text.empty() || (!history_.empty() && history_.back() == text)) return;
  history_.push_back(std::move(text));
  if (history_.size() > kHistoryMax) history_.pop_front();
  position_ = history_.size();
}

// Moves over a character with its combining and joined characters.
std::size_t EditLine::left_of(std::size_t position) const {
  if (position == 0) return 0;
  --position;
  while (position > 0 && (combines(text_[position]) || text_[position - 1] == kZeroWidthJoiner)) {
    --position;
  }
  return position;
}

std::size_t EditLine::right_of(std::size_t position) const {
  if (position == text_.size()) return position;
  ++position;
  while (position < text_.size() &&
         (combines(text_[position]) || text_[position - 1] == kZeroWidthJoiner)) {
    ++position;
  }
  return position;
}

std::size_t EditLine::word_left() const {
  std::size_t at = cursor_;
  while (at > 0 && is_blank(text_[at - 1])) --at;
  while (at > 0 && !is_blank(text_[at - 1])) --at;
  return at;
}

std::size_t EditLine::word_right() const {
  std::size_t at = cursor_;
  while (at < text_.size() && is_blank(text_[at])) ++at;
  while (at < text_.size() && !is_blank(text_[at])) ++at;
  return at;
}

}  // namespace chat::client
