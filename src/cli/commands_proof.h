// The verbs of proofs, evidence and keys; their rows stand in command_table().
#pragma once

#include "cli/command.h"

namespace nightjar::cli {

int do_init(Invocation& invocation);
/// prove, evidence …, key …
std::vector<Command> proof_commands();

}  // namespace nightjar::cli
