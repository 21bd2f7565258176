#include "client/core/script.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

namespace chat::client {
namespace {

struct ScriptRange {
  char32_t first;
  char32_t last;
  Script script;
};

// Ascending. Compared with the names of the characters by tests/scripts/unicode_tables_test.py.
constexpr ScriptRange kScripts[] = {
    {0x41, 0x5A, Script::kLatin},          {0x61, 0x7A, Script::kLatin},
    {0xAA, 0xAA, Script::kPhonetic},       {0xBA, 0xBA, Script::kPhonetic},
    {0xC0, 0xD6, Script::kLatin},          {0xD8, 0xF6, Script::kLatin},
    {0xF8, 0x24F, Script::kLatin},         {0x250, 0x2AF, Script::kPhonetic},
    {0x370, 0x374, Script::kGreek},        {0x376, 0x3FF, Script::kGreek},
    {0x400, 0x52F, Script::kCyrillic},     {0x531, 0x588, Script::kArmenian},
    {0x13A0, 0x13FF, Script::kCherokee},   {0x1C80, 0x1C8F, Script::kCyrillic},
    {0x1D00, 0x1D25, Script::kPhonetic},   {0x1D26, 0x1D2A, Script::kGreek},
    {0x1D2B, 0x1D2B, Script::kCyrillic},   {0x1D2C, 0x1D5C, Script::kPhonetic},
    {0x1D5D, 0x1D61, Script::kGreek},      {0x1D62, 0x1D65, Script::kPhonetic},
    {0x1D66, 0x1D6A, Script::kGreek},      {0x1D6B, 0x1D77, Script::kPhonetic},
    {0x1D78, 0x1D78, Script::kCyrillic},   {0x1D79, 0x1DBE, Script::kPhonetic},
    {0x1DBF, 0x1DBF, Script::kGreek},      {0x1E00, 0x1EFF, Script::kLatin},
    {0x1F00, 0x1FFF, Script::kGreek},      {0x2071, 0x2071, Script::kPhonetic},
    {0x207F, 0x207F, Script::kPhonetic},   {0x2090, 0x209C, Script::kPhonetic},
    {0x2100, 0x218F, Script::kSymbol},     {0x249C, 0x24E9, Script::kSymbol},
    {0x2C60, 0x2C7F, Script::kPhonetic},   {0x2C80, 0x2CFF, Script::kGreek},
    {0xA4D0, 0xA4FF, Script::kLisu},       {0xA640, 0xA69F, Script::kCyrillic},
    {0xA722, 0xA7FF, Script::kPhonetic},   {0xAB30, 0xAB64, Script::kPhonetic},
    {0xAB65, 0xAB65, Script::kGreek},      {0xAB66, 0xAB69, Script::kPhonetic},
    {0xAB70, 0xABBF, Script::kCherokee},   {0xFB00, 0xFB06, Script::kPhonetic},
    {0xFB13, 0xFB17, Script::kArmenian},   {0xFF21, 0xFF3A, Script::kFullwidth},
    {0xFF41, 0xFF5A, Script::kFullwidth},  {0x10280, 0x1034F, Script::kSymbol},
    {0x10400, 0x1047F, Script::kSymbol},   {0x10780, 0x107BA, Script::kPhonetic},
    {0x118A0, 0x118FF, Script::kSymbol},   {0x11FB0, 0x11FB0, Script::kLisu},
    {0x16F00, 0x16F9F, Script::kSymbol},   {0x1D400, 0x1D7FF, Script::kSymbol},
    {0x1DF00, 0x1DF1E, Script::kPhonetic}, {0x1F110, 0x1F189, Script::kSymbol},
};

constexpr std::string_view kScriptNames[] = {"",         "Latin", "phonetic", "fullwidth",
                                             "symbols",  "Greek", "Cyrillic", "Armenian",
                                             "Cherokee", "Lisu"};
constexpr std::size_t kScriptCount = std::size(kScriptNames);

// Letters of these alphabets that look like Latin ones.
constexpr std::u32string_view kLikeLatin =
    U"ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαγικνορτυχϲϳ"
    U"АВЕЅІЈКМНОРСТУХҮԌԚԜѴЬаԁеһіјӏорсѕухԛԝѵүгпъ"
    U"ԼՕՍհյոսցօք";

bool letter_looks_latin(char32_t code, Script script) {
  switch (script) {
    case Script::kGreek:
    case Script::kCyrillic:
    case Script::kArmenian: return kLikeLatin.find(code) != kLikeLatin.npos;
    default: return true;
  }
}

}  // namespace

Script script_of(char32_t code) {
  const auto* const after = std::upper_bound(
      std::begin(kScripts), std::end(kScripts), code,
      [](char32_t value, const ScriptRange& range) { return value < range.first; });
  if (after == std::begin(kScripts)) return Script::kNeutral;
  const ScriptRange& range = *std::prev(after);
  return code <= range.last ? range.script : Script::kNeutral;
}

std::string_view name_of(Script script) {
  return kScriptNames[static_cast<std::size_t>(script)];
}

ScriptVerdict judge_scripts(std::u32string_view name) {
  std::array<std::size_t, kScriptCount> counts{};
  bool all_look_latin = true;
  for (const char32_t code : name) {
    const Script script = script_of(code);
    if (script == Script::kNeutral) continue;
    ++counts[static_cast<std::size_t>(script)];
    all_look_latin = all_look_latin && letter_looks_latin(code, script);
  }
  // The first of equal counts: Latin.
  const auto* const most = std::max_element(counts.begin(), counts.end());
  if (*most == 0) return {};
  ScriptVerdict verdict;
  verdict.main = static_cast<Script>(most - counts.begin());
  const auto scripts =
      std::count_if(counts.begin(), counts.end(), [](std::size_t count) { return count > 0; });
  verdict.mixed = scripts > 1;
  verdict.looks_latin = !verdict.mixed && verdict.main != Script::kLatin && all_look_latin;
  return verdict;
}

}  // namespace chat::client
