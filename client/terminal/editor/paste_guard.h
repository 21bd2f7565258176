#pragma once

#include <string>
#include <string_view>

namespace chat::client {

// Keeps pasted text from ending its own paste. Some terminals do not remove the end mark of a
// bracketed paste (ESC [201~) from pasted text, and what follows it would be typed: an Enter, then
// a command. As nobody types within a paste, everything in one burst of input up to its last end
// mark belongs to the paste.
// Threading: externally synchronised.
class PasteGuard {
 public:
  // `burst`: all bytes that have arrived together. Returns them with one start mark and one end
  // mark per paste.
  std::string filter(std::string_view burst);
  // True if the last burst ended within a paste.
  bool in_paste() const { return in_paste_; }
  // The paste has been given up.
  void end_paste() { in_paste_ = false; }

 private:
  bool in_paste_ = false;
  std::string tail_;  // the end of the last burst, where a mark may have begun
};

}  // namespace chat::client
