#include "chat/session/frame_intake.h"

#include <algorithm>

#include "chat/protocol/classic.h"
#include "chat/protocol/messages/decode_request.h"
#include "chat/session/conversation_state.h"

namespace chat::session {
namespace {

using protocol::Errno;
using protocol::Framing;
using protocol::Msgid;

// A client that is not logged in may open many connections, each with its own rate limit, and needs
// little of it. So its frames are charged more.
constexpr std::int64_t kStrangerFrameBytesMin = 512;

Fault too_large(std::size_t limit) {
  return Fault{{Errno::kTooLarge,
                "a frame may have at most " + std::to_string(limit) + " bytes here", std::nullopt}};
}

// Builds a batch from the frames of one call.
class BatchMaker {
 public:
  BatchMaker(ConversationState& shared, const protocol::FrameDecoder& decoder, bool is_strangers)
      : shared_(shared),
        decoder_(decoder),
        least_frame_cost_(is_strangers ? kStrangerFrameBytesMin : SessionOptions::kFrameBytesMin) {}

  FrameIntake::Batch batch;

  void add_frame(std::string_view frame) {
    if (decoder_.framing() != Framing::kClassic) return add_object(frame);
    for (const std::string_view object : protocol::objects_of(frame)) add_object(object);
  }
  void add_object(std::string_view object) { batch.inputs.push_back(input_of(object)); }

 private:
  Input input_of(std::string_view object);
  std::optional<Input> refusal_of(protocol::Request& request);
  std::int64_t least_cost_of(const RequestTraits& traits) const;

  ConversationState& shared_;
  const protocol::FrameDecoder& decoder_;
  const std::int64_t least_frame_cost_;
};

Input BatchMaker::input_of(std::string_view object) {
  auto request = protocol::parse_request(object);
  std::optional<Input> refusal;
  if (request) refusal = refusal_of(*request);
  if (!request || refusal) {
    batch.cost += least_frame_cost_;
    return refusal ? std::move(*refusal) : Input(Fault{std::move(request.error())});
  }
  const RequestTraits& traits = shared_.context.handler.traits_of(request->msgid);
  batch.cost += least_cost_of(traits);
  return RoutedRequest{std::move(*request), &traits};
}

// The fault of a well-formed request that its framing does not allow.
std::optional<Input> BatchMaker::refusal_of(protocol::Request& request) {
  if (decoder_.began_as_tls()) {
    return Fault{{Errno::kBadJson, "this connection began as TLS", std::nullopt}};
  }
  if (decoder_.framing() != Framing::kClassic) return std::nullopt;
  auto numbers = shared_.classic_numbers.load(std::memory_order_relaxed);
  const bool registration = protocol::is_classic_registration(request);
  auto refusal = protocol::read_classic(request, shared_.context.options.classic_numbers, numbers);
  shared_.classic_numbers.store(numbers, std::memory_order_relaxed);
  if (!refusal) return std::nullopt;
  return Fault{std::move(*refusal), registration ? Msgid::kRegisterAck : Msgid::kError};
}

std::int64_t BatchMaker::least_cost_of(const RequestTraits& traits) const {
  if (traits.carries_credentials) return SessionOptions::kCredentialBytesMin;
  return traits.blocks ? std::max(least_frame_cost_, SessionOptions::kBlockingBytesMin)
                       : least_frame_cost_;
}

}  // namespace

FrameIntake::Batch FrameIntake::take(ConversationState& shared, std::string_view bytes) {
  BatchMaker maker(shared, decoder_, is_strangers());
  FrameIntake::Batch& batch = maker.batch;
  decoder_.feed(bytes);
  std::optional<std::string_view> frame;
  while (batch.inputs.size() < kFramesPerRound && (frame = decoder_.next())) {
    maker.add_frame(*frame);
  }
  const std::string_view rest = decoder_.take_rest();
  if (!rest.empty() && !decoder_.failed()) park(rest);
  if (decoder_.failed()) {
    batch.inputs.emplace_back(too_large(decoder_.frame_max_bytes()));
  } else if (decoder_.framing() == Framing::kHttp) {
    batch.inputs.emplace_back(HttpCaller{decoder_.is_http_head()});
  }
  batch.input_over = decoder_.failed() || decoder_.framing() == Framing::kHttp;
  batch.cost = std::max(static_cast<std::int64_t>(bytes.size() - rest.size()), batch.cost);
  // cppcheck-suppress returnStdMoveLocal
  return std::move(batch);
}

// A client that sends its registration or login without a terminator is a classic one. Other
// requests without a terminator are accepted too, but say nothing about the framing.
std::optional<FrameIntake::Batch> FrameIntake::take_unterminated(ConversationState& shared) {
  const std::optional<std::string> frame = decoder_.take_unterminated();
  if (!frame) return std::nullopt;
  BatchMaker maker(shared, decoder_, is_strangers());
  for (const std::string_view object : protocol::objects_of(*frame)) {
    const auto request = protocol::parse_request(object);
    if (request && protocol::may_be_classic(*request)) decoder_.presume_classic();
    maker.add_object(object);
  }
  return std::move(maker.batch);
}

}  // namespace chat::session
