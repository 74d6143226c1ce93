// The verbs of holds; their rows stand in command_table().
#pragma once

#include "cli/command.h"

namespace nightjar::cli {

/// hold, lift, holds
std::vector<Command> hold_commands();

}  // namespace nightjar::cli
