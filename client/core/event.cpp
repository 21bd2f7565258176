#include "client/core/event.h"

namespace chat::client {

Event::What::What() noexcept = default;
Event::What::What(const What& other) = default;
Event::What::What(What&& other) noexcept = default;
// The variant's own would be as many functions again.
Event::What& Event::What::operator=(const What& other) {
  return *this = What(other);
}
Event::What& Event::What::operator=(What&& other) noexcept = default;
Event::What::~What() = default;

}  // namespace chat::client
