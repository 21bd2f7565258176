#include "client/check/verdict.h"

namespace chat::client::check {

Verdict& Verdict::operator+=(const Verdict& other) {
  sent += other.sent;
  acked += other.acked;
  delivered += other.delivered;
  lost += other.lost;
  doubled += other.doubled;
  reordered += other.reordered;
  gaps += other.gaps;
  unexpected += other.unexpected;
  conflicts += other.conflicts;
  failed += other.failed;
  recovered += other.recovered;
  unanswered += other.unanswered;
  refused += other.refused;
  repeats += other.repeats;
  return *this;
}

}  // namespace chat::client::check
