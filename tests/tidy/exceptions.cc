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
      {"sizes", "src/sandbox/inside/filter.cc", "allow_files",
       "one list of names, a line each; parts of it would have no names of their own"},
      {"sizes", "src/sandbox/escape_test.cc", "all_attacks",
       "one table, a line an attack; parts of it would have no names of their own"},
      {"sizes", "src/repo/ignore_rules_test.cc", "AgreeWithGit",
       "one list of paths, a line each, and three lines that compare"},
      {"sizes", "src/reason/calls.cc", "twins_of",
       "one table of functions that are mistaken for each other"},
      {"first_include", "src/sandbox/attacks/attack.h", "pragma",
       "a header of C programs, with the guard that C knows"},
  };
  return all;
}

}  // namespace nightjar::tidy
