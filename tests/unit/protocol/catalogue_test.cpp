// PROTOCOL.md and the structs of the messages agree.
#include "chat/protocol/messages/catalogue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "chat/protocol/messages/decode_request.h"
#include "chat/protocol/request.h"

namespace chat::protocol {
namespace {

using Names = std::set<std::string>;

template <typename Visit, typename... Message>
void visit_all(const Visit& visit, std::type_identity<std::tuple<Message...>>) {
  (visit(std::type_identity<Message>()), ...);
}

// Calls visit(std::type_identity<Message>()) for each of a tuple's types.
template <typename Messages, typename Visit>
void for_each_message(const Visit& visit) {
  visit_all(visit, std::type_identity<Messages>());
}

std::vector<std::string> lines_of_page() {
  std::ifstream file(std::string(std::getenv("CHAT_SOURCE_ROOT")) +
                     "/include/chat/protocol/PROTOCOL.md");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line.substr(1));
  for (std::string cell; std::getline(in, cell, '|');) {
    const auto begin = cell.find_first_not_of(' ');
    if (begin == std::string::npos) cell.clear();
    cells.push_back(cell.empty() ? "" : cell.substr(begin, cell.find_last_not_of(' ') - begin + 1));
  }
  return cells;
}

bool is_number(const std::string& cell) {
  return !cell.empty() && cell.find_first_not_of("0123456789") == std::string::npos;
}

// The words in back quotes.
Names words_of(const std::string& cell) {
  Names words;
  std::istringstream in(cell);
  std::string word;
  for (bool quoted = false; std::getline(in, word, '`'); quoted = !quoted) {
    if (quoted) words.insert(word);
  }
  return words;
}

struct PageRow {
  Names fields;
  Names reply_fields;
  std::string line;
};

// Of the tables of sections 3 to 6, by the number of the request or push.
std::map<int, PageRow> page_rows() {
  std::map<int, PageRow> rows;
  for (const std::string& line : lines_of_page()) {
    if (line.starts_with("## 7.")) break;
    if (!line.starts_with("| ")) continue;
    const auto cells = cells_of(line);
    if (cells.size() < 3 || !is_number(cells[0])) continue;
    PageRow row{words_of(cells[2]), cells.size() > 4 ? words_of(cells[4]) : Names(), line};
    rows.emplace(std::stoi(cells[0]), std::move(row));
  }
  return rows;
}

// The fields of the reply to LOGIN have a table of their own.
Names login_reply_fields() {
  Names names;
  bool inside = false;
  for (const std::string& line : lines_of_page()) {
    if (line == "| field | meaning |") inside = true;
    if (line.empty()) inside = false;
    if (inside) names.merge(words_of(cells_of(line)[0]));
  }
  return names;
}

// The fields on the page. Those of the original protocol are in section 2.
template <typename Message>
Names fields_of() {
  Names names;
  const auto add = [&names]<typename Field>(const Field& field) {
    if constexpr (!std::is_same_v<Field, CarriedField>) {
      if constexpr (requires { &Message::sender; }) {
        if (field.name == "id") return;
      }
      names.insert(std::string(field.name));
    }
  };
  for_each_field<Message>(add);
  return names;
}

TEST(Catalogue, ListsRequestsOnceAndAscending) {
  int last = 0;
  for_each_message<messages::Requests>([&last]<typename Message>(std::type_identity<Message>) {
    EXPECT_GT(static_cast<int>(Message::kMsgid), last);
    last = static_cast<int>(Message::kMsgid);
  });
  EXPECT_LT(last, 100);
}

TEST(Catalogue, NamesTheFieldsOfEveryRequestAsThePageDoes) {
  auto rows = page_rows();
  for_each_message<messages::Requests>([&rows]<typename Message>(std::type_identity<Message>) {
    const int number = static_cast<int>(Message::kMsgid);
    ASSERT_TRUE(rows.contains(number)) << number;
    Names words = rows[number].fields;
    // The values of `kind`.
    if (Message::kMsgid == Msgid::kList) {
      for (const auto& value : fields_of<messages::ListReply>()) {
        if (value != "cursor") words.erase(value);
      }
    }
    EXPECT_EQ(words, fields_of<Message>()) << rows[number].line;
    rows.erase(number);
  });
  // The rest are pushes.
  for (const auto& [number, row] : rows) EXPECT_GE(number, 200) << row.line;
}

TEST(Catalogue, NamesTheFieldsOfEveryReplyAsThePageDoes) {
  const auto rows = page_rows();
  for_each_message<messages::Replies>([&rows]<typename Message>(std::type_identity<Message>) {
    const auto row = std::find_if(rows.begin(), rows.end(), [](const auto& each) {
      return each.first < 100 && reply_to(static_cast<Msgid>(each.first)) == Message::kMsgid;
    });
    ASSERT_NE(row, rows.end()) << static_cast<int>(Message::kMsgid);
    const bool is_login = Message::kMsgid == Msgid::kLoginAck;
    EXPECT_EQ(is_login ? login_reply_fields() : row->second.reply_fields, fields_of<Message>())
        << row->second.line;
  });
}

TEST(Catalogue, NamesTheFieldsOfEveryPushAsThePageDoes) {
  auto rows = page_rows();
  for_each_message<messages::Pushes>([&rows]<typename Message>(std::type_identity<Message>) {
    const int number = static_cast<int>(Message::kMsgid);
    if (number < 200) return;  // the pushes of section 4 are shown by examples
    ASSERT_TRUE(rows.contains(number)) << number;
    Names words = rows[number].fields;
    EXPECT_EQ(words, fields_of<Message>()) << rows[number].line;
  });
}

// Every `> {…}` of the page that is not shortened; refused ones are the page's own.
TEST(Catalogue, EveryRequestExampleIsValid) {
  int examples = 0;
  for (const std::string& line : lines_of_page()) {
    if (!line.starts_with("> {")) continue;
    const auto request = parse_request(std::string_view(line).substr(2));
    ASSERT_TRUE(request) << line;
    bool known = false;
    for_each_message<messages::Requests>([&]<typename Message>(std::type_identity<Message>) {
      if (request->msgid != static_cast<int>(Message::kMsgid)) return;
      known = true;
      Request copy = *request;
      const auto message = decode_request<Message>(copy);
      EXPECT_TRUE(message) << line << " " << message.error().message;
      Names names = fields_of<Message>();
      names.insert({"msgid", "cid"});
      for (const auto& [name, value] : request->fields) EXPECT_TRUE(names.contains(name)) << line;
    });
    EXPECT_TRUE(known) << line;
    ++examples;
  }
  EXPECT_GT(examples, 20);
}

// The names of an object in the order in which a server writes them.
template <typename Message>
std::vector<std::string> order_of(bool reply) {
  std::vector<std::string> order = {"msgid"};
  if (reply) order.emplace_back("errno");
  for_each_field<Message>([&order](const auto& field) { order.emplace_back(field.name); });
  if (reply) order.emplace_back("cid");
  return order;
}

// Each name of the object is one of `order`, and none comes before its time.
bool is_in_order(const nlohmann::ordered_json& object, const std::vector<std::string>& order) {
  auto next = order.begin();
  for (const auto& [name, value] : object.items()) {
    next = std::find(next, order.end(), name);
    if (next == order.end()) return false;
    ++next;
  }
  return true;
}

// Every `< {…}` of the page.
TEST(Catalogue, EveryReplyAndPushExampleIsValid) {
  int examples = 0;
  for (const std::string& line : lines_of_page()) {
    if (!line.starts_with("< {")) continue;
    const auto object = nlohmann::ordered_json::parse(line.substr(2), nullptr, false);
    if (object.is_discarded() && line.find("…") != std::string::npos) continue;  // shortened
    ASSERT_TRUE(object.is_object()) << line;
    ++examples;
    const int msgid = object.at("msgid");
    if (object.value("errno", 0) != 0) {
      EXPECT_TRUE(
          is_in_order(object, {"msgid", "errno", "error", "errmsg", "retry_after_ms", "cid"}))
          << line;
      continue;
    }
    bool known = false;
    const auto look = [&]<typename Message>(std::type_identity<Message>) {
      if (msgid != static_cast<int>(Message::kMsgid)) return;
      known = true;
      EXPECT_TRUE(is_in_order(object, order_of<Message>(object.contains("errno")))) << line;
    };
    for_each_message<messages::Replies>(look);
    for_each_message<messages::Pushes>(look);
    EXPECT_TRUE(known) << line;
  }
  EXPECT_GT(examples, 25);
}

}  // namespace
}  // namespace chat::protocol
