#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace chat::protocol {

// How JSON objects are cut out of the byte stream (protocol.md, the table of first bytes).
// kUndecided until the first byte; kText until a first frame ends in NUL, which makes it
// kClassic.
enum class Framing { kUndecided, kText, kClassic, kBinary };

// Appends `json` to `out` as one frame of that framing. kUndecided writes text.
void append_frame(std::string& out, Framing framing, std::string_view json);

// Cuts a connection's bytes into frames, told apart by its first bytes.
//
// Call feed() with what was read, then next() until it returns nothing. A frame that lies whole
// in the fed bytes is handed out in place, without a copy; only an unfinished tail is kept, and
// its memory is given back when the frame is done. Blank lines between text frames are skipped.
// Threading: loop-confined. Bounds: keeps at most the frame limit plus 4 bytes.
class FrameDecoder {
 public:
  // `bytes` must stay alive and unchanged until next() has returned nothing.
  void feed(std::string_view bytes);

  // The next whole frame without its terminator or length; valid until the next call.
  // Nothing: more bytes are needed, or failed().
  std::optional<std::string_view> next();

  // A frame is over the limit, which ends the conversation (too_large): what follows can't be
  // told from its rest. A binary length is refused before anything is allocated.
  bool failed() const { return failed_; }

  // A frame has begun and is not finished (for the half-frame deadline).
  bool has_partial_frame() const { return !partial_.empty(); }

  Framing framing() const { return framing_; }

  // A frame without its terminator may be so long; takes effect with the next frame.
  void set_frame_max_bytes(std::size_t limit) { frame_max_bytes_ = limit; }

 private:
  std::optional<std::string_view> next_text();
  std::optional<std::string_view> next_binary();
  void keep_tail();

  Framing framing_ = Framing::kUndecided;
  bool failed_ = false;
  std::size_t frame_max_bytes_;
  std::string_view input_;  // fed and not yet consumed
  std::string partial_;     // the beginning of an unfinished frame
  std::string assembled_;   // a frame put together from partial_ and input_
};

}  // namespace chat::protocol
