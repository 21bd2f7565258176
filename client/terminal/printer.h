#pragma once

#include <string>

#include "client/core/event.h"

// Events as text. Each function is pure and returns whole lines, each with its LF; nothing for
// an event that is not shown in that form. What came from the server is made harmless.
namespace chat::client {

// For people on a terminal.
std::string to_people(const Event& event, bool color);

// For scripts: `word key=value …`, one event per line. Texts are JSON strings, numbers and fixed
// words stand bare. The words and keys are stable; new keys may be added at the end of a line.
std::string to_line(const Event& event);

// For programs: one JSON object per line. From the wire as it came (without the login's token),
// so it has "msgid"; what the client itself found out has "event" instead.
std::string to_json(const Event& event);

// The documentation of to_line() for --help.
extern const char* const kLineHelp;

}  // namespace chat::client
