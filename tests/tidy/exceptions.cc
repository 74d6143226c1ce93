#include "tidy/rules.h"

namespace nightjar::tidy {

const std::vector<Exception>& exceptions() {
  static const std::vector<Exception> all = {
      {"effect_gate", "src/factory/doctor.cc", "reaches",
       "it tries the walls of this machine with /bin/true; nothing of a project runs"},
      {"effect_gate", "src/factory/workspaces.cc", "reaches",
       "it prepares the built tree for the performers, which alone hold a Workspaces that can"},
      {"banned_code", "tests/e2e/crash_test.cc", "sleep", "the moment of the kill is the input"},
      {"banned_code", "tests/e2e/program.cc", "sleep",
       "it polls for the end of a process whose limit is its own, 5 ms at a time"},
  };
  return all;
}

}  // namespace nightjar::tidy
