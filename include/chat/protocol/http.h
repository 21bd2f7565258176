#pragma once

#include <string_view>

// HTTP on the chat port. A web page can make a browser send a POST to any host and port, loopback
// included, and choose the body. So HTTP is recognised by its first bytes and refused once, and no
// part of it is treated as a request.
namespace chat::protocol {

enum class HttpGuess { kNo, kUndecided, kYes };

// The longest beginning that guess_http() looks at.
inline constexpr std::size_t kHttpGuessBytes = 4;

// Whether a connection that begins with these bytes speaks HTTP. kUndecided: it may still become a
// method; never for kHttpGuessBytes bytes or more.
HttpGuess guess_http(std::string_view first_bytes);

// True for an HTTP request line of any method (RFC 9112 §3): "METHOD target HTTP/…".
bool is_http_request_line(std::string_view line);

// The complete response. `head`: to a HEAD request, without the body.
std::string_view http_refusal(bool head);

}  // namespace chat::protocol
