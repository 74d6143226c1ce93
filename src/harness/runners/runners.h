// Every runner's function; each is in the file of its name (gradle: maven.cc). runners.cc is the
// table.
#pragma once

#include "harness/suite.h"

namespace nightjar::harness {

// Python
Result<SuiteRun> run_pytest(const Workshop&, const SuiteRequest&, std::stop_token);
Result<SuiteRun> run_unittest(const Workshop&, const SuiteRequest&, std::stop_token);

// Compiled languages
Result<SuiteRun> run_ctest(const Workshop&, const SuiteRequest&, std::stop_token);
Result<SuiteRun> run_cargo(const Workshop&, const SuiteRequest&, std::stop_token);
Result<SuiteRun> run_go(const Workshop&, const SuiteRequest&, std::stop_token);

// Programs that say their results
Result<SuiteRun> run_bats(const Workshop&, const SuiteRequest&, std::stop_token);
Result<SuiteRun> run_tap(const Workshop&, const SuiteRequest&, std::stop_token);

// JavaScript
Result<SuiteRun> run_node(const Workshop&, const SuiteRequest&, std::stop_token);
Result<SuiteRun> run_mocha(const Workshop&, const SuiteRequest&, std::stop_token);
Result<SuiteRun> run_jest(const Workshop&, const SuiteRequest&, std::stop_token);
Result<SuiteRun> run_vitest(const Workshop&, const SuiteRequest&, std::stop_token);

// Java and PHP, by their JUnit files
Result<SuiteRun> run_maven(const Workshop&, const SuiteRequest&, std::stop_token);
Result<SuiteRun> run_gradle(const Workshop&, const SuiteRequest&, std::stop_token);
Result<SuiteRun> run_phpunit(const Workshop&, const SuiteRequest&, std::stop_token);

// Ruby
Result<SuiteRun> run_rspec(const Workshop&, const SuiteRequest&, std::stop_token);

// Any project
Result<SuiteRun> run_junit(const Workshop&, const SuiteRequest&, std::stop_token);
Result<SuiteRun> run_make_check(const Workshop&, const SuiteRequest&, std::stop_token);
Result<SuiteRun> run_one_command(const Workshop&, const SuiteRequest&, std::stop_token);

}  // namespace nightjar::harness
