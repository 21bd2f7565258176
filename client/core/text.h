#pragma once

#include <string>
#include <string_view>

// Makes received text safe for a terminal. Control characters (as in protocol/utf8.h) could move
// the cursor, forge lines or reverse the reading direction, so they are shown in escaped form.
namespace chat::client {

// A quoted JSON string with every control character as a \u escape.
std::string quote(std::string_view utf8);

// For people: control characters become ‹1b›.
std::string harmless(std::string_view utf8);

// Likewise for a message's text: further lines begin with a bar, so that none can be mistaken for
// another message, and tabs are kept.
std::string harmless_text(std::string_view utf8);

// JSON on one line, safe for a terminal: unchanged if already harmless, otherwise rewritten in
// ASCII. `json` must be valid JSON of bounded depth.
std::string harmless_json(std::string_view json);

// A user's or group's name for display: unchanged if it consists of letters, digits and the like,
// otherwise quoted, with quotation marks in it escaped. So no name can imitate the text around it,
// and names can be typed as shown. If scripts are mixed, the letters of all but one are escaped,
// and a name that looks Latin without being so is followed by its script: "p‹430›ypal", "сора"
// [Cyrillic].
std::string shown_name(std::string_view utf8);

// Breaks lines that are wider than the terminal; continuations begin with a bar, as in messages, so
// that they cannot be mistaken for another line. Colours are kept, tabs become blanks.
std::string break_lines(std::string_view text, int columns);

}  // namespace chat::client
