#include "harness/runners/fresh_files.h"

#include <utility>

#include "base/bytes.h"
#include "harness/files.h"
#include "sandbox/tree.h"

namespace nightjar::harness {
namespace {

constexpr std::size_t kFilesMax = 50'000;

Result<> remove_files(sandbox::Sandbox& sandbox, const std::vector<std::string>& paths,
                      std::stop_token stop) {
  if (paths.empty()) return ok;
  sandbox::Command command;
  command.argv = {"/usr/bin/xargs", "-0", "rm", "-f", "--"};
  for (const std::string& path : paths) command.stdin_bytes += "./" + path + std::string(1, '\0');
  command.wall_max = std::chrono::minutes(2);
  command.cpu_max = std::chrono::minutes(2);
  command.output_bytes_max = 4096;
  TRY_INTO(const sandbox::Outcome outcome, run_command(sandbox, command, stop));
  if (outcome.succeeded()) return ok;
  return {ErrorCode::unavailable,
          "old result files could not be deleted: " + printable(outcome.stderr_bytes, 200)};
}

}  // namespace

Result<FreshFiles> run_for_files(sandbox::Sandbox& sandbox, const sandbox::Command& command,
                                 const std::vector<std::string>& globs, std::stop_token stop) {
  FreshFiles out;
  TRY_INTO(const std::vector<std::string> old, find_files(sandbox, globs, kFilesMax));
  TRY(remove_files(sandbox, old, stop));
  TRY_INTO(out.outcome, run_command(sandbox, command, stop));
  TRY_INTO(out.paths, find_files(sandbox, globs, kFilesMax));
  std::size_t left = kReportBytesMax;
  for (const std::string& path : out.paths) {
    Result<std::string> content = sandbox::read_file_at(sandbox.workspace_fd(), path, left);
    if (!content) {
      out.problem = "result file " + printable(path, 200) +
                    " cannot be read: " + printable(content.error().message, 200);
      return out;
    }
    left -= content->size();
    out.contents.emplace_back(path, *std::move(content));
  }
  return out;
}

}  // namespace nightjar::harness
