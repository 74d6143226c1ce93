// The states of a run, by their names in JSON (docs/cli.md).
#pragma once

#include <optional>
#include <string_view>

namespace nightjar::api {

/// How a run ended, or where it is.
enum class RunState {
  running,
  interrupted,
  satisfied,
  not_satisfied,
  waiting,
  exhausted,
  failed,
  held
};
std::string_view name_of(RunState state);
std::optional<RunState> run_state_from(std::string_view name);

}  // namespace nightjar::api
