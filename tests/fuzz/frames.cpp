// The frame decoder. An input is: one byte that chooses the limits, one byte that says how many
// sizes follow, the sizes of the pieces (used in turn), and the stream itself.
//
// What must hold: the stream gives the same frames however it is cut; none of them is over the
// limit that was in force; what the decoder keeps is bounded by the limit.
#if __has_include(<sanitizer/allocator_interface.h>)
#include <sanitizer/allocator_interface.h>
#endif

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/sanitizer.h"
#include "chat/base/check.h"
#include "chat/protocol/framing.h"
#include "fuzz_target.h"

namespace {

using chat::protocol::FrameDecoder;
using chat::protocol::Framing;

// What the heap holds; known under clang's AddressSanitizer only, as in every fuzzer.
std::size_t heap_bytes() {
#if CHAT_ADDRESS_SANITIZER && __has_include(<sanitizer/allocator_interface.h>)
  return __sanitizer_get_current_allocated_bytes();
#else
  return 0;
#endif
}

// Small ones are reached by small inputs.
constexpr std::array<std::size_t, 4> kLimits = {16, 100, chat::protocol::kFrameMaxBytesBeforeLogin,
                                                chat::protocol::kFrameMaxBytes};
// As after a login: the limit changes when the second frame has been handed out.
constexpr std::size_t kFramesBeforeChange = 2;

struct Case {
  std::size_t limit = kLimits[0];
  std::size_t later_limit = kLimits[0];
  std::string_view sizes;
  std::string_view stream;
};

Case read_case(std::string_view input) {
  Case chosen;
  if (input.size() < 2) return chosen;
  const auto limits = static_cast<unsigned char>(input[0]);
  chosen.limit = kLimits[limits & 3];
  chosen.later_limit = kLimits[limits >> 2 & 3];
  const auto count = static_cast<unsigned char>(input[1]) % 16U;
  chosen.sizes = input.substr(2, count);
  if (input.size() > 2 + chosen.sizes.size()) chosen.stream = input.substr(2 + chosen.sizes.size());
  return chosen;
}

struct Outcome {
  std::vector<std::string> frames;
  Framing framing = Framing::kUndecided;
  bool failed = false;
  bool partial = false;
  bool operator==(const Outcome&) const = default;
};

class Run {
 public:
  explicit Run(const Case& chosen) : case_(chosen) {
    decoder_.emplace().set_frame_max_bytes(chosen.limit);
  }

  // The piece is in memory that is freed afterwards, so that reading back is detected.
  void feed(std::string_view piece) {
    const std::vector<char> bytes(piece.begin(), piece.end());
    decoder_->feed({bytes.data(), bytes.size()});
    while (const auto frame = decoder_->next()) take(*frame);
  }

  // Ends the run.
  Outcome outcome() {
    Outcome outcome{std::move(frames_), decoder_->framing(), decoder_->failed(),
                    decoder_->has_partial_frame()};
    const std::size_t before = heap_bytes();
    decoder_.reset();
    const std::size_t kept = before - heap_bytes();
    // A growing string takes at most twice its size.
    CHAT_CHECK(kept <= 2 * (std::max(case_.limit, case_.later_limit) + 4) + 64);
    CHAT_CHECK(!outcome.failed || (kept == 0 && !outcome.partial));
    return outcome;
  }

 private:
  void take(std::string_view frame) {
    CHAT_CHECK(frame.size() <= decoder_->frame_max_bytes());
    frames_.emplace_back(frame);
    if (frames_.size() == kFramesBeforeChange) decoder_->set_frame_max_bytes(case_.later_limit);
  }

  const Case& case_;
  std::optional<FrameDecoder> decoder_;
  std::vector<std::string> frames_;
};

// In pieces of `sizes` in turn; a size of 0 stands for all that is left.
Outcome decode(const Case& chosen, std::string_view sizes) {
  Run run(chosen);
  std::string_view left = chosen.stream;
  for (std::size_t i = 0; !left.empty(); ++i) {
    const auto size =
        sizes.empty() ? 0U : std::size_t{static_cast<unsigned char>(sizes[i % sizes.size()])};
    const std::string_view piece = left.substr(0, size == 0 ? left.size() : size);
    run.feed(piece);
    left.remove_prefix(piece.size());
  }
  return run.outcome();
}

// What was cut out of binary framing is cut out again when it is framed anew.
void check_round_trip(const Outcome& outcome) {
  std::string stream;
  for (const std::string& frame : outcome.frames) {
    append_frame(stream, Framing::kBinary, frame);
  }
  const Case again{chat::protocol::kFrameMaxBytes, chat::protocol::kFrameMaxBytes, {}, stream};
  CHAT_CHECK(decode(again, {}).frames == outcome.frames);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Case chosen = read_case(chat::fuzz::as_text(data, size));
  const Outcome whole = decode(chosen, {});
  CHAT_CHECK(decode(chosen, chosen.sizes) == whole);
  CHAT_CHECK(decode(chosen, "\x01") == whole);
  if (!whole.frames.empty()) check_round_trip(whole);
  return 0;
}
