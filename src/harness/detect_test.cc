#include <gmock/gmock.h>

#include <map>

#include "harness/recipe.h"

namespace nightjar::harness {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

using Files = std::map<std::string, std::string>;

Recipe recipe_for(const Files& files) {
  TreeFiles tree;
  for (const auto& [path, text] : files) tree.paths.push_back(path);
  tree.read = [&](const std::string& path, std::size_t bytes_max) -> std::optional<std::string> {
    const auto file = files.find(path);
    if (file == files.end() || file->second.size() > bytes_max) return std::nullopt;
    return file->second;
  };
  Result<Recipe> recipe = detect(tree);
  EXPECT_TRUE(recipe) << (recipe ? "" : recipe.error().message);
  return recipe ? *recipe : Recipe{};
}

std::vector<std::string> suites_of(const Recipe& recipe) {
  std::vector<std::string> out;
  for (const Suite& suite : recipe.suites) out.push_back(suite.id());
  return out;
}

TEST(DetectPython, TakesPytestFromItsConfiguration) {
  const Recipe recipe = recipe_for({
      {"pyproject.toml",
       "[project]\nname = \"x\"\n[tool.pytest.ini_options]\ntestpaths = \"tests\"\n"},
      {"src/x/__init__.py", ""},
      {"tests/test_x.py", "def test_a(): pass\n"},
  });

  EXPECT_THAT(suites_of(recipe), ElementsAre("pytest"));
  EXPECT_EQ(recipe.suites[0].why, "pyproject.toml has [tool.pytest]");
  EXPECT_THAT(recipe.toolchains, ElementsAre("python"));
  EXPECT_THAT(recipe.setup, ElementsAre(HasSubstr("python_project.py")));
  EXPECT_THAT(recipe.cache_files, ElementsAre("pyproject.toml"));
  EXPECT_THAT(recipe.env, Contains(Pair("PYTHONPATH", "/work/src:/work:/work/.nightjar/python")));
  EXPECT_EQ(recipe.build, "");
}

TEST(DetectPython, TakesUnittestWhereNothingNamesPytest) {
  const Recipe recipe = recipe_for({
      {"setup.py", "from setuptools import setup\nsetup(name='x')\n"},
      {"x.py", ""},
      {"test_x.py", "import unittest\n\nclass T(unittest.TestCase): pass\n"},
  });

  EXPECT_THAT(suites_of(recipe), ElementsAre("unittest"));
  EXPECT_EQ(recipe.suites[0].why, "test_x.py imports unittest");
}

TEST(DetectPython, TakesPytestForPlainFunctions) {
  const Recipe recipe = recipe_for({{"x.py", ""}, {"test_x.py", "def test_a():\n  assert 1\n"}});

  EXPECT_THAT(suites_of(recipe), ElementsAre("pytest"));
  EXPECT_THAT(recipe.setup, IsEmpty());
}

TEST(DetectPython, TakesDjangosRunnerFromManagePy) {
  const Recipe recipe = recipe_for({
      {"manage.py", "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site.settings')\n"},
      {"polls/tests.py", "from django.test import TestCase\n"},
  });

  ASSERT_THAT(suites_of(recipe), ElementsAre("command"));
  EXPECT_EQ(recipe.suites[0].command, "python3 manage.py test");
}

TEST(DetectPython, FindsPackagesWhereTheManifestPutsThem) {
  const Files tests = {{"tests/test_x.py", "import pytest\n"}};
  Files poetry = tests;
  poetry["pyproject.toml"] =
      "[tool.poetry]\nname = \"x\"\npackages = [{ include = \"x\", from = \"lib\" }]\n";
  poetry["lib/x/__init__.py"] = "";
  Files setup = tests;
  setup["setup.py"] = "setup(package_dir={'': 'python'}, packages=find_packages('python'))\n";
  setup["python/x/__init__.py"] = "";
  Files cfg = tests;
  cfg["setup.cfg"] = "[options]\npackage_dir =\n    = source\n";
  cfg["source/x/__init__.py"] = "";

  EXPECT_THAT(recipe_for(poetry).env["PYTHONPATH"], HasSubstr("/work/lib:/work:"));
  EXPECT_THAT(recipe_for(setup).env["PYTHONPATH"], HasSubstr("/work/python:/work:"));
  EXPECT_THAT(recipe_for(cfg).env["PYTHONPATH"], HasSubstr("/work/source:/work:"));
}

TEST(DetectPython, BuildsExtensionModulesInPlace) {
  const Recipe recipe = recipe_for({
      {"setup.py", "setup(ext_modules=[Extension('x', ['x.c'])])\n"},
      {"x.c", ""},
      {"test_x.py", "import pytest\n"},
  });

  EXPECT_EQ(recipe.build, "python3 setup.py build_ext --inplace");
}

TEST(DetectPython, GivesEachProjectOfAMonorepoItsSuite) {
  const Recipe recipe = recipe_for({
      {"services/a/pyproject.toml", "[project]\nname = \"a\"\n"},
      {"services/a/tests/test_a.py", "import pytest\n"},
      {"services/b/pyproject.toml", "[project]\nname = \"b\"\n"},
      {"services/b/tests/test_b.py", "import pytest\n"},
  });

  EXPECT_THAT(suites_of(recipe), ElementsAre("pytest:services/a", "pytest:services/b"));
  EXPECT_THAT(recipe.setup, Contains(HasSubstr("cd services/a && python3")));
  EXPECT_THAT(recipe.env.at("PYTHONPATH"), HasSubstr("/work/services/b/.nightjar/python"));
}

TEST(DetectC, ConfiguresCmakeWithTheProjectsSwitchesForTests) {
  const Recipe recipe = recipe_for({
      {"CMakeLists.txt",
       "project(x)\noption(X_BUILD_TESTS \"tests\" OFF)\noption(ENABLE_X_TEST \"\" ON)\n"
       "option(X_WERROR \"\" ON)\noption(X_DISABLE_TESTS \"\" OFF)\n"
       "option(X_FUZZ_TEST \"\" OFF)\noption(X_LATEST \"\" OFF)\noption(X_SSL_TESTS \"\" OFF)\n"},
      {"src/x.c", ""},
      {"tests/CMakeLists.txt", "enable_testing()\nadd_test(NAME a COMMAND a)\n"},
  });

  EXPECT_THAT(suites_of(recipe), ElementsAre("ctest"));
  EXPECT_EQ(recipe.suites[0].options.at("build_dir"), "build");
  EXPECT_THAT(recipe.build,
              AllOf(HasSubstr("cmake -S . -B build "), HasSubstr(" -DX_BUILD_TESTS=ON"),
                    HasSubstr(" -DENABLE_X_TEST=ON"), HasSubstr(" -DX_WERROR=OFF"),
                    Not(HasSubstr("DISABLE")), Not(HasSubstr("FUZZ")), Not(HasSubstr("LATEST")),
                    Not(HasSubstr("SSL")), HasSubstr("&& cmake --build build")));
}

TEST(DetectC, LooksForFetchedPartsOnThisMachine) {
  const Recipe recipe = recipe_for({
      {"CMakeLists.txt",
       "project(x)\ninclude(FetchContent)\nFetchContent_Declare(googletest URL x)\n"
       "include(CTest)\n"},
      {"build/readme", ""},
  });

  EXPECT_THAT(recipe.build, HasSubstr("-DFETCHCONTENT_SOURCE_DIR_GOOGLETEST=/usr/src/googletest"));
  EXPECT_EQ(recipe.suites.at(0).options.at("build_dir"), "build-nightjar");
}

TEST(DetectC, PrefersTheBuildThatHasTests) {
  const Recipe recipe = recipe_for({
      {"CMakeLists.txt", "project(x C)\nadd_library(x x.c)\n"},
      {"Makefile", "all: x\nx: x.c\n\tcc x.c\n\ncheck: x\n\t./x\n"},
      {"x.c", ""},
  });

  ASSERT_THAT(suites_of(recipe), ElementsAre("make-check"));
  EXPECT_THAT(recipe.suites[0].options, IsEmpty());
  EXPECT_EQ(recipe.build, "make");
}

TEST(DetectC, PrefersTestsNearTheTop) {
  const Recipe recipe = recipe_for({
      {"Makefile", "test: x\n\t./x\n"},
      {"build/meson/meson.build", "project('x', 'c')\ntest('a', exe)\n"},
      {"tests/test-list.py", "import unittest\n"},
      {"x.c", ""},
  });

  ASSERT_THAT(suites_of(recipe), ElementsAre("make-check"));
  EXPECT_EQ(recipe.suites[0].options.at("target"), "test");
}

TEST(DetectC, KnowsMesonAndItsReport) {
  const Recipe recipe = recipe_for({
      {"meson.build", "project('x', 'c')\nsubdir('test')\n"},
      {"test/meson.build", "test('a', exe)\n"},
      {"x.c", ""},
  });

  ASSERT_THAT(suites_of(recipe), ElementsAre("junit"));
  EXPECT_EQ(recipe.suites[0].options.at("report"), "build/meson-logs/testlog.junit.xml");
  EXPECT_THAT(recipe.build, HasSubstr("meson setup"));
}

TEST(DetectC, MakesConfigureWhereItIsMissing) {
  const Recipe recipe = recipe_for({
      {"configure.ac", "AC_INIT([x], [1])\n"},
      {"Makefile.am", "check_PROGRAMS = t\nTESTS = t\n"},
      {"x.c", ""},
  });

  EXPECT_THAT(suites_of(recipe), ElementsAre("make-check"));
  EXPECT_EQ(recipe.build, "autoreconf -fi && MAKEINFO=true sh ./configure && make");
  EXPECT_THAT(recipe.toolchains, Contains("autotools"));
}

TEST(DetectC, BuildsAndSaysThatThereAreNoTests) {
  const Recipe recipe = recipe_for({{"Makefile", "x: x.c\n\tcc x.c\n"}, {"x.c", ""}});

  EXPECT_THAT(recipe.suites, IsEmpty());
  EXPECT_EQ(recipe.build, "make");
  EXPECT_THAT(recipe.reasons, Contains(HasSubstr("no suite was found")));
}

TEST(DetectGo, TakesEachModule) {
  const Recipe recipe = recipe_for({
      {"go.mod", "module x\n"},
      {"go.sum", ""},
      {"x.go", "package x\n"},
      {"x_test.go", "package x\n"},
      {"tools/go.mod", "module tools\n"},
      {"tools/t.go", "package tools\n"},
      {"cli/go.mod", "module cli\n"},
      {"cli/c_test.go", "package cli\n"},
  });

  EXPECT_THAT(suites_of(recipe), ElementsAre("go", "go:cli"));
  EXPECT_THAT(recipe.cache_files, ElementsAre("go.mod", "go.sum", "cli/go.mod"));
  EXPECT_THAT(recipe.toolchains, ElementsAre("go"));
  EXPECT_THAT(recipe.build, HasSubstr("go build ./..."));
}

TEST(DetectRust, TakesAWorkspaceAsOne) {
  const Recipe recipe = recipe_for({
      {"Cargo.toml", "[workspace]\nmembers = [\"a\"]\n"},
      {"Cargo.lock", ""},
      {"a/Cargo.toml", "[package]\nname = \"a\"\n"},
      {"a/src/lib.rs", "#[test]\nfn t() {}\n"},
      {"fuzz/Cargo.toml", "[package]\nname = \"fuzz\"\n"},
  });

  EXPECT_THAT(suites_of(recipe), ElementsAre("cargo"));
  EXPECT_EQ(recipe.build, "cargo build --offline --locked --workspace");
  EXPECT_THAT(recipe.setup, ElementsAre("cargo fetch --offline --locked"));
}

TEST(DetectNode, CallsTheRunnerThatTheScriptComesDownTo) {
  const Recipe recipe = recipe_for({
      {"package.json", R"({"scripts": {"test": "npm run lint && npm run unit", "lint": "eslint .",
        "unit": "cross-env NODE_ENV=test c8 --reporter=lcov mocha --recursive test/unit"},
        "devDependencies": {"mocha": "1"}})"},
      {"package-lock.json", "{}"},
      {"index.js", ""},
      {"test/a.js", ""},
  });

  ASSERT_THAT(suites_of(recipe), ElementsAre("mocha"));
  EXPECT_EQ(recipe.suites[0].options.at("args"), "--recursive test/unit");
  EXPECT_EQ(recipe.build, "");
  EXPECT_THAT(recipe.setup, ElementsAre(HasSubstr("npm ci --offline")));
  EXPECT_THAT(recipe.cache_files, ElementsAre("package.json", "package-lock.json"));
}

TEST(DetectNode, InstallsNothingForNodesOwnRunnerWithToolsAlone) {
  const Recipe recipe = recipe_for({
      {"package.json",
       R"({"scripts": {"test": "node --test"}, "devDependencies": {"eslint": "9"}})"},
      {"a.test.js", "import test from 'node:test'\n"},
  });

  EXPECT_THAT(suites_of(recipe), ElementsAre("node"));
  EXPECT_THAT(recipe.setup, IsEmpty());
  EXPECT_THAT(recipe.reasons, Contains(HasSubstr("nothing is installed")));
}

TEST(DetectNode, RunsWhatTheTestsNeedBefore) {
  const Recipe recipe = recipe_for({
      {"package.json", R"({"scripts": {"pretest": "tsc -p .", "test": "jest"},
        "devDependencies": {"jest": "30", "typescript": "5"}})"},
      {"src/a.test.ts", ""},
  });

  EXPECT_THAT(suites_of(recipe), ElementsAre("jest"));
  EXPECT_THAT(recipe.build, HasSubstr("tsc -p ."));
}

TEST(DetectNode, GoesIntoWorkspaces) {
  const Recipe recipe = recipe_for({
      {"package.json", R"({"workspaces": ["packages/*"], "scripts": {"test": "turbo run test"}})"},
      {"packages/a/package.json",
       R"({"name": "a", "scripts": {"test": "vitest run"}, "devDependencies": {"vitest": "4"}})"},
      {"packages/a/a.test.ts", ""},
      {"packages/b/package.json", R"({"name": "b", "scripts": {"test": "node test.js"}})"},
      {"packages/b/test.js", ""},
      {"tests/fixtures/c/package.json", R"({"scripts": {"test": "jest"}})"},
  });

  EXPECT_THAT(suites_of(recipe), ElementsAre("vitest:packages/a", "command:packages/b"));
  EXPECT_THAT(recipe.suites[1].command, HasSubstr("node test.js"));
  EXPECT_THAT(recipe.setup, ElementsAre(HasSubstr("npm install --offline")));
}

TEST(DetectNode, SeesTheRunnerBehindAWrapper) {
  const Recipe recipe = recipe_for({
      {"package.json",
       R"({"scripts": {"test": "node fix.js eslint . && node fix.js mocha test/*.js --exit"}})"},
      {"test/a.js", ""},
  });

  ASSERT_THAT(suites_of(recipe), ElementsAre("mocha"));
  EXPECT_EQ(recipe.suites[0].options.at("args"), "test/*.js --exit");
  EXPECT_EQ(recipe.build, "");
}

TEST(DetectNode, GoesByDependenciesAndImportsWithoutAScript) {
  const Recipe by_dependency = recipe_for({
      {"package.json", R"({"scripts": {"test": "echo \"Error: no test specified\" && exit 1"},
        "devDependencies": {"vitest": "4"}})"},
      {"a.test.ts", ""},
  });
  const Recipe by_import = recipe_for({
      {"package.json", "{}"},
      {"test/a.mjs", "import { test } from 'node:test';\n"},
  });

  EXPECT_THAT(suites_of(by_dependency), ElementsAre("vitest"));
  EXPECT_THAT(suites_of(by_import), ElementsAre("node"));
}

TEST(DetectJava, LetsTheParentBuildItsModules) {
  const Recipe recipe = recipe_for({
      {"pom.xml", "<project/>"},
      {"core/pom.xml", "<project/>"},
      {"core/src/test/java/XTest.java", ""},
  });
  const Recipe gradle = recipe_for({
      {"settings.gradle.kts", ""},
      {"build.gradle.kts", ""},
      {"gradlew", ""},
      {"src/test/kotlin/XTest.kt", ""},
  });

  EXPECT_THAT(suites_of(recipe), ElementsAre("maven"));
  EXPECT_EQ(recipe.build, "mvn -o -q -B compile");
  EXPECT_THAT(suites_of(gradle), ElementsAre("gradle"));
  EXPECT_THAT(gradle.build, HasSubstr("sh ./gradlew --offline"));
}

TEST(DetectJava, TakesTheToolAtTheTop) {
  const Recipe recipe = recipe_for({
      {"settings.gradle.kts", ""},
      {"core/src/test/kotlin/ATest.kt", ""},
      {"maven-tests/pom.xml", "<project/>"},
      {"maven-tests/src/test/java/BTest.java", ""},
  });

  EXPECT_THAT(suites_of(recipe), ElementsAre("gradle"));
}

TEST(DetectScripted, TakesEachRubyProject) {
  const Recipe recipe = recipe_for({
      {"Gemfile", ""},
      {"test/a_test.rb", ""},
      {"contrib/Gemfile", ""},
      {"contrib/spec/b_spec.rb", ""},
  });

  EXPECT_THAT(suites_of(recipe), ElementsAre("command", "rspec:contrib"));
}

TEST(Detect, LeavesOutScriptsThatHappenToLookLikeTests) {
  const Recipe beside = recipe_for({
      {"Makefile.PL", ""},
      {"t/a.t", ""},
      {"t/run_test.py", "class R:\n  def test_it(self): pass\n"},
  });
  const Recipe alone = recipe_for({{"run_test.py", "class R:\n  def test_it(self): pass\n"}});

  EXPECT_THAT(suites_of(beside), ElementsAre("tap"));
  EXPECT_THAT(suites_of(alone), ElementsAre("pytest"));
}

TEST(DetectScripted, KnowsPhpRubyPerlAndShell) {
  EXPECT_THAT(suites_of(recipe_for({{"phpunit.xml.dist", ""}, {"src/a.php", ""}})),
              ElementsAre("phpunit"));
  EXPECT_THAT(suites_of(recipe_for({{"Gemfile", ""}, {"spec/a_spec.rb", ""}})),
              ElementsAre("rspec"));
  EXPECT_THAT(suites_of(recipe_for({{"lib/a.rb", ""}, {"test/test_a.rb", ""}})),
              ElementsAre("command"));
  EXPECT_THAT(suites_of(recipe_for({{"test/a.bats", ""}, {"a.sh", ""}})), ElementsAre("bats"));
  EXPECT_THAT(suites_of(recipe_for({{"lib/a.rb", ""}, {"test/spec_a.rb", ""}})),
              ElementsAre("command"));
  const Recipe perl = recipe_for({{"Makefile.PL", ""}, {"lib/A.pm", ""}, {"t/01.t", ""}});
  EXPECT_THAT(suites_of(perl), ElementsAre("tap"));
  EXPECT_EQ(perl.build, "perl Makefile.PL && make");
}

TEST(Detect, ReturnsAllSuitesWithTheLargestPartFirst) {
  const Recipe recipe = recipe_for({
      {"pyproject.toml", "[tool.pytest.ini_options]\n"},
      {"a.py", ""},
      {"b.py", ""},
      {"test_a.py", ""},
      {"go.mod", "module x\n"},
      {"x.go", ""},
      {"x_test.go", ""},
      {"web/package.json", R"({"scripts": {"test": "vitest"}, "dependencies": {"vue": "3"}})"},
      {"Makefile", "test:\n\tpytest\n"},
      {"support/build.gradle", ""},
  });

  EXPECT_THAT(suites_of(recipe), ElementsAre("pytest", "go", "vitest:web"));
  EXPECT_THAT(recipe.setup, Contains(HasSubstr("cd web && npm install")));
  EXPECT_THAT(recipe.build, Not(HasSubstr("gradle")));
}

TEST(Detect, LeavesOutVendoredCodeExamplesAndFixtures) {
  const Recipe recipe = recipe_for({
      {"vendor/a/go.mod", "module a\n"},
      {"vendor/a/a_test.go", ""},
      {"examples/b/package.json", R"({"scripts": {"test": "jest"}})"},
      {"tests/fixtures/c/Cargo.toml", "[package]\n"},
      {"tests/fixtures/c/src/lib.rs", "#[test]\n"},
      {"third_party/gtest/CMakeLists.txt", "project(gtest)\nenable_testing()\n"},
      {"{{cookiecutter.name}}/package.json", R"({"scripts": {"test": "jest"}})"},
  });

  EXPECT_THAT(recipe.suites, IsEmpty());
}

TEST(Detect, NamesSubmodulesThatAreEmpty) {
  const Recipe recipe = recipe_for({
      {".gitmodules",
       "[submodule \"a\"]\n\tpath = vendor/a\n\turl = x\n"
       "[submodule \"b\"]\n\tpath = vendor/b\n"},
      {"vendor/b/x.c", ""},
      {"test_a.py", "import pytest\n"},
  });

  EXPECT_THAT(recipe.reasons, Contains(HasSubstr("empty here are vendor/a")));
}

TEST(Detect, SaysWhatItLookedForWhenItFindsNothing) {
  const Recipe recipe = recipe_for({{"README.md", "hello"}, {"mix.exs", ""}});

  EXPECT_THAT(recipe.suites, IsEmpty());
  EXPECT_THAT(recipe.reasons, ElementsAre(HasSubstr("no suite was found"), HasSubstr("Elixir")));
}

TEST(Detect, SurvivesManifestsThatAreNoText) {
  const std::string noise("\0\xFF[[[{\"\n", 8);
  const Recipe recipe = recipe_for({{"package.json", noise},
                                    {"pyproject.toml", noise},
                                    {"Cargo.toml", noise},
                                    {"go.mod", noise},
                                    {"CMakeLists.txt", noise},
                                    {"composer.json", noise},
                                    {"pnpm-workspace.yaml", noise},
                                    {"Makefile", noise},
                                    {"tests/test_a.py", noise}});

  EXPECT_THAT(recipe.suites, IsEmpty());
}

TEST(Detect, RefusesPathsThatAreNotSorted) {
  const auto recipe = detect({.paths = {"b", "a"}, .read = {}});

  ASSERT_FALSE(recipe);
  EXPECT_EQ(recipe.error().code, ErrorCode::invalid_input);
}

}  // namespace
}  // namespace nightjar::harness
