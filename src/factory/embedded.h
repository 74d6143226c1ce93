// Files that are part of the program: built-in workflows and the first-run examples.
// cmake/embed.cmake makes the tables from workflows/ and examples/.
#pragma once

#include <span>
#include <string_view>

namespace nightjar::factory {

struct EmbeddedFile {
  std::string_view path;  // relative to the folder that was embedded
  std::string_view content;
  bool executable = false;
};

std::span<const EmbeddedFile> embedded_workflows();
std::span<const EmbeddedFile> embedded_examples();

}  // namespace nightjar::factory
