// The program's version, from project() in CMakeLists.txt.
#pragma once

namespace nightjar::cli {

inline constexpr const char* kVersion = NIGHTJAR_VERSION;

}  // namespace nightjar::cli
