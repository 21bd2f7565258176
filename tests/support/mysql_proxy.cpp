#include "support/mysql_proxy.h"

namespace chat::test {
namespace {

// COM_QUERY "COMMIT" as the client library sends it, alone in a packet: three bytes of length, the
// packet's number 0, the command 3, the text.
constexpr std::string_view kCommit{
    "\x07\0\0\0\x03"
    "COMMIT",
    11};

// An INSERT of many rows outside of a transaction commits itself (MariaDB's COM_STMT_BULK_EXECUTE,
// after three bytes of length and the packet's number).
bool commits(std::string_view bytes) {
  constexpr char kBulkExecute = '\xFA';
  return bytes == kCommit || (bytes.size() > 4 && bytes[3] == 0 && bytes[4] == kBulkExecute);
}

}  // namespace

FaultProxy::Fate MysqlProxy::judge(FaultProxy::Way way, std::string_view bytes) {
  if (way != FaultProxy::Way::kToServer || !commits(bytes)) return FaultProxy::Fate::kPass;
  switch (cut_.exchange(Cut::kNothing)) {
    case Cut::kNothing: return FaultProxy::Fate::kPass;
    case Cut::kAfterDelivery: return FaultProxy::Fate::kCutAfter;
    case Cut::kBeforeDelivery: return FaultProxy::Fate::kCutBefore;
    case Cut::kHold: return FaultProxy::Fate::kLose;
  }
  return FaultProxy::Fate::kPass;
}

}  // namespace chat::test
