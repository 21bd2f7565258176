#pragma once

#include "chat/base/result.h"
#include "service/dispatch/fault.h"

namespace chat::service {

// Why an operator's act had no effect, or may have had one, as a sentence for the operator.
Error told_error(const Fault& fault);

}  // namespace chat::service
