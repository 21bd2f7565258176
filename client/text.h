#pragma once

#include <string>
#include <string_view>

// Received text on its way to a screen. Control characters (the list of protocol/utf8.h) could
// move the cursor, forge lines or turn the reading direction, so they are shown, never sent.
namespace chat::client {

// A JSON string in quotation marks, in which every control character is a \u escape.
std::string quote(std::string_view utf8);

// For people: control characters become ‹1b›.
std::string harmless(std::string_view utf8);

// Likewise for a message's text: a line break begins an indented line, which nobody can take
// for a message of its own, and tabs stay.
std::string harmless_text(std::string_view utf8);

// JSON text on one line that a terminal can take: as it came where it is harmless already,
// otherwise written anew in ASCII. `json` must be valid JSON of bounded depth.
std::string harmless_json(std::string_view json);

// How many rows below its first one the cursor of a terminal stands behind a text without line
// breaks. Wide characters take two cells and are not cut at the edge, as LC_CTYPE has it.
int rows_down(std::string_view utf8, int columns);

}  // namespace chat::client
