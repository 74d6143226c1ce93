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

bool is_header(std::string_view path) {
  for (const char* suffix : {".h", ".hh", ".hpp", ".hxx", ".inl", ".ipp"}) {
    if (path.ends_with(suffix)) return true;
  }
  return false;
}

/// The shell's pattern for the data files that may tell of the wanted sources.
std::string data_files(const std::vector<std::string>& wanted) {
  std::string tests;
  for (const std::string& path : wanted) {
    const std::string language(language_of_path(path));
    if (language != "c" && language != "c++") continue;
    if (is_header(path)) return "-name '*.gcda'";
    std::string stem = path.substr(path.rfind('/') + 1);
    stem = stem.substr(0, stem.rfind('.'));
    const bool plain = std::ranges::all_of(stem, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '-' || c == '.' || c == '+';
    });
    if (!plain) return "-name '*.gcda'";
    tests += (tests.empty() ? "" : " -o ") + ("-name '*" + stem + "*.gcda'");
  }
  return tests.empty() ? "" : "\\( " + tests + " \\)";
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
  const std::string which = data_files(request.coverage_files);
  if (which.empty()) return Coverage{};
  Suite top = request.suite;
  top.root.clear();
  sandbox::Command command = command_in(
      workshop, top, request.limits,
      {"/bin/sh", "-c",
       "command -v gcov >/dev/null || exit 0; pwd >&2; find . -type f " + which +
           " -print0 | xargs -0 -r -n 50 gcov --json-format --stdout >&3 3>&- 2>/dev/null"});
  command.report = sandbox::Command::Report::pipe;
  command.report_bytes_max = kReportBytesMax;
  TRY_INTO(const sandbox::Outcome outcome, run_command(sandbox, command, stop));
  const std::string_view said = outcome.stderr_bytes;
  return parse_gcov(outcome.report_bytes, trim(said.substr(0, said.find('\n'))),
                    request.coverage_files);
}

}  // namespace nightjar::harness
