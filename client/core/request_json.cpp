#include "client/core/request_json.h"

#include "chat/protocol/json_writer.h"
#include "chat/protocol/msgid.h"

namespace chat::client::request {
namespace {

using protocol::JsonWriter;
using protocol::Msgid;

// {"msgid":…,"cid":…, and what `fill` adds, }.
template <typename Fill>
std::string build(Msgid msgid, std::string_view cid, Fill fill) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("msgid", static_cast<int>(msgid)).field("cid", cid);
  fill(json);
  json.end_object();
  return out;
}

std::string move_cursor(Msgid msgid, Target stream, Seq seq) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("msgid", static_cast<int>(msgid));
  if (stream.group) {
    json.field("groupid", stream.group.value);
  } else {
    json.field("from", stream.user.value);
  }
  json.field("seq", seq).end_object();
  return out;
}

}  // namespace

std::string hello(std::string_view cid, std::string_view version) {
  return build(Msgid::kHello, cid, [&](JsonWriter& json) {
    json.field("client", "chatclient").field("version", version);
  });
}

std::string ping(std::string_view cid) {
  return build(Msgid::kPing, cid, [](JsonWriter&) {});
}

std::string register_user(std::string_view cid, std::string_view name, std::string_view password) {
  return build(Msgid::kRegister, cid,
               [&](JsonWriter& json) { json.field("name", name).field("password", password); });
}

std::string login(std::string_view cid, const Credentials& credentials) {
  return build(Msgid::kLogin, cid, [&](JsonWriter& json) {
    if (credentials.account.id) {
      json.field("id", credentials.account.id.value);
    } else {
      json.field("name", credentials.account.name);
    }
    json.field("password", credentials.password);
    if (credentials.takeover) json.field("takeover", true);
    json.field("ack", true).field("heartbeat", true);
  });
}

std::string login_again(std::string_view cid, std::string_view token) {
  return build(Msgid::kLogin, cid, [&](JsonWriter& json) {
    json.field("token", token).field("ack", true).field("heartbeat", true);
  });
}

std::string logout(std::string_view cid, UserId self) {
  return build(Msgid::kLogout, cid, [&](JsonWriter& json) { json.field("id", self.value); });
}

std::string add_friend(std::string_view cid, UserId self, UserId other) {
  return build(Msgid::kAddFriend, cid, [&](JsonWriter& json) {
    json.field("id", self.value).field("friendid", other.value);
  });
}

std::string create_group(std::string_view cid, UserId self, std::string_view name,
                         std::string_view desc) {
  return build(Msgid::kCreateGroup, cid, [&](JsonWriter& json) {
    json.field("id", self.value).field("groupname", name).field("groupdesc", desc);
  });
}

std::string join_group(std::string_view cid, UserId self, GroupId group) {
  return build(Msgid::kAddGroup, cid, [&](JsonWriter& json) {
    json.field("id", self.value).field("groupid", group.value);
  });
}

std::string chat(std::string_view cid, UserId self, Target target, std::string_view text) {
  const auto msgid = target.group ? Msgid::kGroupChat : Msgid::kOneChat;
  return build(msgid, cid, [&](JsonWriter& json) {
    json.field("id", self.value);
    if (target.group) {
      json.field("groupid", target.group.value);
    } else {
      json.field("toid", target.user.value);
    }
    json.field("msg", text);
  });
}

std::string delivered(Target stream, Seq seq) {
  return move_cursor(Msgid::kDelivered, stream, seq);
}

std::string read(Target stream, Seq seq) {
  return move_cursor(Msgid::kRead, stream, seq);
}

std::string change_password(std::string_view cid, std::string_view password,
                            std::string_view new_password) {
  return build(Msgid::kChangePassword, cid, [&](JsonWriter& json) {
    json.field("password", password).field("new_password", new_password);
  });
}

std::string delete_account(std::string_view cid, std::string_view password) {
  return build(Msgid::kDeleteAccount, cid,
               [&](JsonWriter& json) { json.field("password", password); });
}

std::string sessions(std::string_view cid) {
  return build(Msgid::kSessions, cid, [](JsonWriter&) {});
}

std::string revoke_session(std::string_view cid, std::string_view session) {
  return build(Msgid::kRevokeSession, cid, [&](JsonWriter& json) {
    if (session.empty()) {
      json.field("others", true);
    } else {
      json.field("session", session);
    }
  });
}

std::string history(std::string_view cid, Target target, int limit, std::string_view cursor) {
  return build(Msgid::kHistory, cid, [&](JsonWriter& json) {
    if (target.group) {
      json.field("groupid", target.group.value);
    } else {
      json.field("with", target.user.value);
    }
    json.field("limit", limit);
    if (!cursor.empty()) json.field("cursor", cursor);
  });
}

}  // namespace chat::client::request
