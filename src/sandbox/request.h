// What every launcher checks and adds before it runs anything. Pure; any thread.
// Fails with invalid_input (which field, why) or exhausted (which limit).
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "sandbox/sandbox.h"

namespace nightjar::sandbox {

/// At most 16 lower folders and 16 mounts; no limit is zero; no mount hides a folder of the
/// sandbox.
Result<> check_spec(const Spec& spec);

/// `own` are the sandbox's variables. Arguments, environment and cwd together at most 48 KiB; stdin
/// and report at most 256 MiB; limits above zero.
Result<> check_command(const Command& command, const std::map<std::string, std::string>& own);

/// The fixed allow-list (PATH HOME LANG TZ TMPDIR), above it the sandbox's own variables, above
/// them the command's; with a report, also NIGHTJAR_REPORT_FD.
std::map<std::string, std::string> environment_of(const std::map<std::string, std::string>& own,
                                                  const Command& command);

}  // namespace nightjar::sandbox
