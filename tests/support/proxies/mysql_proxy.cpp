// The client/server protocol as needed by a proxy: a packet is three bytes of length (little
// endian), a number, and the payload; a command is a packet with number 0 whose first payload byte
// is its type. The client sends one command and waits for its answer.
#include "mysql_proxy.h"

#include <algorithm>
#include <utility>

namespace chat::test {
namespace {

constexpr std::size_t kHeader = 4;
constexpr char kQuery = 0x03;
constexpr char kPrepare = 0x16;
constexpr char kExecute = 0x17;
// MariaDB's bulk insert, which commits itself outside a transaction.
constexpr char kBulkExecute = '\xFA';

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    number |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return number;
}

bool writes(std::string_view sql) {
  for (const std::string_view verb : {"INSERT", "UPDATE", "DELETE", "REPLACE"}) {
    if (sql.starts_with(verb)) return true;
  }
  return false;
}

}  // namespace

void MysqlProxy::cut_next(Cut cut, std::string text) {
  base::MutexLock lock(mutex_);
  cut_ = cut;
  text_ = std::move(text);
}

bool MysqlProxy::cut_is_due() const {
  base::MutexLock lock(mutex_);
  return cut_ != Cut::kNothing;
}

FaultProxy::Fate MysqlProxy::judge(std::uint64_t connection, FaultProxy::Way way,
                                   std::string_view bytes) {
  base::MutexLock lock(mutex_);
  Conversation& conversation = conversations_[connection];
  if (way == FaultProxy::Way::kToClient) {
    take_answer(conversation, bytes);
    return FaultProxy::Fate::kPass;
  }
  bool commits = false;
  const std::size_t rest = std::min(conversation.rest, bytes.size());
  conversation.rest -= rest;
  bytes.remove_prefix(rest);
  while (bytes.size() > kHeader) {
    const std::size_t size = kHeader + little_endian(bytes.substr(0, 3));
    if (bytes[3] == 0 &&
        commits_what_is_wanted(conversation, bytes.substr(kHeader, size - kHeader))) {
      commits = true;
    }
    conversation.rest = size - std::min(size, bytes.size());
    bytes.remove_prefix(std::min(size, bytes.size()));
  }
  if (!commits) return FaultProxy::Fate::kPass;
  conversations_.erase(connection);
  switch (std::exchange(cut_, Cut::kNothing)) {
    case Cut::kNothing: return FaultProxy::Fate::kPass;
    case Cut::kAfterDelivery: return FaultProxy::Fate::kCutAfter;
    case Cut::kBeforeDelivery: return FaultProxy::Fate::kCutBefore;
    case Cut::kHold: return FaultProxy::Fate::kLose;
    case Cut::kDelay: proxy_.blackhole(way, true); return FaultProxy::Fate::kPass;
  }
  return FaultProxy::Fate::kPass;
}

// Updates the conversation by one command.
bool MysqlProxy::commits_what_is_wanted(Conversation& conversation, std::string_view packet) {
  const char command = packet.front();
  const std::string_view rest = packet.substr(1);
  if (command == kPrepare) conversation.preparing = rest;
  if (command == kQuery && rest.ends_with("COMMIT")) {  // perhaps with a condition before it
    const std::string written = std::exchange(conversation.written, {});
    conversation.in_transaction = conversation.begins_implicitly;
    return is_wanted(written, true);
  }
  if (command == kQuery && rest.starts_with("START TRANSACTION")) {
    conversation.in_transaction = true;
    conversation.written.clear();
  }
  if (command == kQuery && rest == "SET SESSION autocommit = 0") {
    conversation.begins_implicitly = true;
    conversation.in_transaction = true;
  }
  if (command == kQuery && rest == "ROLLBACK") {
    conversation.in_transaction = conversation.begins_implicitly;
    conversation.written.clear();
  }
  if ((command != kExecute && command != kBulkExecute) || rest.size() < 4) return false;
  const auto found = conversation.statements.find(little_endian(rest.substr(0, 4)));
  if (found == conversation.statements.end() || !writes(found->second)) return false;
  if (!conversation.in_transaction) return is_wanted(found->second, command == kBulkExecute);
  conversation.written += found->second + "\n";
  return false;
}

bool MysqlProxy::is_wanted(std::string_view written, bool is_batch) const {
  if (cut_ == Cut::kNothing) return false;
  const bool only_cursors = written.starts_with("INSERT IGNORE INTO directcursor");
  if (text_ == kAnyBatch) return is_batch && !only_cursors;
  return !written.empty() && written.find(text_) != std::string_view::npos;
}

// The answer to a prepare begins with 0x00 and the statement's number.
void MysqlProxy::take_answer(Conversation& conversation, std::string_view bytes) {
  if (conversation.preparing.empty()) return;
  const std::string sql = std::exchange(conversation.preparing, {});
  if (bytes.size() < kHeader + 5 || bytes[kHeader] != 0) return;
  conversation.statements[little_endian(bytes.substr(kHeader + 1, 4))] = sql;
}

}  // namespace chat::test
