#include "factory/suite_runs.h"

#include <algorithm>

namespace nightjar::factory {

Json to_json(const std::vector<SuiteOnTree>& suites) {
  Json rows = Json::array();
  for (const SuiteOnTree& one : suites) {
    rows.push(
        Json::object({{"suite", harness::to_json(one.suite)}, {"run", harness::to_json(one.run)}}));
  }
  return Json::object({{"suites", std::move(rows)}});
}

Result<std::vector<SuiteOnTree>> suites_on_tree_from(const Json& json) {
  const Json* rows = json.find("suites");
  if (rows == nullptr || !rows->is_array()) return {ErrorCode::corrupt, "no results of suites"};
  std::vector<SuiteOnTree> suites;
  for (const Json& row : rows->as_array()) {
    const Json* suite = row.find("suite");
    const Json* run = row.find("run");
    if (suite == nullptr || run == nullptr) return {ErrorCode::corrupt, "results without a suite"};
    SuiteOnTree one;
    TRY_INTO(one.suite, harness::suite_from(*suite));
    TRY_INTO(one.run, harness::suite_run_from(*run));
    suites.push_back(std::move(one));
  }
  return suites;
}

Result<std::vector<SuiteOnTree>> run_suites(const harness::Workshop& workshop,
                                            const SuitesRequest& request, std::stop_token stop) {
  std::vector<SuiteOnTree> all;
  for (const harness::Suite& suite : request.suites) {
    harness::SuiteRequest one{.suite = suite,
                              .limits = request.limits,
                              .parallel = request.parallel,
                              .coverage_files = request.coverage_files};
    if (const auto only = request.only.find(suite.id()); only != request.only.end()) {
      if (only->second.empty()) continue;
      one.only.assign(only->second.begin(), only->second.end());
    }
    TRY_INTO(harness::SuiteRun run, harness::run_suite(workshop, one, stop));
    if (stop.stop_requested()) return {ErrorCode::cancelled, "stopped"};
    all.push_back({.suite = suite, .run = std::move(run)});
  }
  return all;
}

Result<> mark_flaky(const harness::Workshop& workshop, const SuitesRequest& request,
                    const std::set<std::string>& ids, SuiteOnTree& one, std::stop_token stop) {
  using Order = harness::SuiteRequest::Order;
  if (ids.empty()) return ok;
  for (const Order order : {Order::as_is, Order::reversed}) {
    harness::SuiteRequest again{.suite = one.suite,
                                .limits = request.limits,
                                .only = {ids.begin(), ids.end()},
                                .order = order,
                                .parallel = request.parallel};
    TRY_INTO(const harness::SuiteRun run, harness::run_suite(workshop, again, stop));
    if (stop.stop_requested()) return {ErrorCode::cancelled, "stopped"};
    one.run.wall_ms += run.wall_ms;
    one.run.cpu_ms += run.cpu_ms;
    for (harness::TestResult& test : one.run.tests) {
      if (!ids.contains(test.id)) continue;
      const harness::TestResult* seen = run.find(test.id);
      if (seen != nullptr && harness::is_good(seen->outcome) != harness::is_good(test.outcome)) {
        test.flaky = true;
      }
    }
  }
  return ok;
}

const SuiteOnTree* find_suite(const std::vector<SuiteOnTree>& suites, const std::string& id) {
  const auto found = std::find_if(suites.begin(), suites.end(),
                                  [&](const SuiteOnTree& one) { return one.suite.id() == id; });
  return found == suites.end() ? nullptr : &*found;
}

std::set<std::string> bad_tests(const harness::SuiteRun& run) {
  std::set<std::string> bad;
  for (const harness::TestResult& test : run.tests) {
    if (harness::is_bad(test.outcome)) bad.insert(test.id);
  }
  return bad;
}

std::set<std::string> tests_touched(const harness::SuiteRun& run,
                                    const std::vector<std::string>& touched) {
  std::set<std::string> holding;  // files with tests
  for (const harness::TestResult& test : run.tests) holding.insert(test.file);
  const std::set<std::string> wanted(touched.begin(), touched.end());
  const bool known = !holding.contains("") &&
                     std::all_of(touched.begin(), touched.end(),
                                 [&](const std::string& path) { return holding.contains(path); });
  std::set<std::string> ids;
  for (const harness::TestResult& test : run.tests) {
    if (!known || wanted.contains(test.file)) ids.insert(test.id);
  }
  return ids;
}

}  // namespace nightjar::factory
