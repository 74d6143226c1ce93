#include "harness/runners/gcov.h"

#include <algorithm>
#include <filesystem>

#include "base/bytes.h"
#include "harness/commands.h"
#include "harness/paths.h"

namespace nightjar::harness {
namespace {

constexpr int kLinesMax = 10'000'000;
constexpr std::size_t kLineBytesMax = std::size_t{64} << 20;

/// Words for grep: a line of gcov's output that names one of the wanted sources. Any object may
/// tell of it: tests include sources, sources include headers.
std::vector<std::string> lines_to_keep(const std::vector<std::string>& wanted) {
  std::vector<std::string> words;
  for (const std::string& path : wanted) {
    const std::string_view language = language_of_path(path);
    if (language != "c" && language != "c++") continue;
    words.emplace_back("-e");
    words.push_back(path.substr(path.rfind('/') + 1) + "\"");
  }
  return words;
}

std::string in_project(const std::string& folder, const std::string& file, std::string_view top) {
  const std::filesystem::path path(file);
  const std::string whole =
      (path.is_absolute() ? path : std::filesystem::path(folder) / path).lexically_normal();
  const std::string prefix = std::string(top) + "/";
  return whole.starts_with(prefix) ? whole.substr(prefix.size()) : std::string();
}

void read_file_lines(const Json& file, Coverage::File& out) {
  const Json* lines = file.find("lines");
  if (lines == nullptr || !lines->is_array()) return;
  for (const Json& line : lines->as_array()) {
    const std::int64_t number = line.int_or("line_number", 0);
    if (number < 1 || number > kLinesMax) continue;
    out.executable.insert(static_cast<int>(number));
    if (line.int_or("count", 0) > 0) out.executed.insert(static_cast<int>(number));
  }
}

}  // namespace

Coverage parse_gcov(std::string_view lines, std::string_view top,
                    const std::vector<std::string>& wanted) {
  Coverage out;
  for (const std::string& line : split_lines(lines)) {
    if (line.empty() || line.size() > kLineBytesMax) continue;
    const Result<Json> json = parse_json(line);
    const Json* files = json ? json->find("files") : nullptr;
    if (files == nullptr || !files->is_array()) continue;
    const std::string folder = json->string_or("current_working_directory", "");
    for (const Json& file : files->as_array()) {
      const std::string path = in_project(folder, file.string_or("file", ""), top);
      if (std::ranges::find(wanted, path) == wanted.end()) continue;
      read_file_lines(file, out.files[path]);
    }
  }
  return out;
}

Result<Coverage> gcov_lines(sandbox::Sandbox& sandbox, const Workshop& workshop,
                            const SuiteRequest& request, std::stop_token stop) {
  const std::vector<std::string> kept = lines_to_keep(request.coverage_files);
  if (kept.empty()) return Coverage{};
  Suite top = request.suite;
  top.root.clear();
  std::vector<std::string> argv = {
      "/bin/sh", "-c",
      "command -v gcov >/dev/null || exit 0; pwd >&2; find . -type f -name '*.gcda' -print0 | "
      "xargs -0 -r -n 50 gcov --json-format --stdout 2>/dev/null | grep -F \"$@\" >&3 3>&-",
      "gcov"};
  argv.insert(argv.end(), kept.begin(), kept.end());
  sandbox::Command command = command_in(workshop, top, request.limits, std::move(argv));
  command.report = sandbox::Command::Report::pipe;
  command.report_bytes_max = kReportBytesMax;
  TRY_INTO(const sandbox::Outcome outcome, run_command(sandbox, command, stop));
  const std::string_view said = outcome.stderr_bytes;
  return parse_gcov(outcome.report_bytes, trim(said.substr(0, said.find('\n'))),
                    request.coverage_files);
}

}  // namespace nightjar::harness
