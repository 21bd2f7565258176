#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace chat::test::nemesis {

// A recall or an edit of a message. It is repeated until it is answered.
struct Revision {
  std::size_t message = 0;
  std::optional<std::string> text;  // nothing: a recall
  std::string cid;
  int attempts = 0;
  std::int64_t confirmed_seq = 0;  // is asked once more; 0: not confirmed yet
};

// What was asked and answered about the texts of one run's messages: what each may show, and what
// may be stored of it at the end. Threading: externally synchronised.
class Revisions {
 public:
  // The texts of a message are told apart from those of all others.
  static std::string edited_text(const std::string& original, int edits);

  // How many edits were asked for.
  int edits(std::size_t message) const;
  void asked(const Revision& revision);
  void confirmed(const Revision& revision);
  // An earlier attempt may have been carried out.
  void refused(const Revision& revision);

  // A push of the message, or of an edit of it, may show this text at some time.
  bool may_show(std::size_t message, const std::string& original, const std::string& text,
                bool recalled) const;
  // The message must be stored so, once everything is settled.
  bool may_be(std::size_t message, const std::string& original, const std::string& text,
              bool recalled) const;
  bool is_recalled(std::size_t message) const;  // surely
  std::size_t confirmations() const { return confirmations_; }

 private:
  struct History {
    std::set<std::string> asked_texts;
    bool asked_to_recall = false;
    // What the message may be in the end; nothing: its original text.
    std::set<std::optional<std::string>> ends{std::nullopt};
    bool recalled = false;  // surely; otherwise:
    bool may_be_recalled = false;
    // Not answered, and perhaps carried out; its text is nothing for a recall.
    std::optional<Revision> open{};
  };
  std::map<std::size_t, History> histories_;
  std::size_t confirmations_ = 0;
};

}  // namespace chat::test::nemesis
