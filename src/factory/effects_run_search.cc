// run_search: one search for a repair, within one CPU and wall-clock budget; its candidates are not
// effects of their own.
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "base/bytes.h"
#include "factory/intake.h"
#include "factory/performers.h"
#include "harness/services.h"
#include "reason/search.h"

namespace nightjar::factory {
namespace {

constexpr int kCandidatesMax = 200'000;

Json to_json(const scenario::Count& count) {
  return Json::object({{"total", count.total}, {"satisfied", count.satisfied}});
}

class RunSearch final : public Performer {
 public:
  explicit RunSearch(World& world) : world_(world) {}

  Result<Performed> perform(const PerformRequest& request, std::stop_token stop) override {
    const auto start = world_.clock.monotonic();
    TRY_INTO(const Workspaces::BuildRequest project, build_request_of(world_, request, stop));
    TRY_INTO(const reason::SearchInput input, input_of(request, project));
    harness::ServiceLauncher launcher(world_.launcher, project.environment.services);
    const std::int64_t left = request.worst_case.wall_ms - elapsed_ms(world_.clock, start);
    const reason::SearchLimits limits{
        .wall_max = std::chrono::milliseconds(std::max<std::int64_t>(left, 1)),
        .cpu_max = std::chrono::milliseconds(request.worst_case.cpu_ms),
        .candidates_max = kCandidatesMax,
        .workers = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()))};
    TRY_INTO(const reason::SearchResult found,
             reason::search_repair(launcher, input, limits, stop, request.progress));
    if (stop.stop_requested() && found.verdict != reason::Verdict::tested) {
      return {ErrorCode::cancelled, "stopped"};
    }
    TRY_INTO(Json result, result_of(found, input.sandbox.lower_dirs.front()));
    return Performed{.result = std::move(result),
                     .cost = {.cpu_ms = found.cpu_ms, .wall_ms = elapsed_ms(world_.clock, start)}};
  }

 private:
  Result<reason::SearchInput> input_of(const PerformRequest& request,
                                       const Workspaces::BuildRequest& project) {
    const Json& arguments = request.arguments;
    const Json& tree = project.tree;
    const config::Limits& limits = project.limits;
    TRY_INTO(const repo::Repository repository, open_repository(tree));
    TRY_INTO(std::vector<scenario::Scenario> visible,
             load_scenarios(repository, tree.string_or("commit", "")));
    TRY_INTO(const std::string source, world_.workspaces.source(tree));
    reason::SearchInput input{
        .sandbox = spec_of(source, project),
        .build_command = arguments.string_or("build", ""),
        .build_limits = command_limits(limits, request.worst_case),
        .scenarios = std::move(visible),
        .step_limits = {.wall_max = std::chrono::milliseconds(limits.wall_ms_max),
                        .cpu_max = std::chrono::milliseconds(limits.cpu_ms_max),
                        .output_bytes_max = static_cast<std::uint64_t>(limits.output_bytes_max)},
        .frozen_paths = {"nightjar.toml", "specs/", "scenarios/", "policy/", "tests/", "test/"}};
    for (const std::string& name : arguments.get_strings("rejected").value_or({})) {
      TRY_INTO(const repo::Changes changes, load_changes(world_.blobs, name));
      std::map<std::string, std::string> rejected;
      for (const auto& [path, change] : changes) rejected[path] = change.content.value_or("");
      input.rejected.push_back(std::move(rejected));
    }
    return input;
  }

  Result<Json> result_of(const reason::SearchResult& found, const std::string& source_dir) {
    Json suspects = Json::array();
    for (const reason::Suspect& suspect : found.suspects) {
      suspects.push(
          Json::object({{"file", suspect.file}, {"line", suspect.line}, {"score", suspect.score}}));
    }
    Json result = Json::object({{"verdict", reason::name_of(found.verdict)},
                                {"why", found.why},
                                {"cause", found.cause},
                                {"edit_kind", found.edit_kind},
                                {"candidates", found.candidates},
                                {"overfitted", found.overfitted},
                                {"before", to_json(found.before)},
                                {"after", to_json(found.after)},
                                {"validation_before", to_json(found.validation_before)},
                                {"validation_after", to_json(found.validation_after)},
                                {"validation", Json::strings(found.validation_names)},
                                {"suspects", std::move(suspects)},
                                {"wall_ms", found.wall_ms}});
    if (found.changed.empty()) return result;
    repo::Changes changes;
    Json files = Json::array();
    for (const auto& [path, content] : found.changed) {
      const bool executable = ::access((source_dir + "/" + path).c_str(), X_OK) == 0;
      changes.emplace(path, repo::Change{.content = content, .executable = executable});
      files.push(path);
    }
    TRY_INTO(const Digest candidate, store_changes(world_.blobs, changes));
    TRY_INTO(const Digest diff, world_.blobs.put(found.diff));
    result.set("candidate", candidate.name());
    result.set("diff", diff.name());
    result.set("files", std::move(files));
    return result;
  }

  World& world_;
};

}  // namespace

std::unique_ptr<Performer> make_run_search(World& world) {
  return std::make_unique<RunSearch>(world);
}

}  // namespace nightjar::factory
