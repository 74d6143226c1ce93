// Blobs in memory, for tests and the simulation. Any thread.
#pragma once

#include <memory>

#include "store/journal.h"

namespace nightjar::store {

std::unique_ptr<Blobs> make_memory_blobs();

}  // namespace nightjar::store
