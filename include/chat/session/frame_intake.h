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

// Cuts what a client sends into frames, and makes an input for the strand of each: a request with
// its traits, or the fault to answer.
//
// Threading: loop-confined. Ownership: by the SocketSide.
// Bounds: kFramesPerRound frames a call, so that no client makes the others of its loop wait; keeps
// the rest of one read besides what FrameDecoder keeps.
class FrameIntake {
 public:
  static constexpr std::size_t kFramesPerRound = 64;

  struct Batch {
    std::vector<Input> inputs;
    std::int64_t cost = 0;    // what they count as, in bytes of input
    bool input_over = false;  // nothing that follows will make a frame
  };

  // Cuts `bytes` and parks what is left of them. Precondition: nothing is parked, and no batch so
  // far said `input_over`.
  Batch take(ConversationState& shared, std::string_view bytes);
  // The unfinished frame, if it is whole but for its terminator.
  std::optional<Batch> take_unterminated(ConversationState& shared);

  // Keeps bytes that are to be cut later, before what is read after them.
  void park(std::string_view bytes) { parked_ = std::make_unique<std::string>(bytes); }
  bool has_parked() const { return parked_ != nullptr; }
  std::unique_ptr<std::string> unpark() { return std::move(parked_); }

  void logged_in() { decoder_.set_frame_max_bytes(protocol::kFrameMaxBytes); }
  void logged_out() { decoder_.set_frame_max_bytes(protocol::kFrameMaxBytesBeforeLogin); }
  // Nobody is logged in: the limit of frames tells.
  bool is_strangers() const { return decoder_.frame_max_bytes() < protocol::kFrameMaxBytes; }

  protocol::Framing framing() const { return decoder_.framing(); }
  bool has_partial_frame() const { return decoder_.has_partial_frame(); }
  bool may_be_unterminated() const { return decoder_.may_be_unterminated(); }

 private:
  protocol::FrameDecoder decoder_;
  std::unique_ptr<std::string> parked_;  // read, and not cut into frames yet
};

}  // namespace chat::session
