#pragma once

// What happened, for the caller of chatclient. A process ended by a signal gives 128 + its
// number, as a shell would: 130 for SIGINT.
namespace chat::client {

enum class ExitCode : int {
  kOk = 0,
  kRefused = 1,  // line mode: the server refused a command (the last failure counts)
  kUsage = 2,    // wrong options; line mode: a line that is no command
  kCannotConnect = 3,
  kConnectionLost = 4,  // also after a BYE
  kProtocolFault = 5,   // the server sent what is no answer
  kNoAnswer = 6,        // line mode: a command was not answered in time; a chat never was
};

inline constexpr int kSignalExitBase = 128;

}  // namespace chat::client
