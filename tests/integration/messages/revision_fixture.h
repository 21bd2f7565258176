#pragma once

#include <cstdint>
#include <string>

#include "support/clients/user.h"

// Requests of the tests of RECALL and EDIT.
namespace chat::test {

inline constexpr int kRecallMsgid = 50;
inline constexpr int kEditMsgid = 51;

inline Json recall_of(const Json& ack) {
  Json request{{"msgid", kRecallMsgid}, {"seq", ack.at("seq")}};
  for (const char* target : {"toid", "groupid"}) {
    if (ack.contains(target)) request[target] = ack.at(target);
  }
  return request;
}

inline Json edit_of(const Json& ack, const std::string& text) {
  Json request = recall_of(ack);
  request["msgid"] = kEditMsgid;
  request["msg"] = text;
  return request;
}

inline Json history_with(std::int64_t other) {
  return {{"msgid", 25}, {"with", other}, {"limit", 100}};
}
inline Json history_of(std::int64_t group) {
  return {{"msgid", 25}, {"groupid", group}, {"limit", 100}};
}

// A query for the number of messages, event rows included, that contain the text.
inline std::string count_rows_with(const std::string& text) {
  const std::string found = " WHERE body LIKE '%" + text + "%' OR extra LIKE '%" + text + "%'";
  return "SELECT (SELECT COUNT(*) FROM directmessage" + found +
         ") + (SELECT COUNT(*) FROM groupmessage" + found + ")";
}

}  // namespace chat::test
