// Each rule, shown to fail on a small bad tree and to pass on its good twin. Words that a rule
// looks for in any text are cut in two here, so that this file obeys it.
#include "tidy/rules.h"

#include <gmock/gmock.h>

#include "tidy/modules.h"
#include "tidy/source_text.h"

namespace nightjar::tidy {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using Files = std::map<std::string, std::string>;

std::vector<Finding> check(Check rule, const Files& files) { return rule(Repository(files)); }

std::string lines(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += "int x;\n";
  return out;
}

const Files kParts = {
    {"cmake/modules.cmake", "set(NIGHTJAR_LAYERS\n  base\n  event,config\n  store)\n"},
    {"src/base/CMakeLists.txt", "nightjar_module(base EXTERNAL crates)\n"},
    {"src/event/CMakeLists.txt", "nightjar_module(event DEPS base)\n"},
    {"src/store/CMakeLists.txt", "nightjar_module(store DEPS base\n  TEST_DEPS event)\n"}};

Files with_parts(Files files) {
  files.insert(kParts.begin(), kParts.end());
  return files;
}

TEST(CodeOf, BlanksCommentsAndLiteralsAndKeepsEveryLine) {
  const std::string code =
      code_of("a; // catch (\n\"try {\" 'x' 1'000 /* throw\n*/ b R\"(c\n)\" d\n");

  EXPECT_EQ(code, "a;           \n\"     \" ' ' 1'000         \n   b R\"  \n \" d\n");
}

TEST(FunctionsOf, MeasuresFunctionsNotClassesAndSeesThroughInitialisers) {
  const auto functions = functions_of(
      "namespace a {\n"
      "#define X {\n"
      "class B : public C {\n"
      "  B(int d = {}) : d_{d}, e_(1) {\n"
      "    for (;;) {\n"
      "    }\n"
      "  }\n"
      "  int d_{0};\n"
      "};\n"
      "const int kTable[] = {1, 2};\n"
      "int f() const noexcept { return 1; }\n"
      "}\n");

  ASSERT_THAT(functions, SizeIs(2));
  EXPECT_EQ(functions[0].lines, 4);
  EXPECT_EQ(functions[1].lines, 1);
  EXPECT_THAT(functions[1].signature, HasSubstr("int f()"));
}

TEST(PartsOf, ReadsDepsAndTestDepsAndNoExternals) {
  const auto parts = parts_of(Repository(kParts));

  EXPECT_THAT(parts.at("base").deps, IsEmpty());
  EXPECT_THAT(parts.at("store").deps, ElementsAre("base"));
  EXPECT_THAT(parts.at("store").test_deps, ElementsAre("event"));
}

TEST(CheckIncludes, RefusesAPartThatIsNotInDeps) {
  const auto bad =
      check(check_includes, with_parts({{"src/store/a.cc", "\n#include \"event/event.h\"\n"}}));
  const auto good =
      check(check_includes, with_parts({{"src/store/a.cc", "#include \"base/id.h\"\n"},
                                        {"src/store/a_test.cc", "#include \"event/event.h\"\n"},
                                        {"src/store/a_bench.cc", "#include \"bench/report.h\"\n"},
                                        {"src/store/b.cc", "#include \"store/b.h\"\n"}}));

  ASSERT_THAT(bad, SizeIs(1));
  EXPECT_EQ(bad[0].line, 2);
  EXPECT_THAT(bad[0].what, HasSubstr("event is not in the DEPS of store"));
  EXPECT_THAT(good, IsEmpty()) << text_of(good);
}

TEST(CheckIncludes, RefusesFakesInTheProgramAndPartsThatAreNotDeclared) {
  const auto fake = check(check_includes,
                          with_parts({{"src/store/a.cc", "#include \"base/testing/clock.h\"\n"}}));
  const auto undeclared = check(check_includes, with_parts({{"src/odd/a.cc", ""}}));
  const auto bare = check(check_includes, with_parts({{"src/store/a.cc", "#include \"a.h\"\n"}}));

  EXPECT_THAT(fake, SizeIs(1));
  EXPECT_THAT(undeclared, SizeIs(1));
  EXPECT_THAT(bare, SizeIs(1));
}

TEST(CheckIncludes, RefusesThatTheCommandLineLinksMoreThanTheService) {
  const auto findings =
      check(check_includes, {{"cmake/modules.cmake", "set(NIGHTJAR_LAYERS store cli)"},
                             {"src/cli/CMakeLists.txt", "nightjar_module(cli DEPS store)"}});

  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_THAT(findings[0].what, HasSubstr("go through api"));
}

TEST(CheckThirdParty, AllowsALibraryInItsAdapterAlone) {
  const std::vector<std::pair<std::string, std::string>> library_and_adapter = {
      {"nlohmann/json.hpp", "src/base/json.cc"},     {"sqlite3.h", "src/store/sqlite/journal.cc"},
      {"git2.h", "src/repo/repository.cc"},          {"toml++/toml.h", "src/config/toml.cc"},
      {"yaml-cpp/yaml.h", "src/scenario/yaml.cc"},   {"re2/re2.h", "src/scenario/expect.cc"},
      {"tree_sitter/api.h", "src/reason/syntax.cc"}, {"seccomp.h", "src/sandbox/seccomp.cc"}};

  for (const auto& [header, adapter] : library_and_adapter) {
    const std::string include = "#include <" + header + ">\n";
    EXPECT_THAT(check(check_third_party, {{"src/agent/a.cc", include}}), SizeIs(1)) << header;
    EXPECT_THAT(check(check_third_party, {{adapter, include}}), IsEmpty()) << header;
  }
  const std::string gtest = "#include <gtest/gtest.h>\n";
  EXPECT_THAT(check(check_third_party, {{"src/agent/a.cc", gtest}}), SizeIs(1));
  EXPECT_THAT(check(check_third_party, {{"src/agent/a_test.cc", gtest}}), IsEmpty());
}

TEST(CheckFirstInclude, WantsTheOwnHeaderFirstAndPragmaOnce) {
  const auto bad =
      check(check_first_include,
            {{"src/a/b.h", "int x;\n"}, {"src/a/b.cc", "#include <set>\n#include \"a/b.h\"\n"}});
  const auto good = check(check_first_include, {{"src/a/b.h", "#pragma once\n"},
                                                {"src/a/b.cc", "// Why.\n#include \"a/b.h\"\n"}});

  EXPECT_THAT(bad, SizeIs(2));
  EXPECT_THAT(good, IsEmpty());
}

TEST(CheckBannedCode, FindsEachBannedConstruct) {
  const std::vector<std::string> bans = {
      "try {",
      "} catch (const E& e) {",
      "throw 1;",
      "co_await x;",
      "std::mutex m;",
      "std::condition_variable c;",
      "std::this_thread::sleep_for(x);",
      "usleep(1);",
      "worker.detach();",
      "delete pointer;",
      "GTEST_"
      "SKIP();",
      "TEST(A, DISABLED_"
      "B) {",
      "system(x);",
      "int x;  // NOLINT(some-check)",
  };

  for (const std::string& code : bans) {
    EXPECT_THAT(check(check_banned_code, {{"src/agent/a.cc", code + "\n"}}), SizeIs(1)) << code;
  }
  EXPECT_THAT(check(check_banned_code, {{"src/agent/a.h", "using namespace std;\n"}}), SizeIs(1));
}

TEST(CheckBannedCode, AllowsWhatHasItsPlace) {
  const auto findings =
      check(check_banned_code, {{"src/base/json.cc", "try { } catch (const E&) { }\n"},
                                {"src/base/guarded.h", "std::mutex mutex_;\n"},
                                {"src/agent/a.cc",
                                 "// throw it away; \"catch (\"\nX(const X&) = delete;\n"
                                 "int x;  // NOLINT(some-check): because.\n"},
                                {"src/agent/a_test.cc", "using namespace std;\n"},
                                {"src/net/a.cc", "co_await x;\n"}});

  EXPECT_THAT(findings, IsEmpty()) << text_of(findings);
}

TEST(CheckEffectGate, RefusesPerformOutsideOfTheGate) {
  const std::string call = "performer->second->perform(request, stop);\n";

  EXPECT_THAT(check(check_effect_gate, {{"src/factory/engine.cc", call}}), SizeIs(1));
  EXPECT_THAT(check(check_effect_gate, {{"src/agent/a.cc", "x.perform(y);\n"}}), SizeIs(1));
  EXPECT_THAT(check(check_effect_gate, {{"apps/nightjar/main.cc", "x .perform(y);\n"}}), SizeIs(1));
  EXPECT_THAT(check(check_effect_gate, {{"src/factory/effects.cc", call}}), IsEmpty());
  EXPECT_THAT(check(check_effect_gate, {{"src/factory/effects_test.cc", call}}), IsEmpty());
}

TEST(CheckEffectGate, RefusesThatTheFactoryReachesTheWorldBesideTheGate) {
  const std::vector<std::string> calls = {"scenario::run_scenarios(launcher, spec);",
                                          "reason::search_repair(launcher, input);",
                                          "harness::build_and_test(launcher, input);",
                                          "repository->write_branch(request);",
                                          "world_.launcher.open(spec);",
                                          "(*launcher)->open(spec);"};

  for (const std::string& call : calls) {
    EXPECT_THAT(check(check_effect_gate, {{"src/factory/engine.cc", call}}), SizeIs(1)) << call;
    EXPECT_THAT(check(check_effect_gate, {{"src/factory/effects_run.cc", call}}), IsEmpty())
        << call;
    EXPECT_THAT(check(check_effect_gate, {{"src/reason/search.cc", call}}), IsEmpty()) << call;
  }
}

TEST(CheckTests, RefusesATestFileWithoutAssertionsAndAFuzzerWithoutCorpus) {
  const auto bad = check(
      check_tests,
      {{"src/a/a_test.cc", "TEST(A, B) { /* EXPECT_EQ(1, 1) */ }\n"}, {"src/a/b_fuzz.cc", ""}});
  const auto good = check(check_tests, {{"src/a/a_test.cc", "TEST(A, B) { EXPECT_EQ(1, 1); }\n"},
                                        {"src/a/b_fuzz.cc", ""},
                                        {"src/a/b_corpus/seed", "x"}});

  EXPECT_THAT(bad, SizeIs(2));
  EXPECT_THAT(good, IsEmpty());
}

TEST(CheckSizes, KnowsTheLimitOfEachKindOfFile) {
  EXPECT_THAT(check(check_sizes, {{"src/a/a.cc", lines(801)}}), SizeIs(1));
  EXPECT_THAT(check(check_sizes, {{"src/a/a.cc", lines(800)}}), IsEmpty());
  EXPECT_THAT(check(check_sizes, {{"src/a/a.h", lines(251)}}), SizeIs(1));
  EXPECT_THAT(check(check_sizes, {{"src/a/a.h", lines(250)}}), IsEmpty());
  EXPECT_THAT(check(check_sizes, {{"src/a/a_test.cc", lines(1201)}}), SizeIs(1));
  EXPECT_THAT(check(check_sizes, {{"src/a/a_test.cc", lines(1200)}}), IsEmpty());
}

TEST(CheckSizes, LimitsFunctionsAndLines) {
  const std::string wide(101, 'x');
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "\xC3\xBC";

  EXPECT_THAT(check(check_sizes, {{"src/a/a.cc", "void f() {\n" + lines(69) + "}\n"}}), SizeIs(1));
  EXPECT_THAT(check(check_sizes, {{"src/a/a.cc", "void f() {\n" + lines(68) + "}\n"}}), IsEmpty());
  EXPECT_THAT(check(check_sizes, {{"src/a/a.cc", "// " + wide + "\n"}}), SizeIs(1));
  EXPECT_THAT(check(check_sizes, {{"src/a/a.cc", umlauts + "\n"}}), IsEmpty());
}

TEST(CheckUnfinished, FindsWordsOfUnfinishedWork) {
  for (const std::string word : {"FIX"
                                 "ME",
                                 "X"
                                 "XX",
                                 "good enough for "
                                 "now",
                                 "not imple"
                                 "mented",
                                 "a place"
                                 "holder",
                                 "coming "
                                 "soon"}) {
    EXPECT_THAT(check(check_unfinished, {{"src/a/a.cc", "// " + word + "\n"}}), SizeIs(1)) << word;
    EXPECT_THAT(check(check_unfinished, {{"docs/a.md", word + "\n"}}), SizeIs(1)) << word;
  }
  const std::string todo =
      "TO"
      "DO";
  EXPECT_THAT(check(check_unfinished, {{"src/a/a.cc", "// " + todo + ": later\n"}}), SizeIs(1));
  EXPECT_THAT(check(check_unfinished, {{"src/a/a.cc", "// " + todo + "(limit): at 10 MB.\n"}}),
              IsEmpty());
  EXPECT_THAT(check(check_unfinished, {{"src/a/a.cc",
                                        "mkdtemp(\"/tmp/aXXXX"
                                        "XX\");\n"}}),
              IsEmpty());
}

TEST(CheckMachinePaths, FindsPathsOfOneMachine) {
  for (const std::string path : {"/ho"
                                 "me/ann/x",
                                 "/ro"
                                 "ot/.ssh",
                                 "/wo"
                                 "rk/main/src"}) {
    EXPECT_THAT(check(check_machine_paths, {{"src/a/a.cc", "\"" + path + "\"\n"}}), SizeIs(1))
        << path;
    EXPECT_THAT(check(check_machine_paths, {{"dev", "cd " + path + "\n"}}), SizeIs(1)) << path;
  }
  EXPECT_THAT(check(check_machine_paths, {{"src/a/a_test.cc",
                                           "\"/ho"
                                           "me/ann\"\n"}}),
              IsEmpty());
  EXPECT_THAT(check(check_machine_paths, {{"src/a/a.cc",
                                           "\"$XDG/ho"
                                           "me/x\"\n"}}),
              IsEmpty());
}

TEST(CheckNames, RefusesFilesWithoutANoun) {
  for (const std::string path :
       {"src/a/utils.cc", "src/common/a.h", "src/a/run_manager.cc", "src/a/B.cc"}) {
    EXPECT_THAT(check(check_names, {{path, ""}}), SizeIs(1)) << path;
  }
  EXPECT_THAT(check(check_names, {{"src/a/run_view.cc", ""}}), IsEmpty());
}

TEST(CheckModuleTable, ComparesTheTableWithCMake) {
  const std::string head =
      "# T\n\n## Parts\n\n| layer | part | promise | DEPS |\n|---|---|---|---|\n";
  const std::string good =
      "| 0 | `base` | p | |\n| 1 | `event` | p | `base` |\n| 2 | `store` | p | `base` |\n";
  const std::string wrong_deps =
      "| 0 | `base` | p | |\n| 1 | `event` | p | |\n| 2 | `store` | p | `base` |\n";
  const std::string wrong_layer =
      "| 0 | `base` | p | |\n| 2 | `event` | p | `base` |\n| 2 | `store` | p | `base` |\n";
  const auto findings = [&](const std::string& rows) {
    return check(check_module_table, with_parts({{"docs/ARCHITECTURE.md", head + rows}}));
  };

  EXPECT_THAT(findings(good), IsEmpty());
  EXPECT_THAT(findings(wrong_deps), SizeIs(1));
  EXPECT_THAT(findings(wrong_layer), SizeIs(1));
  EXPECT_THAT(findings(good + "| 3 | `ghost` | p | `base` |\n"), SizeIs(1));
  EXPECT_THAT(findings("| 0 | `base` | p | |\n"), SizeIs(2));
}

TEST(CheckDocumentPaths, RefusesPathsThatDoNotExist) {
  const Files files = with_parts({{"docs/a.md",
                                   "# T\n`src/store/gone.cc` `store/gone.h` `tests/*/x.cc`\n"
                                   "`src/store/` `base/CMakeLists.txt` `src/*/CMakeLists.txt`\n"
                                   "`src/{base,store}/CMakeLists.txt` `specs/*.md` `a/b`\n"
                                   "```\n`src/in_a_fence.cc`\n```\n"}});

  const auto findings = check(check_document_paths, files);

  EXPECT_THAT(findings, SizeIs(3)) << text_of(findings);
  EXPECT_THAT(findings, Each(Field(&Finding::line, 2)));
}

TEST(CheckInvariants, WantsATestThatExistsForEach) {
  const Files tests = {
      {"src/a/a_test.cc", "TEST(Journal, KeepsWhatItTook) {\nTEST_F(Gate, Refuses) {\n"}};
  const auto findings = [&](const std::string& rows) {
    Files files = tests;
    files["docs/ARCHITECTURE.md"] =
        "# T\n\n## Invariants\n\n| invariant | test |\n|---|---|\n" + rows;
    return check(check_invariants, files);
  };

  EXPECT_THAT(findings("| a | `Journal.KeepsWhatItTook`, `Gate.Refuses` |\n"), IsEmpty());
  EXPECT_THAT(findings("| a | `Journal.Gone` |\n"), SizeIs(1));
  EXPECT_THAT(findings("| a | we hope |\n"), SizeIs(1));
}

TEST(CheckTitles, WantsExactlyOne) {
  EXPECT_THAT(check(check_titles, {{"docs/a.md", "# A\n```\n# b\n```\n## C\n"}}), IsEmpty());
  EXPECT_THAT(check(check_titles, {{"docs/a.md", "# A\n# B\n"}}), SizeIs(1));
  EXPECT_THAT(check(check_titles, {{"README.md", "## A\n"}}), SizeIs(1));
}

TEST(CheckLinks, FindsDeadFilesAndAnchors) {
  const Files files = {{"docs/a.md",
                        "# A title, here\n[x](b.md) [x](../README.md#words) [x](#a-title-here) "
                        "[x](https://x.org/y)\n"
                        "[x](gone.md) [x](b.md#gone)\n"},
                       {"docs/b.md", "# B\n"},
                       {"README.md", "# R\n## Words\n[x](docs/a.md) [x](docs)\n"}};

  const auto findings = check(check_links, files);

  ASSERT_THAT(findings, SizeIs(2)) << text_of(findings);
  EXPECT_THAT(findings, Each(Field(&Finding::line, 3)));
}

TEST(FindingsOf, LeavesOutWhatAnExceptionCoversAndTellsTheStaleOnes) {
  const Repository repository(Files{{"src/a/a.cc", "throw 1;\nusleep(1);\n"}});
  const Rule rule = {"banned_code", check_banned_code};
  const std::vector<Exception> exceptions = {{"banned_code", "src/a/a.cc", "sleep", "a reason"},
                                             {"banned_code", "src/a/b.cc", "", "a reason"}};

  const auto findings = findings_of(rule, repository, exceptions);
  const auto unused = stale({rule}, repository, exceptions);

  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_THAT(findings[0].what, HasSubstr("throw"));
  ASSERT_THAT(unused, SizeIs(1));
  EXPECT_EQ(unused[0].path, "src/a/b.cc");
}

}  // namespace
}  // namespace nightjar::tidy
