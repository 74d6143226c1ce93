// run_command: the project's build and tests, or the `command` engineer.
#include <fcntl.h>

#include <algorithm>
#include <filesystem>

#include "base/bytes.h"
#include "base/file.h"
#include "factory/performers.h"
#include "harness/services.h"
#include "sandbox/tree.h"

namespace nightjar::factory {
namespace {

constexpr std::size_t kTailBytes = 2048;        // of output, in a record
constexpr std::size_t kChangedFilesMax = 2000;  // their names have to fit into one
constexpr const char* kHandOver = ".nightjar";  // the folder by which an engineer is told its work

std::string tail_of(const sandbox::Outcome& outcome) {
  std::string text = outcome.stdout_bytes + outcome.stderr_bytes;
  if (text.size() > kTailBytes) text = "…" + text.substr(text.size() - kTailBytes);
  return printable_block(text, 4 * kTailBytes);
}

std::string ended_text(const sandbox::Outcome& outcome) {
  return std::string(sandbox::name_of(outcome.ended)) + " " + std::to_string(outcome.code) +
         " after " + human_duration_ms(outcome.wall_ms);
}

event::Cost cost_of(const sandbox::Outcome& a, const sandbox::Outcome& b) {
  return {.cpu_ms = a.cpu_ms + b.cpu_ms, .wall_ms = a.wall_ms + b.wall_ms};
}

class RunCommand final : public Performer {
 public:
  explicit RunCommand(World& world) : world_(world) {}

  Result<Performed> perform(const PerformRequest& request, std::stop_token stop) override {
    TRY_INTO(const std::string purpose, request.arguments.get_string("purpose"));
    return purpose == "engineer" ? engineer(request, stop) : build(request, stop);
  }

 private:
  Result<Performed> build(const PerformRequest& request, std::stop_token stop) {
    TRY_INTO(Workspaces::BuildRequest wanted, build_request_of(world_, request, stop));
    wanted.test_command = request.arguments.string_or("test", "");
    TRY_INTO(const Workspaces::Built built, world_.workspaces.build(wanted, stop));
    const harness::BuildOutcome& outcome = built.outcome;
    if (outcome.build.ended == sandbox::Ended::cancelled ||
        outcome.test.ended == sandbox::Ended::cancelled) {
      return {ErrorCode::cancelled, "stopped"};
    }
    return Performed{.result = Json::object({{"built", outcome.built},
                                             {"tested", outcome.tested},
                                             {"tests_passed", outcome.tests_passed},
                                             {"build_ended", ended_text(outcome.build)},
                                             {"build_output", tail_of(outcome.build)},
                                             {"test_output", tail_of(outcome.test)}}),
                     .cost = cost_of(outcome.build, outcome.test)};
  }

  Result<Performed> engineer(const PerformRequest& request, std::stop_token stop) {
    const Json& arguments = request.arguments;
    TRY_INTO(const Workspaces::BuildRequest project, build_request_of(world_, request, stop));
    TRY_INTO(const std::string source, world_.workspaces.source(project.tree));
    harness::ServiceLauncher launcher(world_.launcher, project.environment.services);
    TRY_INTO(const std::unique_ptr<sandbox::Sandbox> box, launcher.open(spec_of(source, project)));
    TRY(hand_over(*box, arguments));
    const std::string command = arguments.string_or("command", "");
    request.progress("engineer: " + printable(command, 60));
    const sandbox::Command shell =
        harness::shell_command(command, command_limits(project.limits, request.worst_case));
    TRY_INTO(const sandbox::Outcome outcome, box->run(shell, stop));
    if (outcome.ended == sandbox::Ended::cancelled) return {ErrorCode::cancelled, "stopped"};
    Performed performed{
        .result = Json::object({{"ended", ended_text(outcome)}, {"output", tail_of(outcome)}}),
        .cost = {.cpu_ms = outcome.cpu_ms, .wall_ms = outcome.wall_ms}};
    if (!outcome.succeeded()) {
      performed.result.set("verdict", "CANNOT");
      performed.result.set(
          "why", "the engineer's command failed: " + ended_text(outcome) + "\n" + tail_of(outcome));
      return performed;
    }
    if (Result<> collected = collect(*box, request, project, performed, stop); !collected) {
      // What the command left behind cannot be a candidate: its fault, not the machine's.
      performed.result.set("verdict", "CANNOT");
      performed.result.set("why", "what the engineer's command left cannot be taken over: " +
                                      collected.error().message);
    }
    return performed;
  }

  /// Work text and what failed, as files. Specs and visible scenarios are in the tree already.
  Result<> hand_over(const sandbox::Sandbox& box, const Json& arguments) {
    const std::string folder = kHandOver;
    TRY(sandbox::write_file_at(box.workspace_fd(), folder + "/work.md",
                               arguments.string_or("work_text", "") + "\n",
                               sandbox::FileMode::regular));
    return sandbox::write_file_at(box.workspace_fd(), folder + "/evidence.md",
                                  arguments.string_or("evidence", ""), sandbox::FileMode::regular);
  }

  /// What the engineer changed, as a candidate. New files that building makes as well are left out.
  Result<> collect(const sandbox::Sandbox& box, const PerformRequest& request,
                   const Workspaces::BuildRequest& project, Performed& performed,
                   std::stop_token stop) {
    const Json& tree = project.tree;
    Json& result = performed.result;
    const std::string folder = world_.scratch_dir + "/candidate-" + request.run.str() + "-" +
                               std::to_string(request.run_seq);
    TRY(remove_tree(folder));
    TRY(sandbox::export_workspace(
        box.workspace_fd(), folder,
        {.files_max = 500'000,
         .bytes_max = static_cast<std::uint64_t>(project.limits.disk_bytes_max) * 2,
         .depth_max = 64}));
    TRY_INTO(const repo::Repository repository, open_repository(tree));
    TRY_INTO(repo::Changes changes,
             repository.changes_in(tree.string_or("commit", ""), folder, repo::ExportLimits{}));
    TRY_INTO(const std::string source, world_.workspaces.source(tree));
    const std::string built = built_for_comparison(project, performed.cost, stop);
    std::erase_if(changes, [&](const auto& entry) {
      if (entry.first == kHandOver || entry.first.starts_with(std::string(kHandOver) + "/"))
        return true;
      const bool is_new = !path_exists(source + "/" + entry.first);
      return is_new && !built.empty() && path_exists(built + "/" + entry.first);
    });
    TRY(remove_tree(folder));
    Json files = Json::array();
    for (const auto& [path, change] : changes) files.push(path);
    if (changes.size() > kChangedFilesMax) {
      return {ErrorCode::exhausted,
              std::to_string(changes.size()) + " changed files; at most " +
                  std::to_string(kChangedFilesMax) +
                  " are taken over (does .gitignore name what is generated?)"};
    }
    result.set("files", std::move(files));
    if (changes.empty()) {
      result.set("verdict", "NOT_FOUND");
      result.set("why", "the engineer's command ended well and changed nothing");
      return ok;
    }
    TRY_INTO(const Digest candidate, store_changes(world_.blobs, changes));
    TRY_INTO(const std::string diff, repository.diff(tree.string_or("commit", ""), changes));
    TRY_INTO(const Digest diff_name, world_.blobs.put(diff));
    result.set("verdict", "CHANGED");
    result.set("candidate", candidate.name());
    result.set("diff", diff_name.name());
    result.set("cause", "");
    result.set("why", std::to_string(changes.size()) + " files changed");
    return ok;
  }

  /// The base as it is when it is built; "" when it does not build: then nothing can be told apart,
  /// and nothing is left out. What building it takes is the effect's.
  std::string built_for_comparison(const Workspaces::BuildRequest& project, event::Cost& cost,
                                   std::stop_token stop) {
    const std::string known =
        world_.workspaces.built(project, Workspaces::Make::nothing, stop).value_or("");
    if (!known.empty()) return known;
    const Result<Workspaces::Built> built = world_.workspaces.build(project, stop);
    if (!built) return {};
    cost = sum(cost, cost_of(built->outcome.build, built->outcome.test));
    return built->outcome.built ? built->folder : std::string();
  }

  World& world_;
};

}  // namespace

std::unique_ptr<Performer> make_run_command(World& world) {
  return std::make_unique<RunCommand>(world);
}

}  // namespace nightjar::factory
