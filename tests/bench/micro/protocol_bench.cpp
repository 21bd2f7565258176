#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/micro/samples.h"
#include "chat/base/check.h"
#include "chat/delivery/push_json.h"
#include "chat/protocol/framing.h"
#include "chat/protocol/json_writer.h"
#include "chat/protocol/messages/chat_messages.h"
#include "chat/protocol/messages/decode_request.h"
#include "chat/protocol/msgid.h"
#include "chat/protocol/request.h"
#include "service/dispatch/replies.h"

// Bytes to requests, and pushes and replies to bytes.
namespace chat::bench {
namespace {

using protocol::Framing;

// Decodes this many frames per read.
void decode_frames(benchmark::State& state, Framing framing) {
  std::string input;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    protocol::append_frame(input, framing, kChatRequest);
  }
  protocol::FrameDecoder decoder;
  for (auto _ : state) {
    std::int64_t frames = 0;
    decoder.feed(input);
    while (const auto frame = decoder.next()) {
      benchmark::DoNotOptimize(frame->data());
      ++frames;
    }
    CHAT_CHECK(frames == state.range(0));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(input.size()));
}
BENCHMARK_CAPTURE(decode_frames, binary, Framing::kBinary)->Arg(1)->Arg(32)->Arg(256);
BENCHMARK_CAPTURE(decode_frames, text, Framing::kText)->Arg(1)->Arg(32)->Arg(256);

void parse_request(benchmark::State& state, std::string_view json) {
  for (auto _ : state) {
    auto request = protocol::parse_request(json);
    CHAT_CHECK(request.has_value());
    benchmark::DoNotOptimize(request);
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(json.size()));
}
BENCHMARK_CAPTURE(parse_request, chat_151_bytes, kChatRequest);
BENCHMARK_CAPTURE(parse_request, ping, kPing);
BENCHMARK_CAPTURE(parse_request, delivered, kDelivered);

// Parses a chat's frame as the server does.
void decode_chat(benchmark::State& state) {
  for (auto _ : state) {
    auto request = protocol::parse_request(kChatRequest);
    CHAT_CHECK(request.has_value());
    auto message = protocol::decode_request<protocol::messages::OneChat>(*request);
    CHAT_CHECK(message.has_value());
    benchmark::DoNotOptimize(message);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode_chat);

// The bytes of a push to its one recipient.
void direct_push(benchmark::State& state) {
  const auto message = direct_message({1002}, {1001}, 123456);
  for (auto _ : state) {
    std::string bytes;
    protocol::append_frame(bytes, Framing::kBinary, delivery::push_json(message, "user1001"));
    benchmark::DoNotOptimize(bytes.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(direct_push);

// A group's push is built once and framed for each of its members.
void group_push(benchmark::State& state) {
  const auto message = group_message({7}, {1001}, 123456);
  for (auto _ : state) {
    const std::string json = delivery::push_json(message, "user1001");
    for (std::int64_t member = 0; member < state.range(0); ++member) {
      std::string bytes;
      protocol::append_frame(bytes, Framing::kBinary, json);
      benchmark::DoNotOptimize(bytes.data());
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(group_push)->Arg(10)->Arg(200);

void chat_ack(benchmark::State& state) {
  const auto request = protocol::parse_request(kChatRequest);
  const protocol::RequestHead head = protocol::head_of(*request);
  for (auto _ : state) {
    service::OkReply reply(head);
    reply.json().field("toid", 1002).field("seq", 123456).field("ts", std::int64_t{1700000000000});
    std::string bytes;
    protocol::append_frame(bytes, Framing::kBinary, reply.unfinished());
    benchmark::DoNotOptimize(bytes.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(chat_ack);

void error_reply(benchmark::State& state) {
  const protocol::Refusal refusal{protocol::Errno::kBadField, "toid must be a user's id", {}};
  for (auto _ : state) {
    std::string bytes;
    protocol::append_frame(
        bytes, Framing::kBinary,
        protocol::error_reply(protocol::reply_to(protocol::Msgid::kOneChat), refusal, "c1"));
    benchmark::DoNotOptimize(bytes.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(error_reply);

}  // namespace
}  // namespace chat::bench
