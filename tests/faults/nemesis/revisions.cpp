#include "faults/nemesis/revisions.h"

namespace chat::test::nemesis {

std::string Revisions::edited_text(const std::string& original, int edits) {
  return original + ", edit " + std::to_string(edits);
}

int Revisions::edits(std::size_t message) const {
  const auto found = histories_.find(message);
  return found == histories_.end() ? 0 : static_cast<int>(found->second.asked_texts.size());
}

void Revisions::asked(const Revision& revision) {
  History& history = histories_[revision.message];
  if (!revision.text) history.asked_to_recall = true;
  if (revision.text) history.asked_texts.insert(*revision.text);
  history.open = revision;
}

void Revisions::confirmed(const Revision& revision) {
  ++confirmations_;
  History& history = histories_[revision.message];
  history.open.reset();
  if (!revision.text) {
    history.recalled = true;
    return;
  }
  history.ends = {revision.text};
  history.may_be_recalled = false;  // a recalled message cannot be edited
}

void Revisions::refused(const Revision& revision) {
  History& history = histories_[revision.message];
  history.open.reset();
  if (revision.attempts < 2) return;
  if (!revision.text) history.may_be_recalled = true;
  if (revision.text) history.ends.insert(revision.text);
}

bool Revisions::may_show(std::size_t message, const std::string& original, const std::string& text,
                         bool recalled) const {
  const auto found = histories_.find(message);
  if (found == histories_.end()) return !recalled && text == original;
  if (recalled) return found->second.asked_to_recall && text.empty();
  return text == original || found->second.asked_texts.contains(text);
}

bool Revisions::may_be(std::size_t message, const std::string& original, const std::string& text,
                       bool recalled) const {
  const auto found = histories_.find(message);
  if (found == histories_.end()) return !recalled && text == original;
  const History& history = found->second;
  const bool open_recall = history.open && !history.open->text;
  if (recalled) {
    return text.empty() && (history.recalled || history.may_be_recalled || open_recall);
  }
  if (history.recalled) return false;
  if (history.open && history.open->text == text) return true;
  for (const auto& end : history.ends) {
    if (text == end.value_or(original)) return true;
  }
  return false;
}

bool Revisions::is_recalled(std::size_t message) const {
  const auto found = histories_.find(message);
  return found != histories_.end() && found->second.recalled;
}

}  // namespace chat::test::nemesis
