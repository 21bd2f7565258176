#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chat::protocol {

// Appends JSON to a string, without building a tree. Texts must be valid UTF-8; they are escaped as
// RFC 8259 §7 requires, and so are characters that a terminal would obey: DEL, C1 and bidirectional
// controls, U+2028 and U+2029. Externally synchronised.
//
//   JsonWriter json(out);
//   json.begin_object().field("msgid", 106).field("cid", cid).end_object();
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  // A name of the program's own, which is not escaped.
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::int64_t number);
  JsonWriter& value(int number) { return value(std::int64_t{number}); }
  JsonWriter& value(bool flag);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  // Text that is already JSON.
  JsonWriter& raw(std::string_view json);

  template <typename T>
  JsonWriter& field(std::string_view name, const T& item) {
    key(name);
    return value(item);
  }

 private:
  void separate();

  std::string& out_;
  bool comma_ = false;
};

}  // namespace chat::protocol
