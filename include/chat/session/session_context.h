#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "chat/base/clock.h"
#include "chat/base/ids.h"
#include "chat/base/rate_store.h"
#include "chat/base/token_bucket.h"
#include "chat/protocol/classic_requests.h"
#include "chat/session/deadlines.h"
#include "chat/session/handler.h"
#include "chat/session/strand.h"

namespace chat::session {

class CrowdLimit;

// Above this much unread output, a connection gets no more pushes and its requests are not read.
inline constexpr std::size_t kOutputHighBytes = 256 * 1024;
inline constexpr std::size_t kOutputLowBytes = 64 * 1024;

struct SessionOptions {
  // The size of a burst, in seconds of the rate.
  static constexpr std::int64_t kBurstSeconds = 2;
  // The least that any frame is charged, in bytes.
  static constexpr std::int64_t kFrameBytesMin = 32;
  // The least that a request that blocks is charged.
  static constexpr std::int64_t kBlockingBytesMin = 256;
  // The least that a request with a password or a token is charged.
  static constexpr std::int64_t kCredentialBytesMin = 2048;
  // This many bytes of replies are charged as one byte: a small request may ask for a page of long
  // messages.
  static constexpr std::int64_t kReplyBytesPerByte = 16;
  // The same for messages that are pushed from the table for the first time.
  static constexpr std::int64_t kCatchUpBytesPerByte = 64;

  // The clients of one address that are not logged in share this many times the rate of one.
  static constexpr std::int64_t kStrangersPerAddress = 16;

  std::int64_t bytes_per_second = 0;  // 0: no limit
  // kUnknown: recognised by what a classic client sends.
  protocol::ClassicNumbers classic_numbers = protocol::ClassicNumbers::kUnknown;
  Deadlines::Patience patience = {};
  // When there are too many slow clients, each must read kOutputLowBytes in this time to stay.
  std::chrono::milliseconds slow_look{std::chrono::seconds(10)};

  base::Rate byte_rate() const { return {bytes_per_second, bytes_per_second * kBurstSeconds}; }
  base::Rate strangers_rate() const {
    const std::int64_t together = bytes_per_second * kStrangersPerAddress;
    return {together, together * kBurstSeconds};
  }
};

// Shared by all sessions of a server. References outlive the sessions.
struct SessionContext {
  Workers workers;
  RequestHandler& handler;
  const base::Clock& clock;
  CrowdLimit& slow_clients;
  CrowdLimit& silent_clients;  // have sent nothing yet
  base::MemoryRateStore& rates;
  SessionOptions options;
};

// BLAKE2b-256 of a token's text.
using TokenHash = std::array<unsigned char, 32>;

// Who is logged in; user 0 means nobody.
struct Identity {
  UserId user;
  bool acknowledges = false;
  std::string name;
  SessionEpoch epoch = 0;
  TokenHash token_hash{};  // of the token that can repeat this login
};

}  // namespace chat::session
