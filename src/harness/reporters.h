// The in-process reporters as the program carries them: the files of harness/reporters/, embedded
// by cmake/embed.cmake.
#pragma once

#include <span>
#include <string_view>

namespace nightjar::harness {

struct ReporterFile {
  std::string_view path;  // relative to kReportersPath
  std::string_view content;
  bool executable = false;
};
std::span<const ReporterFile> reporter_files();

}  // namespace nightjar::harness
