#pragma once

#include <cstddef>
#include <string>

// PROXY protocol headers as sent by a balancer, deliberately implemented a second time.
namespace chat::test {

inline std::string zeros(std::size_t count) {
  return std::string(count, '\0');
}

// Version 2: `command` 0x20 LOCAL or 0x21 PROXY, `family` 0x11 TCP over IPv4 …
inline std::string binary_header(unsigned command, unsigned family, const std::string& body) {
  std::string header("\r\n\r\n\0\r\nQUIT\n", 12);
  header += static_cast<char>(command);
  header += static_cast<char>(family);
  header += static_cast<char>(body.size() >> 8);
  header += static_cast<char>(body.size() & 0xFF);
  return header + body;
}

// Version 1, from `host` port 40000.
inline std::string text_header(const std::string& host) {
  if (host.find(':') != std::string::npos) {
    return "PROXY TCP6 " + host + " 2001:db8::1 40000 6000\r\n";
  }
  return "PROXY TCP4 " + host + " 198.51.100.1 40000 6000\r\n";
}

}  // namespace chat::test
