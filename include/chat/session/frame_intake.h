#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/protocol/framing.h"
#include "chat/protocol/limits.h"
#include "chat/session/strand.h"

namespace chat::session {

struct ConversationState;

// Cuts a client's bytes into frames and turns each into an input for the strand: a request with its
// traits, or the fault to report.
//
// Threading: loop-confined. Ownership: owned by the SocketSide.
// Bounds: kFramesPerRound frames per call, so that one client cannot hold up the others of its
// loop; buffers the rest of one read in addition to what FrameDecoder buffers.
class FrameIntake {
 public:
  static constexpr std::size_t kFramesPerRound = 64;

  struct Batch {
    std::vector<Input> inputs;
    std::int64_t cost = 0;    // their charge, in bytes of input
    bool input_over = false;  // no further frame can follow
  };

  // Cuts `bytes` and parks the rest. Precondition: nothing is parked, and no earlier batch had
  // `input_over` set.
  Batch take(ConversationState& shared, std::string_view bytes);
  // The unfinished frame, if only its terminator is missing.
  std::optional<Batch> take_unterminated(ConversationState& shared);

  // Keeps bytes to be cut later, before anything that is read after them.
  void park(std::string_view bytes) { parked_ = std::make_unique<std::string>(bytes); }
  bool has_parked() const { return parked_ != nullptr; }
  std::unique_ptr<std::string> unpark() { return std::move(parked_); }

  void logged_in() { decoder_.set_frame_max_bytes(protocol::kFrameMaxBytes); }
  void logged_out() { decoder_.set_frame_max_bytes(protocol::kFrameMaxBytesBeforeLogin); }
  // True while nobody is logged in, as the limit on frames shows.
  bool is_strangers() const { return decoder_.frame_max_bytes() < protocol::kFrameMaxBytes; }

  protocol::Framing framing() const { return decoder_.framing(); }
  bool has_partial_frame() const { return decoder_.has_partial_frame(); }
  bool may_be_unterminated() const { return decoder_.may_be_unterminated(); }

 private:
  protocol::FrameDecoder decoder_;
  std::unique_ptr<std::string> parked_;  // read but not yet cut into frames
};

}  // namespace chat::session
