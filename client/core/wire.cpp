#include "client/core/wire.h"

#include <fmt/format.h>

#include <limits>
#include <utility>
#include <vector>

#include "chat/protocol/limits.h"
#include "chat/protocol/msgid.h"
#include "client/core/text.h"

namespace chat::client {
namespace {

using nlohmann::json;
using protocol::Msgid;

// Reads one object's fields and remembers the first that breaks the protocol, so that a reader
// states its fields in a row and asks once at the end.
class Fields {
 public:
  explicit Fields(const json& object) : object_(object) {
    if (!object.is_object()) break_at("an object");
  }

  std::int64_t integer(const char* name) {
    if (find(name) == nullptr) break_at(name);
    return optional_integer(name).value_or(0);
  }

  std::optional<std::int64_t> optional_integer(const char* name) {
    const json* value = find(name);
    if (value == nullptr) return std::nullopt;
    // nlohmann would turn 1.9, true and 2^63 into some integer.
    const bool fits = !value->is_number_unsigned() ||
                      value->get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max();
    if (value->is_number_integer() && fits) return value->get<std::int64_t>();
    break_at(name);
    return 0;
  }

  // 0 where it is missing: an older server numbers nothing.
  Seq seq() {
    const Seq value = optional_integer("seq").value_or(0);
    if (value < 0) break_at("seq");
    return value;
  }

  template <typename IdType>
  IdType id(const char* name) {
    const std::int64_t value = integer(name);
    if (value < 1 || value > protocol::kIdMax) {
      break_at(name);
      return {};
    }
    return IdType{static_cast<std::int32_t>(value)};
  }

  std::string text(const char* name) {
    if (find(name) == nullptr) break_at(name);
    return optional_text(name);
  }

  std::string optional_text(const char* name) {
    const json* value = find(name);
    if (value == nullptr) return {};
    if (value->is_string()) return value->get<std::string>();
    break_at(name);
    return {};
  }

  bool flag(const char* name) {
    const json* value = find(name);
    if (value == nullptr) return false;
    if (!value->is_boolean()) break_at(name);
    return value->is_boolean() && value->get<bool>();
  }

  // Each item of an array by `read`; an absent array is an empty one.
  template <typename T>
  std::vector<T> list(const char* name, T (*read)(Fields&)) {
    std::vector<T> out;
    const json* value = find(name);
    if (value == nullptr) return out;
    if (!value->is_array()) break_at(name);
    for (const json& item : *value) {
      Fields fields(item);
      out.push_back(read(fields));
      absorb(name, fields);
    }
    return out;
  }

  template <typename T>
  T object(const char* name, T (*read)(Fields&)) {
    const json* value = find(name);
    if (value == nullptr) {
      break_at(name);
      return {};
    }
    Fields fields(*value);
    T out = read(fields);
    absorb(name, fields);
    return out;
  }

  bool broken() const { return !broken_.empty(); }
  const std::string& where() const { return broken_; }

 private:
  const json* find(const char* name) const {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }

  void absorb(const char* name, const Fields& inner) {
    if (inner.broken()) break_at(fmt::format("{}.{}", name, inner.where()));
  }

  void break_at(std::string name) {
    if (broken_.empty()) broken_ = std::move(name);
  }

  const json& object_;
  std::string broken_;
};

Friend read_friend(Fields& in) {
  return {in.id<UserId>("id"), in.text("name"), in.optional_text("state")};
}

Member read_member(Fields& in) {
  return {in.id<UserId>("id"), in.text("name"), in.optional_text("state"),
          in.optional_text("role")};
}

Group read_group(Fields& in) {
  return {in.id<GroupId>("id"), in.text("groupname"), in.optional_text("groupdesc"),
          in.list("users", read_member)};
}

event::Message read_chat(Fields& in) {
  event::Message out;
  out.from = in.id<UserId>("id");
  out.name = in.text("name");
  const bool to_group = in.integer("msgid") == static_cast<int>(Msgid::kGroupChat);
  if (to_group) out.group = in.id<GroupId>("groupid");
  out.text = in.text("msg");
  out.time = in.text("time");
  out.ts = in.optional_integer("ts").value_or(0);
  out.seq = in.seq();
  out.cid = in.optional_text("cid");
  return out;
}

event::LoggedIn read_login(Fields& in, bool again) {
  event::LoggedIn out;
  out.again = again;
  out.id = in.id<UserId>("id");
  out.name = in.text("name");
  out.token = in.optional_text("token");
  out.friends = in.list("friends", read_friend);
  out.groups = in.list("groups", read_group);
  out.offline = in.list("offlinemsg", read_chat);
  out.more = in.flag("more");
  out.more_friends = in.flag("more_friends");
  out.more_groups = in.flag("more_groups");
  return out;
}

event::Refused read_refusal(Fields& in) {
  event::Refused out;
  out.code = static_cast<int>(in.integer("errno"));
  out.error = in.optional_text("error");
  out.errmsg = in.optional_text("errmsg");
  out.retry_after_ms = in.optional_integer("retry_after_ms");
  return out;
}

event::History read_history(Fields& in, const Question& question) {
  return {question.target, in.list("messages", read_chat), in.optional_text("cursor")};
}

event::SessionInfo read_session(Fields& in) {
  return {in.text("session"), in.integer("created"), in.integer("expires"), in.flag("current")};
}

event::Receipt read_receipt(Fields& in) {
  event::Receipt out;
  out.kind = in.text("kind");
  if (in.optional_integer("groupid")) {
    out.group = in.id<GroupId>("groupid");
  } else {
    out.id = in.id<UserId>("id");
  }
  out.seq = in.integer("seq");
  return out;
}

event::Sent read_sent(Fields& in, const Question& question, const std::string& cid) {
  return {question.target, in.integer("seq"), in.optional_integer("ts").value_or(0), cid};
}

Event::What read_success(Fields& in, const Question& question, const std::string& cid) {
  switch (question.request) {
    case Msgid::kLogin: return read_login(in, question.again);
    case Msgid::kLogout: return event::LoggedOut{question.user};
    case Msgid::kRegister: return event::Registered{in.id<UserId>("id"), question.name};
    case Msgid::kOneChat:
    case Msgid::kGroupChat: return read_sent(in, question, cid);
    case Msgid::kHistory: return read_history(in, question);
    case Msgid::kChangePassword: return event::PasswordChanged{in.integer("revoked")};
    case Msgid::kDeleteAccount: return event::AccountDeleted{};
    case Msgid::kSessions: return event::SessionList{in.list("sessions", read_session)};
    case Msgid::kRevokeSession: return event::SessionsRevoked{in.integer("revoked")};
    case Msgid::kAddFriend: return event::FriendAdded{in.object("friend", read_friend)};
    case Msgid::kCreateGroup:
      return event::GroupCreated{in.id<GroupId>("groupid"), question.name, question.desc};
    case Msgid::kAddGroup: return event::GroupJoined{in.object("group", read_group)};
    default: return event::Pong{};
  }
}

event::GroupChanged read_group_change(Fields& in) {
  event::GroupChanged out;
  out.group = in.id<GroupId>("groupid");
  out.change = in.text("change");
  if (in.optional_integer("id")) out.id = in.id<UserId>("id");
  out.name = in.optional_text("name");
  return out;
}

event::Notice read_notice(std::string kind, const json& body) {
  event::Notice out{std::move(kind), {}};
  for (const auto& [name, value] : body.items()) {
    if (name == "msgid" && out.kind != "push") continue;
    out.fields.emplace_back(harmless(name), harmless_json(value.dump()));
  }
  return out;
}

Event::What read_pushed(Fields& in, const ServerMessage& message) {
  switch (static_cast<Msgid>(message.msgid)) {
    case Msgid::kOneChat:
    case Msgid::kGroupChat: return read_chat(in);
    case Msgid::kError: return read_refusal(in);
    case Msgid::kPresence: return event::Presence{in.id<UserId>("id"), {}, in.text("state")};
    case Msgid::kContact: return event::Contact{in.id<UserId>("id"), in.text("name")};
    case Msgid::kGroup: return read_group_change(in);
    case Msgid::kReceipt: return read_receipt(in);
    case Msgid::kBye:
      return event::Bye{in.optional_text("reason"),
                        in.optional_integer("reconnect_after_ms").value_or(-1)};
    default: return read_notice("push", message.body);
  }
}

tl::unexpected<Error> broken(int msgid, std::string_view where) {
  return fail(ErrorCode::kInternal,
              fmt::format("message {} from the server: field '{}' is missing or wrong", msgid,
                          harmless(where)));
}

Result<Event> finish(const Fields& in, const ServerMessage& message, Event::What what) {
  if (in.broken()) return broken(message.msgid, in.where());
  return Event{std::move(what), std::string(message.raw)};
}

}  // namespace

Result<ServerMessage> parse_message(std::string_view frame) {
  bool too_deep = false;
  const auto limit_depth = [&too_deep](int depth, json::parse_event_t, json&) {
    too_deep = too_deep || depth > protocol::kJsonMaxDepth;
    return !too_deep;
  };
  ServerMessage out{0, {}, json::parse(frame, limit_depth, false), frame};
  if (too_deep) return fail(ErrorCode::kInternal, "the server sent JSON nested too deeply");
  if (!out.body.is_object()) {
    return fail(ErrorCode::kInternal, "the server sent something that is not a JSON object");
  }
  Fields in(out.body);
  const std::int64_t msgid = in.integer("msgid");
  if (msgid < 0 || msgid > std::numeric_limits<int>::max()) return broken(0, "msgid");
  out.msgid = static_cast<int>(msgid);
  out.cid = in.optional_text("cid");
  if (in.broken()) return broken(out.msgid, in.where());
  return out;
}

Result<Event> read_reply(const ServerMessage& message, const Question& question) {
  Fields in(message.body);
  if (in.integer("errno") == 0) {
    auto what = read_success(in, question, message.cid);
    return finish(in, message, std::move(what));
  }
  auto refused = read_refusal(in);
  refused.command = command_name(question.request);
  refused.target = question.target;
  return finish(in, message, std::move(refused));
}

Result<Event> read_push(const ServerMessage& message) {
  Fields in(message.body);
  auto what = read_pushed(in, message);
  return finish(in, message, std::move(what));
}

std::string_view command_name(Msgid request) {
  switch (request) {
    case Msgid::kLogin: return "login";
    case Msgid::kLogout: return "logout";
    case Msgid::kRegister: return "register";
    case Msgid::kOneChat: return "chat";
    case Msgid::kAddFriend: return "add";
    case Msgid::kCreateGroup: return "creategroup";
    case Msgid::kAddGroup: return "join";
    case Msgid::kGroupChat: return "group";
    case Msgid::kHello: return "hello";
    case Msgid::kPing: return "ping";
    case Msgid::kHistory: return "history";
    case Msgid::kChangePassword: return "password";
    case Msgid::kDeleteAccount: return "deleteaccount";
    case Msgid::kSessions: return "sessions";
    case Msgid::kRevokeSession: return "revoke";
    default: return "request";
  }
}

}  // namespace chat::client
