#include <uv.h>

#include "os/shared_port.h"

namespace spillway::shared_port {

bool Available() { return false; }
int Listen(const Address& /*address*/, int /*backlog*/) { return UV_ENOTSUP; }

}  // namespace spillway::shared_port
