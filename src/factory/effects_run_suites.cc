// run_suites: the project's own suites on the base, or on a change seen from all sides.
//
// Base: every test, what fails twice more. Change: every test with the lines it executes; the
// base's tests on the changed product (restored); the change's tests on the product as it was
// (demanded). What is recorded is bounded; all of it is in blobs.
#include <algorithm>
#include <thread>

#include "base/bytes.h"
#include "base/file.h"
#include "factory/parted_change.h"
#include "factory/performers.h"
#include "factory/suite_runs.h"
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

std::vector<std::string> paths_of(const repo::Changes& changes) {
  std::vector<std::string> paths;
  for (const auto& [path, change] : changes) paths.push_back(path);
  return paths;
}

bool is_compiled(const std::string& path) {
  const std::string_view language = harness::language_of_path(path);
  return language == "c" || language == "c++";
}

/// What one performance of the effect works with.
struct Job {
  harness::Recipe recipe;
  Workspaces::BuildRequest base;  // the base's tree in the run's environment
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
    TRY_INTO(job.recipe, harness::recipe_from(*arguments.find("recipe")));
    TRY_INTO(job.base, build_request_of(world_, request, stop));
    job.base.build_command = job.recipe.build;
    job.base.limit = Workspaces::BuildRequest::Limit::suite;
    job.progress = request.progress;
    Result<Json> result = arguments.string_or("side", "") == "base"
                              ? base_side(job, stop)
                              : change_side(job, arguments, stop);
    if (stop.stop_requested()) return {ErrorCode::cancelled, "stopped"};
    if (!result) return std::move(result).error();
    return Performed{.result = *std::move(result),
                     .cost = {.cpu_ms = job.cpu_ms, .wall_ms = elapsed_ms(world_.clock, start)}};
  }

 private:
  // --- Trees -----------------------------------------------------------------------------------

  static Workspaces::BuildRequest build_request(const Job& job, const std::string& candidate) {
    Workspaces::BuildRequest request = job.base;
    request.tree.set("changes", candidate);
    return request;
  }

  struct Tree {
    bool built = false;
    std::string output{};
    std::string folder{};
  };
  Result<Tree> build(Job& job, const Workspaces::BuildRequest& request, std::stop_token stop) {
    if (Result<std::string> there =
            world_.workspaces.built(request, Workspaces::Make::nothing, stop);
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

  harness::Workshop workshop(const Tree& tree, const Workspaces::BuildRequest& request) {
    harness::Workshop shop{.launcher = world_.launcher,
                           .spec = spec_of(tree.folder, request),
                           .env = request.environment.env,
                           .services = request.environment.services};
    for (const auto& [name, value] : request.env) shop.env[name] = value;
    return shop;
  }

  static SuitesRequest suites_request(const Job& job) {
    return {.suites = job.recipe.suites,
            .limits = suite_limits(job.base.limits, job.base.worst_case),
            .parallel = parallel_here()};
  }

  static void charge(Job& job, const std::vector<SuiteOnTree>& suites) {
    for (const SuiteOnTree& one : suites) job.cpu_ms += one.run.cpu_ms;
  }

  // --- Base ------------------------------------------------------------------------------------

  /// Names everything that a baseline depends on; the tree by content, so that it serves any run.
  Result<std::string> baseline_path(const Job& job) const {
    TRY_INTO(const repo::Repository repository, open_repository(job.base.tree));
    TRY_INTO(const std::string tree,
             repo::tree_id(repository, job.base.tree.string_or("commit", ""), {}));
    const Json key = Json::object({{"format", kBaselineFormat},
                                   {"version", world_.version},
                                   {"tree", tree},
                                   {"recipe", harness::to_json(job.recipe)},
                                   {"environment", job.base.environment.digest},
                                   {"limits", to_json(job.base.limits)}});
    return world_.data_dir + "/baselines/" + blake3(key.dump()).hex();
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
    const Workspaces::BuildRequest request = build_request(job, "");
    TRY_INTO(const Tree tree, build(job, request, stop));
    if (!tree.built) return Json::object({{"built", false}, {"build_output", tree.output}});
    const harness::Workshop shop = workshop(tree, request);
    const SuitesRequest wanted = suites_request(job);
    job.progress("the base's tests on the base");
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

  /// A tree made of both: which changes are laid over the base, and what its tests did.
  struct Side {
    bool ran = false;
    bool built = false;
    std::string candidate{};
    std::vector<SuiteOnTree> suites{};
  };
  struct Sides {
    std::vector<SuiteOnTree> base;
    std::vector<SuiteOnTree> change;
    Side restored;                                       // the change with the base's tests
    Side demanded;                                       // the base with the change's tests
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
    TRY_INTO(Tree tree, build(job, request, stop));
    if (!tree.built && !request.env.empty()) {
      // Not every build bears to be measured.
      request.env.clear();
      TRY_INTO(tree, build(job, request, stop));
    }
    if (!tree.built) return Json::object({{"built", false}, {"build_output", tree.output}});
    const harness::Workshop shop = workshop(tree, request);
    SuitesRequest wanted = suites_request(job);
    for (const auto& [path, lines] : changed_lines) wanted.coverage_files.push_back(path);
    job.progress("the change's tests on the change");
    TRY_INTO(sides.change, run_suites(shop, wanted, stop));
    for (SuiteOnTree& one : sides.change) {
      TRY(mark_flaky(shop, wanted, newly_bad(sides.base, one), one, stop));
    }
    charge(job, sides.change);
    TRY(run_restored(job, changes, sides, stop));
    TRY(run_demanded(job, changes, sides, stop));
    return change_result(sides, changed_lines);
  }

  Result<std::map<std::string, std::set<int>>> changed_lines_of(const std::string& name) const {
    TRY_INTO(const Digest digest, parse_digest(name));
    TRY_INTO(const std::string text, world_.blobs.get(digest, kResultsBytesMax));
    TRY_INTO(const Json json, parse_json(text));
    TRY_INTO(proof::Inspection inspection, proof::inspection_from(json));
    return std::move(inspection.changed_lines);
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
  static std::set<std::string> newly_bad(const std::vector<SuiteOnTree>& base,
                                         const SuiteOnTree& one) {
    std::set<std::string> ids = bad_tests(one.run);
    const SuiteOnTree* before = find_suite(base, one.suite.id());
    if (before == nullptr) return ids;
    for (const std::string& known : bad_tests(before->run)) ids.erase(known);
    return ids;
  }

  Result<> run_side(Job& job, const repo::Changes& changes, const SuitesRequest& wanted,
                    const std::vector<SuiteOnTree>& base, Side& side, std::stop_token stop) {
    TRY_INTO(const Digest candidate, store_changes(world_.blobs, changes));
    side.candidate = changes.empty() ? "" : candidate.name();
    const Workspaces::BuildRequest request = build_request(job, side.candidate);
    TRY_INTO(const Tree tree, build(job, request, stop));
    side.ran = true;
    side.built = tree.built;
    if (!side.built) return ok;
    const harness::Workshop shop = workshop(tree, request);
    TRY_INTO(side.suites, run_suites(shop, wanted, stop));
    for (SuiteOnTree& one : side.suites) {
      TRY(mark_flaky(shop, wanted, newly_bad(base, one), one, stop));
    }
    charge(job, side.suites);
    return ok;
  }

  /// The base's tests and judges on the changed product: nobody moves the goalposts.
  Result<> run_restored(Job& job, const repo::Changes& changes, Sides& sides,
                        std::stop_token stop) {
    TRY_INTO(const repo::Repository repository, open_repository(job.base.tree));
    const std::string commit = job.base.tree.string_or("commit", "");
    TRY_INTO(const PartedChange parted, part_change(repository, commit, changes));
    const repo::Changes& taken_back = parted.judges;
    if (taken_back.empty() || sides.base.empty()) return ok;
    SuitesRequest wanted = suites_request(job);
    bool any = false;
    for (const SuiteOnTree& one : sides.base) {
      std::set<std::string>& only = wanted.only[one.suite.id()];
      only = tests_touched(one.run, paths_of(taken_back));
      any = any || !only.empty();
    }
    if (!any) return ok;
    job.progress("the base's tests on the change");
    return run_side(job, parted.product, wanted, sides.base, sides.restored, stop);
  }

  /// The change's tests on the product as it was: what fails there shows what the change does.
  Result<> run_demanded(Job& job, const repo::Changes& changes, Sides& sides,
                        std::stop_token stop) {
    TRY_INTO(const repo::Repository repository, open_repository(job.base.tree));
    const std::string commit = job.base.tree.string_or("commit", "");
    TRY_INTO(const PartedChange parted, part_change(repository, commit, changes));
    std::vector<std::string> present;
    for (const auto& [path, change] : parted.tests) {
      if (change.content) present.push_back(path);
    }
    if (present.empty() || parted.product.empty()) return ok;
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
    sides.asked = wanted.only;
    job.progress("the change's tests on the base");
    return run_side(job, parted.tests, wanted, sides.base, sides.demanded, stop);
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
      change.message = printable_block(change.message, kMessageShownMax);
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
    const SuiteOnTree* demanded = find_suite(sides.demanded.suites, id);
    const auto asked = sides.asked.find(id);
    if (sides.demanded.ran && !sides.demanded.built && asked != sides.asked.end()) {
      // Tests that do not even build without the change pass only with it. Of those that the base
      // had that says little, so they count where there are no others (a suite that is one test).
      std::set<std::string> fresh;
      for (const std::string& test : asked->second) {
        if (base == nullptr || base->run.find(test) == nullptr) fresh.insert(test);
      }
      ids.merge(fresh.empty() ? std::set<std::string>(asked->second) : std::move(fresh));
    }
    if (demanded != nullptr && !demanded->run.environment) {
      harness::SuiteRun wanted = change.run;
      std::erase_if(wanted.tests, [&](const harness::TestResult& test) {
        return !asked->second.contains(test.id);
      });
      for (const harness::TestChange& one : harness::compare(id, demanded->run, wanted)) {
        const bool is_new = base == nullptr || base->run.find(one.test) == nullptr;
        const bool never_loaded =
            one.transition == harness::Transition::added_good && is_new && !demanded->run.complete;
        if (one.transition == harness::Transition::fixed || never_loaded) ids.insert(one.test);
      }
    }
    std::vector<std::string> out(ids.begin(), ids.end());
    if (out.size() > kChangesShownMax) out.resize(kChangesShownMax);
    return out;
  }

  proof::SuiteEvidence evidence_of(const Sides& sides, const SuiteOnTree& change) const {
    const std::string id = change.suite.id();
    const SuiteOnTree* base = find_suite(sides.base, id);
    proof::SuiteEvidence out{
        .id = id,
        .runner = change.suite.runner,
        .why = change.suite.why,
        .ran_base = base != nullptr,
        .ran_change = true,
        .complete_base = base != nullptr && base->run.complete,
        .complete_change = change.run.complete,
        .problem_base = base == nullptr ? "" : base->run.problem,
        .problem_change = change.run.problem,
        .environment = change.run.environment || (base != nullptr && base->run.environment),
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
    if (sides.restored.ran && base != nullptr) compare_restored(sides, *base, out);
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
    const SuiteOnTree* restored = find_suite(sides.restored.suites, base.suite.id());
    if (restored == nullptr) {
      if (!sides.restored.built) {
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

  static Json side_json(const Side& side) {
    if (!side.ran) return {};
    Json out = to_json(side.suites);
    out.set("candidate", side.candidate);
    out.set("built", side.built);
    return out;
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
                                   {"restored", side_json(sides.restored)},
                                   {"demanded", side_json(sides.demanded)}});
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
