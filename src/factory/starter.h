// `nightjar init`: the first files of a project, explained by comments. Never overwrites.
#pragma once

#include <string>

#include "api/service.h"

namespace nightjar::factory {

/// Errors: not_found (no such folder), denied, exhausted (disk full).
Result<api::InitReply> write_starter_files(const std::string& folder);

}  // namespace nightjar::factory
