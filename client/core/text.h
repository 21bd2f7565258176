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

// Likewise for a message's text: its next lines stand behind a bar, so nobody can take one for a
// message of its own, and tabs stay.
std::string harmless_text(std::string_view utf8);

// JSON text on one line that a terminal can take: as it came where it is harmless already,
// otherwise written anew in ASCII. `json` must be valid JSON of bounded depth.
std::string harmless_json(std::string_view json);

// A user's or a group's name, wherever people see one: as it is where it consists of letters,
// digits and the like, otherwise in quotation marks, which then cannot be a part of it. So no name
// can look like what stands around it; and as it is shown, it can be typed. Where letters of
// several scripts are mixed, those of all but one are escaped, and a name that looks like Latin
// letters and has none is followed by its script: "p‹430›ypal", "сора" [Cyrillic].
std::string shown_name(std::string_view utf8);

// Lines for people, with each line that is wider than the terminal continued behind a bar, as those
// of a message are: it cannot be taken for somebody else's. Colours are kept, tabs become blanks.
std::string break_lines(std::string_view text, int columns);

}  // namespace chat::client
