#pragma once

#include <string>

#include "client/core/event.h"

// Formats events as text. Each function is pure and returns whole lines with LF, or nothing for an
// event that is not shown in that form. Text from the server is made safe (text.h).
namespace chat::client {

// For people on a terminal. Messages and what becomes of them are shown by the Transcript.
std::string to_people(const Event& event, bool color);

// For scripts: `word key=value …`, one event per line. Texts are JSON strings, numbers and fixed
// words are unquoted. The words and keys are stable; new keys may be added at the end of a line.
std::string to_line(const Event& event);

// For programs: one JSON object per line. Messages of the server are passed on as received (without
// the login's token), so they have "msgid"; the client's own events have "event" instead.
std::string to_json(const Event& event);

// The documentation of to_line() for --help.
extern const char* const kLineHelp;

}  // namespace chat::client
