#pragma once

#include <string_view>

// Detection of look-alike letters. As browsers do for host names, texts that mix scripts, or
// consist only of letters that look like Latin ones, are marked.
namespace chat::client {

// Latin, and scripts that can be confused with it. All other scripts are kNeutral, because they may
// be mixed with Latin letters.
enum class Script {
  kNeutral,
  kLatin,
  kPhonetic,   // Latin letters that no alphabet for names uses
  kFullwidth,  // Latin letters too
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
  bool mixed = false;              // other scripts occur that are not kNeutral
  bool looks_latin = false;        // one script, all of whose letters look Latin
};
ScriptVerdict judge_scripts(std::u32string_view name);

}  // namespace chat::client
