// run_suites: the project's own suites on the base, or on a change seen from all sides.
//
// Base: every test, what fails twice more. Change: every test with the lines it executes; the
// base's tests on the changed product (restored); the change's tests on the product as it was
// (demanded). What is recorded is bounded; all of it is in blobs.
#include <algorithm>
#include <thread>

#include "base/bytes.h"
#include "base/file.h"
#include "factory/performers.h"
#include "factory/suite_runs.h"
#include "harness/paths.h"
#include "proof/verdict.h"
#include "repo/change_spec.h"

namespace nightjar::factory {
namespace {

constexpr std::size_t kResultsBytesMax = std::size_t{256} << 20;
constexpr std::size_t kChangesShownMax = 300;  // of one suite and side, in a record
constexpr std::size_t kMessageShownMax = 300;
constexpr std::size_t kOutputTailBytes = 4096;
constexpr int kBaselineFormat = 1;  // grows when what a baseline holds changes

int parallel_here() {
  return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, 64U));
}

/// The parts of a change that are laid over the base for one side of the proof.
template <typename Keep>
repo::Changes part_of(const repo::Changes& changes, Keep keep) {
  repo::Changes part;
  for (const auto& [path, change] : changes) {
    if (keep(harness::kind_of_path(path))) part.emplace(path, change);
  }
  return part;
}

std::vector<std::string> paths_of(const repo::Changes& changes) {
  std::vector<std::string> paths;
  for (const auto& [path, change] : changes) paths.push_back(path);
  return paths;
}

bool is_test(harness::PathKind kind) { return kind == harness::PathKind::test; }
bool is_compiled(const std::string& path) {
  const std::string_view language = harness::language_of_path(path);
  return language == "c" || language == "c++";
}

/// What one performance of the effect works with.
struct Job {
  harness::Recipe recipe;
  harness::Environment environment;
  config::Limits limits;
  Json tree;  // of the base
  event::Cost worst_case;
  std::function<void(const std::string&)> progress;
  std::int64_t cpu_ms = 0;
  std::int64_t wall_ms = 0;
};

class RunSuites final : public Performer {
 public:
  explicit RunSuites(World& world) : world_(world) {}

  Result<Performed> perform(const PerformRequest& request, std::stop_token stop) override {
    const auto start = world_.clock.monotonic();
    const Json& arguments = request.arguments;
    Job job;
    TRY_INTO(job.limits, limits_from(*arguments.find("limits")));
    TRY_INTO(job.recipe, harness::recipe_from(*arguments.find("recipe")));
    TRY_INTO(job.environment, harness::environment_from(*arguments.find("environment")));
    job.tree = *arguments.find("tree");
    job.worst_case = request.worst_case;
    job.progress = request.progress;
    Result<Json> result = arguments.string_or("side", "") == "base"
                              ? base_side(job, stop)
                              : change_side(job, arguments, stop);
    if (stop.stop_requested()) return {ErrorCode::cancelled, "stopped"};
    if (!result) return std::move(result).error();
    return Performed{
        .result = *std::move(result),
        .cost = {.cpu_ms = job.cpu_ms, .wall_ms = elapsed_ms(world_.clock, start)}};
  }

 private:
  // --- Trees -----------------------------------------------------------------------------------

  Workspaces::BuildRequest build_request(const Job& job, const std::string& candidate) const {
    Json tree = job.tree;
    tree.set("changes", candidate);
    return {.tree = std::move(tree),
            .build_command = job.recipe.build,
            .test_command = {},
            .limits = job.limits,
            .mounts = world_.mounts,
            .worst_case = job.worst_case,
            .environment = job.environment,
            .env = job.recipe.env,
            .limit = Workspaces::BuildRequest::Limit::suite};
  }

  struct Tree {
    bool built = false;
    std::string output{};
    std::string folder{};
  };
  Result<Tree> build(Job& job, const Workspaces::BuildRequest& request, std::stop_token stop) {
    if (Result<std::string> there = world_.workspaces.built(request, Workspaces::Make::nothing, stop);
        there && !there->empty()) {
      return Tree{.built = true, .output = {}, .folder = *std::move(there)};
    }
    TRY_INTO(const Workspaces::Built built, world_.workspaces.build(request, stop));
    job.cpu_ms += built.outcome.build.cpu_ms;
    Tree tree{.built = built.outcome.built, .output = {}, .folder = built.folder};
    if (!tree.built) {
      std::string text = built.outcome.build.stdout_bytes + built.outcome.build.stderr_bytes;
      if (text.size() > kOutputTailBytes) text = "…" + text.substr(text.size() - kOutputTailBytes);
      tree.output = printable_block(text, 2 * kOutputTailBytes);
    }
    return tree;
  }

  Result<harness::Workshop> workshop(const Job& job, const Tree& tree,
                                     const Workspaces::BuildRequest& request) {
    harness::Workshop shop{
        .launcher = world_.launcher, .spec = spec_of(tree.folder, request), .env = {}};
    TRY_INTO(const std::string reporters, world_.workspaces.reporters());
    shop.spec.mounts.push_back({.host_path = reporters, .inside_path = harness::kReportersPath});
    shop.env = job.environment.env;
    for (const auto& [name, value] : request.env) shop.env[name] = value;
    return shop;
  }

  SuitesRequest suites_request(const Job& job) const {
    return {.suites = job.recipe.suites,
            .limits = suite_limits(job.limits, job.worst_case),
            .parallel = parallel_here()};
  }

  void charge(Job& job, const std::vector<SuiteOnTree>& suites) {
    for (const SuiteOnTree& one : suites) job.cpu_ms += one.run.cpu_ms;
  }

  // --- Base ------------------------------------------------------------------------------------

  /// Names everything that a baseline depends on; the tree by content, so that it serves any run.
  Result<std::string> baseline_path(const Job& job) const {
    TRY_INTO(const repo::Repository repository, open_repository(job.tree));
    TRY_INTO(const std::string tree,
             repo::tree_id(repository, job.tree.string_or("commit", ""), {}));
    const Json key = Json::object({{"format", kBaselineFormat},
                                   {"version", world_.version},
                                   {"tree", tree},
                                   {"recipe", harness::to_json(job.recipe)},
                                   {"environment", job.environment.digest},
                                   {"limits", to_json(job.limits)}});
    return world_.data_dir + "/baselines/" + blake3(key.dump()).hex();
  }

  static Result<repo::Repository> open_repository(const Json& tree) {
    const std::string below = tree.string_or("folder", "");
    const std::string top = tree.string_or("top", "");
    return repo::Repository::open(below.empty() ? top : top + "/" + below);
  }

  Result<std::vector<SuiteOnTree>> load_runs(const std::string& name) const {
    TRY_INTO(const Digest digest, parse_digest(name));
    TRY_INTO(const std::string text, world_.blobs.get(digest, kResultsBytesMax));
    TRY_INTO(const Json json, parse_json(text));
    return suites_on_tree_from(json);
  }

  Result<Json> base_side(Job& job, std::stop_token stop) {
    TRY_INTO(const std::string kept, baseline_path(job));
    if (Result<std::string> name = read_file(kept, 256); name) {
      const std::string blob(trim(*name));
      if (const Result<std::vector<SuiteOnTree>> suites = load_runs(blob); suites) {
        return base_result(*suites, blob, true);
      }
    }
    TRY_INTO(const Workspaces::BuildRequest request, Result(build_request(job, "")));
    TRY_INTO(const Tree tree, build(job, request, stop));
    if (!tree.built) {
      return Json::object({{"built", false}, {"build_output", tree.output}});
    }
    TRY_INTO(const harness::Workshop shop, workshop(job, tree, request));
    const SuitesRequest wanted = suites_request(job);
    job.progress("base: " + std::to_string(wanted.suites.size()) + " suites");
    TRY_INTO(std::vector<SuiteOnTree> suites, run_suites(shop, wanted, stop));
    bool environment = false;
    for (SuiteOnTree& one : suites) {
      environment = environment || one.run.environment;
      TRY(mark_flaky(shop, wanted, bad_tests(one.run), one, stop));
    }
    charge(job, suites);
    TRY_INTO(const Digest blob, world_.blobs.put(to_json(suites).dump()));
    // What a missing package made of it is no baseline: it may be there next time.
    if (!environment) {
      TRY(make_directories(world_.data_dir + "/baselines", 0700));
      TRY(write_file_atomically(kept, blob.name() + "\n", 0600));
    }
    return base_result(suites, blob.name(), false);
  }

  static Json base_result(const std::vector<SuiteOnTree>& suites, const std::string& blob,
                          bool from_cache) {
    Json rows = Json::array();
    for (const SuiteOnTree& one : suites) {
      int good = 0, bad = 0, flaky = 0, skipped = 0;
      for (const harness::TestResult& test : one.run.tests) {
        flaky += test.flaky ? 1 : 0;
        good += harness::is_good(test.outcome) ? 1 : 0;
        bad += harness::is_bad(test.outcome) ? 1 : 0;
        skipped += test.outcome == harness::TestOutcome::skipped ? 1 : 0;
      }
      rows.push(Json::object({{"suite", one.suite.id()},
                              {"tests", one.run.tests.size()},
                              {"good", good},
                              {"bad", bad},
                              {"flaky", flaky},
                              {"skipped", skipped},
                              {"complete", one.run.complete},
                              {"environment", one.run.environment},
                              {"problem", printable(one.run.problem, 1000)}}));
    }
    return Json::object(
        {{"built", true}, {"cached", from_cache}, {"runs", blob}, {"suites", std::move(rows)}});
  }

  // --- Change ----------------------------------------------------------------------------------

  struct Sides {
    std::vector<SuiteOnTree> base;
    std::vector<SuiteOnTree> change;
    std::vector<SuiteOnTree> restored;
    std::vector<SuiteOnTree> demanded;
    bool has_restored = false, has_demanded = false;
    bool restored_built = true, demanded_built = true;
    std::map<std::string, std::set<std::string>> asked;  // of demanded, by suite
  };

  Result<Json> change_side(Job& job, const Json& arguments, std::stop_token stop) {
    Sides sides;
    const std::string baseline = arguments.string_or("baseline", "");
    if (!baseline.empty()) {
      TRY_INTO(sides.base, load_runs(baseline));
    }
    const std::string candidate = arguments.string_or("candidate", "");
    TRY_INTO(const repo::Changes changes, load_changes(world_.blobs, candidate));
    TRY_INTO(const auto changed_lines, changed_lines_of(arguments.string_or("inspection", "")));

    Workspaces::BuildRequest request = build_request(job, candidate);
    add_coverage(request, changed_lines);
    TRY_INTO(const Tree tree, build(job, request, stop));
    if (!tree.built) return Json::object({{"built", false}, {"build_output", tree.output}});
    TRY_INTO(const harness::Workshop shop, workshop(job, tree, request));
    SuitesRequest wanted = suites_request(job);
    for (const auto& [path, lines] : changed_lines) wanted.coverage_files.push_back(path);
    job.progress("change: " + std::to_string(wanted.suites.size()) + " suites");
    TRY_INTO(sides.change, run_suites(shop, wanted, stop));
    for (SuiteOnTree& one : sides.change) {
      TRY(mark_flaky(shop, wanted, newly_bad(sides, one), one, stop));
    }
    charge(job, sides.change);
    TRY(run_restored(job, changes, sides, stop));
    TRY(run_demanded(job, changes, sides, stop));
    return change_result(sides, changed_lines);
  }

  Result<std::map<std::string, std::set<int>>> changed_lines_of(const std::string& name) const {
    std::map<std::string, std::set<int>> lines;
    TRY_INTO(const Digest digest, parse_digest(name));
    TRY_INTO(const std::string text, world_.blobs.get(digest, kResultsBytesMax));
    TRY_INTO(const Json json, parse_json(text));
    const Json* files = json.find("changed_lines");
    if (files == nullptr || !files->is_object()) return lines;
    for (const auto& [path, numbers] : files->as_object()) {
      if (!numbers.is_array()) continue;
      for (const Json& number : numbers.as_array()) {
        if (number.is_int()) lines[path].insert(static_cast<int>(number.as_int()));
      }
    }
    return lines;
  }

  /// C and C++ count lines only when they were compiled to.
  static void add_coverage(Workspaces::BuildRequest& request,
                           const std::map<std::string, std::set<int>>& lines) {
    const bool wanted = std::any_of(lines.begin(), lines.end(),
                                    [](const auto& entry) { return is_compiled(entry.first); });
    if (!wanted || request.build_command.empty()) return;
    for (const char* name : {"CFLAGS", "CXXFLAGS", "LDFLAGS"}) {
      std::string& flags = request.env[name];
      flags += (flags.empty() ? "" : " ") + std::string("--coverage");
    }
  }

  /// Tests that fail and did not fail before: worth a second look before they are blamed.
  static std::set<std::string> newly_bad(const Sides& sides, const SuiteOnTree& one) {
    std::set<std::string> ids = bad_tests(one.run);
    const SuiteOnTree* before = find_suite(sides.base, one.suite.id());
    if (before == nullptr) return ids;
    for (const std::string& known : bad_tests(before->run)) ids.erase(known);
    return ids;
  }

  Result<> run_side(Job& job, const repo::Changes& changes, SuitesRequest wanted, bool& built,
                    std::vector<SuiteOnTree>& out, std::stop_token stop) {
    TRY_INTO(const Digest candidate, store_changes(world_.blobs, changes));
    const Workspaces::BuildRequest request =
        build_request(job, changes.empty() ? "" : candidate.name());
    TRY_INTO(const Tree tree, build(job, request, stop));
    built = tree.built;
    if (!built) return ok;
    TRY_INTO(const harness::Workshop shop, workshop(job, tree, request));
    TRY_INTO(out, run_suites(shop, wanted, stop));
    charge(job, out);
    return ok;
  }

  /// The base's tests and judges on the changed product: nobody moves the goalposts.
  Result<> run_restored(Job& job, const repo::Changes& changes, Sides& sides,
                        std::stop_token stop) {
    using harness::PathKind;
    const auto judges = [](PathKind kind) { return is_test(kind) || kind == PathKind::judge; };
    const repo::Changes taken_back = part_of(changes, judges);
    if (taken_back.empty() || sides.base.empty()) return ok;
    SuitesRequest wanted = suites_request(job);
    bool any = false;
    for (const SuiteOnTree& one : sides.base) {
      std::set<std::string>& only = wanted.only[one.suite.id()];
      only = tests_touched(one.run, paths_of(taken_back));
      any = any || !only.empty();
    }
    if (!any) return ok;
    sides.has_restored = true;
    job.progress("the base's tests on the change");
    return run_side(job, part_of(changes, [&](PathKind kind) { return !judges(kind); }),
                    std::move(wanted), sides.restored_built, sides.restored, stop);
  }

  /// The change's tests on the product as it was: what fails there shows what the change does.
  Result<> run_demanded(Job& job, const repo::Changes& changes, Sides& sides,
                        std::stop_token stop) {
    const repo::Changes tests = part_of(changes, is_test);
    std::vector<std::string> present;
    for (const auto& [path, change] : tests) {
      if (change.content) present.push_back(path);
    }
    if (present.empty() || tests.size() == changes.size()) return ok;
    SuitesRequest wanted = suites_request(job);
    bool any = false;
    for (const SuiteOnTree& one : sides.change) {
      std::set<std::string>& only = wanted.only[one.suite.id()];
      for (const std::string& id : tests_touched(one.run, present)) {
        const harness::TestResult* test = one.run.find(id);
        if (test != nullptr && harness::is_good(test->outcome) && !test->flaky) only.insert(id);
      }
      any = any || !only.empty();
    }
    if (!any) return ok;
    sides.has_demanded = true;
    sides.asked = wanted.only;
    job.progress("the change's tests on the base");
    return run_side(job, tests, std::move(wanted), sides.demanded_built, sides.demanded, stop);
  }

  // --- What is recorded ------------------------------------------------------------------------

  static void shorten(std::vector<harness::TestChange>& changes) {
    // What weighs comes first, so that the cut takes what does not.
    std::stable_partition(changes.begin(), changes.end(), [](const harness::TestChange& change) {
      using enum harness::Transition;
      return change.transition == broken || change.transition == added_bad ||
             change.transition == gone || change.transition == newly_skipped;
    });
    if (changes.size() > kChangesShownMax) changes.resize(kChangesShownMax);
    for (harness::TestChange& change : changes) {
      change.message = printable(change.message, kMessageShownMax);
    }
  }

  /// Tests that pass with the change and not without it.
  static std::vector<std::string> demonstrated(const Sides& sides, const SuiteOnTree& change,
                                               const std::vector<harness::TestChange>& changes) {
    std::set<std::string> ids;
    for (const harness::TestChange& one : changes) {
      if (one.transition == harness::Transition::fixed) ids.insert(one.test);
    }
    const std::string id = change.suite.id();
    const SuiteOnTree* base = find_suite(sides.base, id);
    const SuiteOnTree* demanded = find_suite(sides.demanded, id);
    if (!sides.has_demanded) return {ids.begin(), ids.end()};
    const auto asked = sides.asked.find(id);
    if (asked == sides.asked.end()) return {ids.begin(), ids.end()};
    for (const std::string& test : asked->second) {
      if (!sides.demanded_built) {
        // Tests that do not even build on the base pass only with the change; of those that the
        // base had, that says nothing.
        if (base == nullptr || base->run.find(test) == nullptr) ids.insert(test);
        continue;
      }
      if (demanded == nullptr || demanded->run.environment) continue;
      const harness::TestResult* there = demanded->run.find(test);
      const bool holds = there != nullptr && (harness::is_good(there->outcome) ||
                                              there->outcome == harness::TestOutcome::skipped);
      if (!holds) ids.insert(test);
    }
    std::vector<std::string> out(ids.begin(), ids.end());
    if (out.size() > kChangesShownMax) out.resize(kChangesShownMax);
    return out;
  }

  proof::SuiteEvidence evidence_of(const Sides& sides, const SuiteOnTree& change) const {
    const std::string id = change.suite.id();
    const SuiteOnTree* base = find_suite(sides.base, id);
    proof::SuiteEvidence out{.id = id,
                             .runner = change.suite.runner,
                             .why = change.suite.why,
                             .ran_base = base != nullptr,
                             .ran_change = true,
                             .complete_base = base != nullptr && base->run.complete,
                             .complete_change = change.run.complete,
                             .problem_base = base == nullptr ? "" : base->run.problem,
                             .problem_change = change.run.problem,
                             .environment = change.run.environment ||
                                            (base != nullptr && base->run.environment),
                             .tests_base = base == nullptr ? 0 : static_cast<int>(base->run.tests.size()),
                             .tests_change = static_cast<int>(change.run.tests.size()),
                             .judged_by = change.run.judged_by};
    out.doubts = change.run.doubts;
    if (base != nullptr) {
      std::erase_if(out.doubts, [&](const std::string& doubt) {
        return std::find(base->run.doubts.begin(), base->run.doubts.end(), doubt) !=
               base->run.doubts.end();
      });
    }
    const harness::SuiteRun nothing;
    out.changes = harness::compare(id, base == nullptr ? nothing : base->run, change.run);
    if (sides.has_restored && base != nullptr) compare_restored(sides, *base, out);
    out.demonstrated = demonstrated(sides, change, out.changes);
    const auto kept = [](const harness::TestChange& one) {
      return one.transition == harness::Transition::kept;
    };
    out.kept = static_cast<int>(std::count_if(out.changes.begin(), out.changes.end(), kept));
    std::erase_if(out.changes, kept);
    std::erase_if(out.restored, kept);
    shorten(out.changes);
    shorten(out.restored);
    return out;
  }

  /// Only tests that were run on the restored tree are compared.
  static void compare_restored(const Sides& sides, const SuiteOnTree& base,
                               proof::SuiteEvidence& out) {
    const SuiteOnTree* restored = find_suite(sides.restored, base.suite.id());
    if (restored == nullptr) {
      if (!sides.restored_built) {
        out.doubts.push_back("the change does not build with the base's tests");
      }
      return;
    }
    harness::SuiteRun before = base.run;
    std::erase_if(before.tests, [&](const harness::TestResult& test) {
      return restored->run.find(test.id) == nullptr;
    });
    out.restored = harness::compare(base.suite.id(), before, restored->run);
  }

  Result<Json> change_result(const Sides& sides,
                             const std::map<std::string, std::set<int>>& changed_lines) {
    Json rows = Json::array();
    std::vector<harness::Coverage> coverages;
    for (const SuiteOnTree& one : sides.change) {
      rows.push(proof::to_json(evidence_of(sides, one)));
      coverages.push_back(one.run.coverage);
    }
    proof::ChangedLines lines = proof::match_lines(changed_lines, coverages);
    if (lines.missed.size() > kChangesShownMax) lines.missed.resize(kChangesShownMax);
    const Json all = Json::object({{"change", to_json(sides.change)},
                                   {"restored", to_json(sides.restored)},
                                   {"demanded", to_json(sides.demanded)}});
    TRY_INTO(const Digest blob, world_.blobs.put(all.dump()));
    return Json::object({{"built", true},
                         {"runs", blob.name()},
                         {"suites", std::move(rows)},
                         {"lines", Json::object({{"total", lines.total},
                                                 {"executed", lines.executed},
                                                 {"measured", lines.measured},
                                                 {"missed", Json::strings(lines.missed)}})}});
  }

  World& world_;
};

}  // namespace

std::unique_ptr<Performer> make_run_suites(World& world) {
  return std::make_unique<RunSuites>(world);
}

}  // namespace nightjar::factory
