#pragma once

// The exit codes of chatclient. After a signal the code is 128 + its number, as in a shell: 130 for
// SIGINT.
namespace chat::client {

enum class ExitCode : int {
  kOk = 0,
  kRefused = 1,  // line mode: the server refused a command (the last failure counts)
  kUsage = 2,    // wrong options; line mode: an invalid command
  kCannotConnect = 3,
  kConnectionLost = 4,  // also after a BYE
  kProtocolFault = 5,   // the server violated the protocol
  kNoAnswer = 6,        // line mode: a command was not answered in time; a chat never was
};

inline constexpr int kSignalExitBase = 128;

}  // namespace chat::client
