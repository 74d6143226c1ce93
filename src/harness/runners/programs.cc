#include "harness/runners/programs.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "base/bytes.h"
#include "harness/files.h"
#include "harness/session.h"

namespace nightjar::harness {
namespace {

constexpr std::size_t kProgramsMax = 20'000;

Result<std::vector<std::string>> search_files(const Workshop& workshop, const Suite& suite,
                                              const ProgramSearch& search, std::stop_token stop) {
  std::vector<std::string> files;
  TRY(in_sandboxes(
      workshop, 1, 1, Between::kept,
      [&](sandbox::Sandbox& sandbox, std::size_t, std::stop_token) -> Result<> {
        for (const std::string& glob : search.globs) {
          std::vector<std::string> found;
          TRY_INTO(found, find_files(sandbox, {in_root(suite, glob)}, kProgramsMax));
          files.insert(files.end(), found.begin(), found.end());
          if (search.skipped != nullptr) {
            files.erase(std::remove_if(files.begin(), files.end(), search.skipped), files.end());
          }
          if (!files.empty() && !search.together) break;
        }
        return ok;
      },
      stop));
  std::ranges::sort(files);
  const auto twice = std::ranges::unique(files);
  files.erase(twice.begin(), twice.end());
  return files;
}

bool is_wanted(const SuiteRequest& request, const std::string& file) {
  if (request.only.empty()) return true;
  const std::string inner = relative_to_root(request.suite, file);
  return std::ranges::any_of(request.only, [&](const std::string& id) {
    return id == file || id.starts_with(file + ": ") || id == inner ||
           id.starts_with(inner + " > ");
  });
}

}  // namespace

std::vector<std::string> globs_of(const Suite& suite, std::vector<std::string> fallback) {
  const auto at = suite.options.find("files");
  if (at == suite.options.end()) return fallback;
  std::vector<std::string> out;
  std::istringstream words(at->second);
  for (std::string word; words >> word;) out.push_back(word);
  return out;
}

std::string relative_to_root(const Suite& suite, const std::string& file) {
  return suite.root.empty() ? file : file.substr(suite.root.size() + 1);
}

Result<SuiteRun> run_programs(const Workshop& workshop, const SuiteRequest& request,
                              const ProgramSearch& search, const RunProgram& run_program,
                              std::stop_token stop) {
  const TimeLeft time(request.limits);
  TRY_INTO(std::vector<std::string> files, search_files(workshop, request.suite, search, stop));
  if (files.empty()) {
    return could_not_run("no test file was found: looked for " + join(search.globs, ", ") +
                         (request.suite.root.empty() ? "" : " in " + request.suite.root));
  }
  files.erase(std::remove_if(files.begin(), files.end(),
                             [&](const auto& file) { return !is_wanted(request, file); }),
              files.end());
  if (request.order == SuiteRequest::Order::reversed) std::reverse(files.begin(), files.end());
  std::vector<SuiteRun> parts(files.size());
  TRY(in_sandboxes(
      workshop, request.parallel, files.size(), Between::fresh,
      [&](sandbox::Sandbox& sandbox, std::size_t index, std::stop_token token) -> Result<> {
        if (time.is_over()) {
          parts[index] = could_not_run("the suite's time was over before " + files[index]);
          return ok;
        }
        TRY_INTO(parts[index], run_program(sandbox, files[index], time.limits(), token));
        return ok;
      },
      stop));
  SuiteRun run;
  run.complete = true;
  for (SuiteRun& part : parts) merge(run, std::move(part));
  const std::set<std::string> wanted(request.only.begin(), request.only.end());
  if (!wanted.empty()) {
    run.tests.erase(std::remove_if(run.tests.begin(), run.tests.end(),
                                   [&](const auto& test) { return !wanted.contains(test.id); }),
                    run.tests.end());
  }
  conclude(run);
  run.wall_ms = time.used_ms();
  return run;
}

}  // namespace nightjar::harness
