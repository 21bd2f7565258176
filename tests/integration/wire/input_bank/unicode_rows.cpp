// Invalid UTF-8, and valid but unusual UTF-8.
#include "row.h"

namespace chat::test::bank {
namespace {

// Refused before parsing.
Row bad_utf8(std::string name, std::string_view bytes) {
  return row(std::move(name), State::kFresh, R"({"msgid":21,"x":")" + std::string(bytes) + "\"}",
             refused(100, errors::kBadUtf8));
}
// An escape that stands for no character: valid UTF-8, but invalid JSON.
Row bad_escape(std::string name, std::string_view escape) {
  return row(std::move(name), State::kFresh, R"({"msgid":21,"x":")" + std::string(escape) + "\"}",
             refused(100, errors::kBadJson));
}
Row told_bytes(std::string name, std::string_view text) {
  return row(std::move(name), State::kLoggedIn,
             R"({"msgid":6,"toid":$other,"msg":")" + std::string(text) + "\"}", kept(106));
}

const std::vector<Row> kUnicodeRows = {
    bad_utf8("a byte that never occurs", "\xFF"),
    bad_utf8("another byte that never occurs", "\xFE\xFE"),
    bad_utf8("a continuation alone", "\x80"),
    bad_utf8("a lead byte alone", "\xC3"),
    bad_utf8("an overlong NUL", "\xC0\x80"),
    bad_utf8("an overlong slash", "\xC0\xAF"),
    bad_utf8("an overlong euro sign", "\xF0\x82\x82\xAC"),
    bad_utf8("two bytes of three", "\xE2\x82"),
    bad_utf8("three bytes of four", "\xF0\x9F\x98"),
    bad_utf8("a surrogate", "\xED\xA0\x80"),
    bad_utf8("a pair of surrogates", "\xED\xA0\xBD\xED\xB8\x80"),
    bad_utf8("a code point beyond the last", "\xF4\x90\x80\x80"),
    bad_utf8("Latin-1", "caf\xE9"),
    bad_utf8("a bad byte behind 3000 good ones", repeated("x", 3000) + "\xFF"),
    row("a bad byte outside of texts", State::kFresh, "{\"msgid\":21}\xFF",
        refused(100, errors::kBadUtf8)),
    row("a bad byte in a key", State::kFresh, "{\"msgid\":21,\"\xFF\":1}",
        refused(100, errors::kBadUtf8)),
    bad_escape("a high surrogate escaped alone", R"(\ud800)"),
    bad_escape("a low surrogate escaped alone", R"(\udc00)"),
    bad_escape("a high surrogate before a letter", R"(\ud83d\u0041)"),
    bad_escape("surrogates in the wrong order", R"(\ude00\ud83d)"),
    told_bytes("a pair of surrogates escaped", R"(\ud83d\ude00)"),
    told_bytes("NUL escaped", R"(a\u0000b)"),
    told_bytes("noncharacters", "\xEF\xBF\xBE\xEF\xBF\xBF\xF4\x8F\xBF\xBF"),
    told_bytes("private use", "\xEE\x80\x80"),
    told_bytes("a byte order mark in a text", "\xEF\xBB\xBFx"),
    told_bytes("a thousand combining marks", "a" + repeated("\u0301", 1000)),
    told_bytes("a family joined of four",
               "\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466"),
    told_bytes("composed and decomposed", "\u00E9 e\u0301"),
    told_bytes("replacement characters", "\uFFFD\uFFFD"),
};

}  // namespace

std::span<const Row> unicode_rows() {
  return kUnicodeRows;
}

}  // namespace chat::test::bank
