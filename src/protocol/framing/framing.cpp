#include "chat/protocol/framing.h"

#include <algorithm>
#include <string>

#include "chat/base/check.h"
#include "chat/protocol/classic_requests.h"
#include "chat/protocol/http.h"

// Bytes → frames. A stream of text may also turn out to be HTTP by a request line, of whatever
// method, before anything in it looked like an object. Fed bytes are in `input_`; only an
// incomplete frame is copied, into `partial_`. Each byte is searched for a terminator once, when it
// is fed; `partial_` never contains one. So even a frame that arrives byte by byte takes linear
// time.
//
// The limit of text frames follows one rule, content_size(end): the length of the frame if its
// terminator were at `end`. With a terminator there, that is the frame's length; without one, no
// continuation can be shorter, so a frame over the limit stays so. The only doubtful byte is a CR
// at the end, which a following LF makes part of the terminator.

namespace chat::protocol {
namespace {

constexpr std::size_t kNone = std::string_view::npos;
constexpr std::size_t kLengthBytes = 4;
constexpr std::string_view kWhiteSpace = " \t\r\n";  // RFC 8259 §2

static_assert(sizeof(void*) != 8 || sizeof(FrameDecoder) <= 64, "one cache line per connection");

bool is_blank(std::string_view bytes) {
  return bytes.find_first_not_of(kWhiteSpace) == kNone;
}

void append_length(std::string& out, std::size_t length) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(length >> shift & 0xFF));
  }
}

}  // namespace

void append_frame(std::string& out, Framing framing, std::string_view json) {
  CHAT_CHECK(json.size() <= kFrameMaxBytesOfFormat);
  if (framing == Framing::kHttp) return;
  if (framing == Framing::kBinary) append_length(out, json.size());
  out.append(json);
  if (framing == Framing::kBinary) return;
  out.push_back(framing == Framing::kClassic ? '\0' : '\n');
}

void FrameDecoder::set_frame_max_bytes(std::size_t limit) {
  CHAT_CHECK(limit <= kFrameMaxBytesOfFormat);
  frame_max_bytes_ = static_cast<std::uint32_t>(limit);
}

void FrameDecoder::feed(std::string_view bytes) {
  CHAT_CHECK(input_.empty());
  if (!failed_) input_ = bytes;
}

std::optional<std::string_view> FrameDecoder::next() {
  if (handed_out_) release();
  if (input_.empty()) return std::nullopt;
  if (framing_ == Framing::kUndecided && !decide_framing()) return std::nullopt;
  switch (framing_) {
    case Framing::kBinary: return next_binary();
    case Framing::kHttp: input_ = {}; return std::nullopt;
    default: return next_text();
  }
}

// False if the bytes so far may be the beginning of an HTTP method; they are kept.
bool FrameDecoder::decide_framing() {
  std::string beginning(partial_.view());
  beginning.append(input_.substr(0, kHttpGuessBytes - beginning.size()));
  switch (guess_http(beginning)) {
    case HttpGuess::kUndecided:
      begun_ = true;
      keep(input_.size());
      return false;
    case HttpGuess::kYes: become_http(beginning); return true;
    case HttpGuess::kNo: break;
  }
  const char first = beginning.front();
  framing_ = first == '\0' ? Framing::kBinary : Framing::kText;
  may_be_classic_ = first == '{' || kWhiteSpace.find(first) != kNone;
  began_as_tls_ = first == '\x16';
  return true;
}

void FrameDecoder::become_http(std::string_view beginning) {
  framing_ = Framing::kHttp;
  http_head_ = beginning.starts_with("HEAD");
  begun_ = false;
  input_ = {};
  release();
}

std::optional<std::string_view> FrameDecoder::next_text() {
  while (!input_.empty()) {
    const bool first = may_be_classic_;
    const std::size_t end = find_terminator();
    if (end == kNone) {
      keep_text_tail();
      return std::nullopt;
    }
    const std::size_t size = content_size(end);
    if (size > frame_limit()) {
      // Otherwise the result would depend on how the bytes were split.
      if (first) framing_ = Framing::kText;
      fail();
      return std::nullopt;
    }
    const std::string_view frame = take(end).substr(0, size);
    input_.remove_prefix(1);
    if (is_blank(frame)) {
      release();
      continue;
    }
    if (!spoke_json_ && framing_ == Framing::kText && is_http_request_line(frame)) {
      become_http(frame);
      return std::nullopt;
    }
    spoke_json_ = spoke_json_ || frame[frame.find_first_not_of(kWhiteSpace)] == '{';
    return frame;
  }
  return std::nullopt;
}

std::optional<std::string_view> FrameDecoder::next_binary() {
  const std::optional<std::size_t> length = peek_length();
  if (length && *length > frame_limit()) {
    fail();
    return std::nullopt;
  }
  if (!length || partial_.size() + input_.size() < kLengthBytes + *length) {
    begun_ = true;
    keep(input_.size());
    return std::nullopt;
  }
  return take(kLengthBytes + *length - partial_.size()).substr(kLengthBytes);
}

bool FrameDecoder::may_be_unterminated() const {
  const bool no_terminator = may_be_classic_ || framing_ == Framing::kClassic;
  if (!no_terminator || !begun_ || failed_) return false;
  const std::size_t last = partial_.view().find_last_not_of(kWhiteSpace);
  return last != kNone && partial_.view()[last] == '}';
}

std::optional<std::string> FrameDecoder::take_unterminated() {
  if (!may_be_unterminated() || !is_whole_objects(partial_.view())) return std::nullopt;
  begun_ = false;
  std::string frame(partial_.view());
  partial_.clear();
  return frame;
}

void FrameDecoder::presume_classic() {
  if (may_be_classic_) framing_ = Framing::kClassic;
}

// The length prefix of the unfinished frame, once its four bytes have arrived.
std::optional<std::size_t> FrameDecoder::peek_length() const {
  if (partial_.size() + input_.size() < kLengthBytes) return std::nullopt;
  std::size_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    const char byte = i < partial_.size() ? partial_.view()[i] : input_[i - partial_.size()];
    length = length << 8 | static_cast<unsigned char>(byte);
  }
  return length;
}

// The end of the unfinished text frame in `input_`. The first end decides between text and classic.
std::size_t FrameDecoder::find_terminator() {
  if (framing_ == Framing::kClassic && !may_be_classic_) return input_.find('\0');
  const std::size_t line_end = input_.find('\n');
  if (!may_be_classic_) return line_end;
  const std::size_t nul = input_.substr(0, line_end).find('\0');
  if (nul != kNone || line_end != kNone) {
    framing_ = nul != kNone ? Framing::kClassic : Framing::kText;
    may_be_classic_ = false;
  }
  return nul != kNone ? nul : line_end;
}

// The size of the unfinished text frame if it ended before input_[end], without the CR of a CRLF.
std::size_t FrameDecoder::content_size(std::size_t end) const {
  const std::size_t size = partial_.size() + end;
  if (size == 0 || framing_ == Framing::kClassic) return size;
  const char last = end > 0 ? input_[end - 1] : partial_.view().back();
  return last == '\r' ? size - 1 : size;
}

std::size_t FrameDecoder::frame_limit() const {
  return partial_.empty() ? frame_max_bytes_ : partial_max_bytes_;
}

// The unfinished frame with `count` more bytes, removed from `input_`. In place if possible.
std::string_view FrameDecoder::take(std::size_t count) {
  const std::string_view bytes = input_.substr(0, count);
  begun_ = false;
  if (partial_.empty()) {
    input_.remove_prefix(count);
    return bytes;
  }
  keep(count);
  handed_out_ = true;
  return partial_.view();
}

void FrameDecoder::keep(std::size_t count) {
  if (partial_.empty()) partial_max_bytes_ = frame_max_bytes_;
  partial_.writable().append(input_.substr(0, count));
  input_.remove_prefix(count);
}

void FrameDecoder::keep_text_tail() {
  if (content_size(input_.size()) > frame_limit()) {
    fail();
    return;
  }
  begun_ = begun_ || !is_blank(input_);
  keep(input_.size());
}

void FrameDecoder::release() {
  partial_.clear();
  handed_out_ = false;
}

void FrameDecoder::fail() {
  failed_ = true;
  begun_ = false;
  input_ = {};
  release();
}

}  // namespace chat::protocol
