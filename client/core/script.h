#pragma once

#include <string_view>

// Letters that look like those of another script. As browsers do with the names of hosts: what
// mixes scripts, or looks like Latin letters throughout, is told apart from what it looks like.
namespace chat::client {

// Only what can be taken for Latin letters, and Latin itself. Scripts that look like no other are
// kNeutral, for they may stand beside Latin letters.
enum class Script {
  kNeutral,
  kLatin,
  kPhonetic,   // Latin letters that are in no alphabet people write names in
  kFullwidth,  // Latin ones too
  kSymbol,     // mathematical letters, letters in circles, ancient scripts
  kGreek,
  kCyrillic,
  kArmenian,
  kCherokee,
  kLisu,
};

Script script_of(char32_t code);
std::string_view name_of(Script script);

// How a name may mislead.
struct ScriptVerdict {
  Script main = Script::kNeutral;  // the script of most letters
  bool mixed = false;              // there are letters of others, which are not kNeutral
  bool looks_latin = false;        // of one script, and all of it looks like Latin letters
};
ScriptVerdict judge_scripts(std::u32string_view name);

}  // namespace chat::client
