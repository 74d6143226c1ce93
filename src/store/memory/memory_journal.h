// A journal in memory, for tests and the simulation: the promises of store/journal.h but the disk.
// Any thread.
#pragma once

#include <memory>

#include "store/journal.h"

namespace nightjar::store {

std::unique_ptr<Journal> make_memory_journal();

}  // namespace nightjar::store
