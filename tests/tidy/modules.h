// The parts as their CMakeLists.txt declare them.
#pragma once

#include <map>
#include <set>
#include <string>

#include "tidy/repository.h"

namespace nightjar::tidy {

struct Part {
  std::set<std::string> deps;
  std::set<std::string> test_deps;
};

/// From `nightjar_module(name DEPS … EXTERNAL … TEST_DEPS …)` in src/NAME/CMakeLists.txt.
std::map<std::string, Part> parts_of(const Repository& repository);
/// The row of each part in NIGHTJAR_LAYERS (cmake/modules.cmake), the lowest 0.
std::map<std::string, int> layers_of(const Repository& repository);

}  // namespace nightjar::tidy
