#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "chat/base/rare_string.h"
#include "chat/protocol/limits.h"

namespace chat::protocol {

// How JSON objects are cut out of the byte stream, detected from its first bytes.
//
// kUndecided until the first byte, or the first four if they may be an HTTP method; kText until the
// first frame ends in NUL, which makes it kClassic (only if the first byte was `{` or white space:
// a TLS hello has NULs too). kHttp has no frames: no part of it is a request.
enum class Framing : std::uint8_t { kUndecided, kText, kClassic, kBinary, kHttp };

// Appends `json` to `out` as one frame of that framing. kUndecided writes text, kHttp nothing.
// Precondition: at most kFrameMaxBytesOfFormat bytes.
void append_frame(std::string& out, Framing framing, std::string_view json);

// Cuts a connection's bytes into frames.
//
// Call feed() with what was read, then next() until it returns nothing. A frame that is complete in
// the fed bytes is returned in place, without a copy; only an unfinished tail is kept, and its
// memory is freed when the frame is done. Frames of only white space are skipped, except in binary
// framing. Takes linear time, however the bytes are split.
// Threading: loop-confined. Bounds: at most the frame limit plus 4 bytes are kept.
class FrameDecoder {
 public:
  // `bytes` must stay alive and unchanged until next() has returned nothing, and feed() may be
  // called again only then. Ignored after failed().
  void feed(std::string_view bytes);

  // The next complete frame without its terminator or length; valid until the next call. Nothing if
  // more bytes are needed, or after failed().
  std::optional<std::string_view> next();

  // The fed bytes not returned yet, for a caller that continues later and feeds them again first.
  std::string_view take_rest() { return std::exchange(input_, {}); }

  // A frame exceeds the limit, which ends the conversation (too_large), because the start of the
  // next frame cannot be found. A binary length is refused before anything is allocated.
  bool failed() const { return failed_; }

  // A frame is incomplete (for the frame deadline). White space before a text frame does not begin
  // it.
  bool has_partial_frame() const { return begun_; }

  Framing framing() const { return framing_; }

  // The unfinished frame ends like an object and its terminator may never come, because some
  // classic clients send none. Only while the framing is undecided or classic.
  bool may_be_unterminated() const;
  // Takes that frame if it is one or more whole objects.
  std::optional<std::string> take_unterminated();
  // Treats a stream of undecided framing as classic until a terminator decides.
  void presume_classic();

  // The framing is kHttp and the method is HEAD.
  bool is_http_head() const { return http_head_; }
  // The stream began with a TLS record. A web server can choose some bytes of a client's hello (its
  // session ticket), line ends included, so no line of such a stream may be treated as a request.
  bool began_as_tls() const { return began_as_tls_; }

  // The limit of a frame without its terminator or length, from the next frame on. At most
  // kFrameMaxBytesOfFormat.
  void set_frame_max_bytes(std::size_t limit);
  std::size_t frame_max_bytes() const { return frame_max_bytes_; }

 private:
  std::optional<std::string_view> next_text();
  std::optional<std::string_view> next_binary();
  bool decide_framing();
  void become_http(std::string_view beginning);
  std::optional<std::size_t> peek_length() const;
  std::size_t find_terminator();
  std::size_t content_size(std::size_t end) const;
  std::size_t frame_limit() const;
  std::string_view take(std::size_t count);
  void keep(std::size_t count);
  void keep_text_tail();
  void release();
  void fail();

  // A server has hundreds of thousands of decoders, so one string holds both the unfinished frame
  // and, until the next call, the frame completed from it.
  Framing framing_ = Framing::kUndecided;
  bool failed_ = false;
  // No text frame has ended yet and NUL may end one; framing_ is provisional.
  bool may_be_classic_ = false;
  bool begun_ = false;       // partial_ holds more than white space
  bool handed_out_ = false;  // partial_ holds a frame that next() returned
  bool spoke_json_ = false;  // a text frame began like an object
  bool http_head_ = false;
  bool began_as_tls_ = false;
  std::uint32_t frame_max_bytes_ = kFrameMaxBytesBeforeLogin;
  std::uint32_t partial_max_bytes_ = 0;  // the limit when partial_ began
  std::string_view input_;               // fed and not yet consumed
  base::RareString partial_;
};

}  // namespace chat::protocol
