// What people add to their messages, and how they recall and edit them.
#include <algorithm>
#include <utility>

#include "faults/nemesis/crowd.h"

namespace chat::test::nemesis {
namespace {

constexpr int kRecall = 50;
constexpr int kEdit = 51;
constexpr int kMentionsMost = 3;
constexpr std::size_t kOwnMost = 12;  // messages that a person may still recall or edit

Json target_of(const Stream& stream) {
  return {{stream.group ? "groupid" : "toid", stream.target}};
}

}  // namespace

// A club's members may be gone when the message is stored, so only messages to other groups mention
// anybody.
Json Crowd::draw_additions(const Person& person, const Stream& to) {
  Json more = Json::object();
  if (random(0, 4) == 0) {
    const auto answered = std::ranges::find_if(
        person.own, [&](std::size_t number) { return judge_.message(number).stream == to; });
    const bool in_club = to.group && clubs_.holds(to.target);
    if (answered != person.own.end() && !in_club) {
      const std::int64_t seq = judge_.message(*answered).seq;
      more["reply"] = to.group ? Json(seq) : Json{{"id", person.account.id}, {"seq", seq}};
    }
  }
  if (!to.group || clubs_.holds(to.target) || random(0, 1) == 0) return more;
  std::set<std::int64_t> at;
  for (int i = 0; i < kMentionsMost; ++i) {
    const std::int64_t reader = random_reader().account.id;
    if (judge_.is_member(reader, to.target)) at.insert(reader);
  }
  if (!at.empty()) more["at"] = at;
  const auto creator = creators_.find(to.target);
  const bool may_name_all = creator != creators_.end() && creator->second == person.account.id;
  if (may_name_all && random(0, 2) == 0) more["at_all"] = true;
  return more;
}

void Crowd::remember_own(Person& person, std::size_t number) {
  if (person.mortal || judge_.message(number).sender != person.account.id) return;
  person.own.push_front(number);
  if (person.own.size() > kOwnMost) person.own.pop_back();
}

// Decides on a recall or an edit; ask_again() sends it.
void Crowd::revise(Person& person) {
  if (person.revision || person.own.empty() || random(0, 5) != 0) return;
  const int index = random(0, static_cast<int>(person.own.size()) - 1);
  Revision revision{.message = person.own[static_cast<std::size_t>(index)],
                    .text = std::nullopt,
                    .cid = "v" + std::to_string(++cids_)};
  if (random(0, 3) != 0) {
    const int edits = judge_.revisions().edits(revision.message) + 1;
    revision.text = Revisions::edited_text(judge_.text_of(revision.message), edits);
  }
  judge_.revisions().asked(revision);
  person.revision = std::move(revision);
}

void Crowd::ask_revision(Person& person, Time now) {
  Revision& revision = *person.revision;
  if (++revision.attempts == 1) person.revision_asked_at = now;
  const Message& message = judge_.message(revision.message);
  Json request = target_of(message.stream);
  request.update({{"msgid", revision.text ? kEdit : kRecall}, {"seq", message.seq}});
  if (revision.text) request["msg"] = *revision.text;
  ask(*person.current, {Ask::kRevise, message.stream.target, now, revision.cid}, request, now);
}

// Of several attempts the first answer counts. Some are then asked once more, and must be answered
// as before.
void Crowd::take_revision(Person& person, const Json& frame, Time now) {
  if (!person.revision || person.revision->cid != frame.at("cid")) return;
  Revision revision = *std::exchange(person.revision, std::nullopt);
  const Message& message = judge_.message(revision.message);
  const int code = frame.at("errno");
  if (code == codes::kOk) {
    const std::int64_t seq = frame.at("seq");
    if (revision.confirmed_seq == 0) judge_.revised(revision, seq, now);
    if (!revision.text) std::erase(person.own, revision.message);
    if (revision.confirmed_seq != 0 && revision.confirmed_seq != seq) {
      judge_.violation("revision", describe_revision(revision) + " has the seq " +
                                       std::to_string(revision.confirmed_seq) + ", and again " +
                                       std::to_string(seq));
    } else if (revision.confirmed_seq == 0 && random(0, 2) == 0) {
      revision.confirmed_seq = seq;
      revision.cid = "v" + std::to_string(++cids_);
      person.revision = revision;
    }
    return;
  }
  if (revision.confirmed_seq == 0) judge_.revisions().refused(revision);
  const bool in_club = message.stream.group && clubs_.holds(message.stream.target);
  const bool to_blocker =
      !message.stream.group && revision.text && revision.confirmed_seq == 0 &&
      contacts_.may_bar(message.sender, message.stream.target, person.revision_asked_at, now);
  if (in_club && (code == codes::kNotAllowed || code == codes::kNotFound)) return;
  if (to_blocker && code == codes::kNotAllowed) return;
  judge_.violation("P10", describe_revision(revision) + " was refused: " + frame.dump());
}

std::string Crowd::describe_revision(const Revision& revision) {
  return (revision.text ? "an edit of " : "a recall of ") + judge_.describe(revision.message);
}

ClientView& Crowd::view(std::int64_t user) {
  return views_.try_emplace(user, user).first->second;
}

std::int64_t Crowd::highest_read(std::int64_t user, Place place) {
  const auto found = reads_.find({user, place});
  return found == reads_.end() ? 0 : found->second;
}

// By READ instead of DELIVERED, sometimes.
void Crowd::acknowledge(Session& session, const Json& push) {
  const bool group = push.at("msgid") == 10;
  const std::int64_t id = push.at(group ? "groupid" : "id");
  const std::int64_t seq = push.at("seq");
  if (random(0, 2) != 0) {
    const Json request = group ? group_delivered_request(id, seq) : delivered_request(id, seq);
    return send(session, request, Clock::now());
  }
  std::int64_t& read = reads_[{session.user, {group, id}}];
  read = std::max(read, seq);
  send(session, {{"msgid", 23}, {group ? "groupid" : "from", id}, {"seq", seq}}, Clock::now());
}

}  // namespace chat::test::nemesis
