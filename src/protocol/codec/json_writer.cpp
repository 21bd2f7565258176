#include "chat/protocol/json_writer.h"

#include <array>
#include <charconv>

#include "protocol/codec/plain_text.h"

namespace chat::protocol {
namespace {

void append_escape(std::string& out, unsigned char c) {
  switch (c) {
    case '"': out.append("\\\""); return;
    case '\\': out.append("\\\\"); return;
    case '\b': out.append("\\b"); return;
    case '\f': out.append("\\f"); return;
    case '\n': out.append("\\n"); return;
    case '\r': out.append("\\r"); return;
    case '\t': out.append("\\t"); return;
    default: append_unicode_escape(out, c); return;
  }
}

// Copies runs of plain characters, which are nearly all of the text, at once.
void append_string(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t plain_from = 0;
  for (std::size_t at = find_special(text, 0); at < text.size(); at = find_special(text, at + 1)) {
    const auto c = static_cast<unsigned char>(text[at]);
    const Obeyed obeyed = c < 0x80 ? Obeyed{} : obeyed_at(text, at);
    if (c >= 0x80 && obeyed.size == 0) continue;
    out.append(text, plain_from, at - plain_from);
    if (obeyed.size > 0) {
      append_unicode_escape(out, obeyed.code_point);
      at += obeyed.size - 1U;
    } else {
      append_escape(out, c);
    }
    plain_from = at + 1;
  }
  out.append(text, plain_from);
  out.push_back('"');
}

}  // namespace

void JsonWriter::separate() {
  if (comma_) out_.push_back(',');
  comma_ = true;
}

JsonWriter& JsonWriter::begin_object() {
  separate();
  out_.push_back('{');
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  out_.push_back('}');
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  separate();
  out_.push_back('[');
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  out_.push_back(']');
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  out_.append(comma_ ? ",\"" : "\"", comma_ ? 2 : 1);
  out_.append(name);
  out_.append("\":", 2);
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::value(std::int64_t number) {
  separate();
  std::array<char, 20> digits;  // the longest is −2^63
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out_.append(digits.data(), end);
  return *this;
}

JsonWriter& JsonWriter::value(bool flag) {
  return raw(flag ? "true" : "false");
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  append_string(out_, text);
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_.append(json);
  return *this;
}

}  // namespace chat::protocol
