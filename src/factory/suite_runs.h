// The suites of a recipe on one tree: run, and run again where they disagree with themselves.
//
// Threads: the caller's; runners use threads of their own. Errors: those of harness::run_suite.
#pragma once

#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "harness/compare.h"
#include "harness/recipe.h"
#include "harness/suite.h"

namespace nightjar::factory {

struct SuiteOnTree {
  harness::Suite suite;
  harness::SuiteRun run;
};
Json to_json(const std::vector<SuiteOnTree>& suites);
Result<std::vector<SuiteOnTree>> suites_on_tree_from(const Json& json);

struct SuitesRequest {
  std::vector<harness::Suite> suites;
  harness::CommandLimits limits;
  int parallel = 1;
  std::vector<std::string> coverage_files{};
  /// Ids to run, by suite; a suite that is absent runs whole, one with an empty set not at all.
  std::map<std::string, std::set<std::string>> only{};
};

Result<std::vector<SuiteOnTree>> run_suites(const harness::Workshop& workshop,
                                            const SuitesRequest& request, std::stop_token stop);

/// Runs `ids` twice more, the last time in reversed order, and marks those that disagree.
Result<> mark_flaky(const harness::Workshop& workshop, const SuitesRequest& request,
                    const std::set<std::string>& ids, SuiteOnTree& one, std::stop_token stop);

const SuiteOnTree* find_suite(const std::vector<SuiteOnTree>& suites, const std::string& id);
std::set<std::string> bad_tests(const harness::SuiteRun& run);

/// Tests that may behave differently when `touched` files of tests change: those in these files, or
/// all when one of the files is not known to hold tests (a helper, a fixture).
std::set<std::string> tests_touched(const harness::SuiteRun& run,
                                    const std::vector<std::string>& touched);

}  // namespace nightjar::factory
