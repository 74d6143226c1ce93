// Engineers: what does the work of a node. Each turns what it may know into the one effect that
// does the work; none performs anything.
//
//   reasoner  searches for a repair of a single-site fault, offline (run_search)
//   command   runs a configured command in the sandbox on a writable copy (run_command)
//
// Nothing about holdouts is in an EngineerInput. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/effect.h"

namespace nightjar::agent {

struct EngineerInput {
  Json tree;  // which sources: factory/workspaces.h
  std::string build_command;
  std::string command;  // of the `command` engineer
  std::string work_text;
  std::string evidence;               // what failed at the last attempt, visible scenarios only
  std::vector<std::string> rejected;  // content names of candidates that were not proven
  Json limits;                        // of one command
  event::Cost worst_case;
};

std::vector<std::string> engineer_names();

/// invalid_input: no such engineer (names the known ones), or `command` without a command.
Result<> check_engineer(std::string_view name, std::string_view command);

/// The engineer's name has been checked.
event::Effect engineer_effect(std::string_view name, const EngineerInput& input);

}  // namespace nightjar::agent
