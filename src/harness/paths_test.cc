#include "harness/paths.h"

#include <gtest/gtest.h>

#include <string>

namespace nightjar::harness {
namespace {

using enum PathKind;

struct Expected {
  PathKind kind;
  std::string_view path;
};

void expect_all(std::initializer_list<Expected> rows) {
  for (const Expected& row : rows) {
    EXPECT_EQ(name_of(kind_of_path(row.path)), name_of(row.kind)) << row.path;
  }
}

TEST(KindOfPath, KnowsPython) {
  expect_all({{source, "src/flask/app.py"},
              {source, "latest.py"},
              {source, "contest.py"},
              {source, "src/numpy/testing.py"},
              {source, "attrs/attestation.py"},
              {test, "tests/conftest.py"},
              {test, "conftest.py"},
              {test, "test_app.py"},
              {test, "app/models_test.py"},
              {test, "polls/tests.py"},
              {test, "tests/data/input.json"},
              {config, "pyproject.toml"},
              {config, "setup.py"},
              {config, "setup.cfg"},
              {config, "tox.ini"},
              {config, "noxfile.py"},
              {config, "requirements-dev.txt"},
              {config, "requirements/dev.in"},
              {config, "src/pkg/sitecustomize.py"},
              {lock, "poetry.lock"},
              {lock, "uv.lock"},
              {vendored, "src/pip/_vendor/rich/text.py"},
              {generated, "api/v1/service_pb2.py"}});
}

TEST(KindOfPath, KnowsCAndCxx) {
  expect_all({{source, "attest.c"},
              {source, "src/lib/util.h"},
              {source, "include/fmt/format.h"},
              {test, "test/format-test.cc"},
              {test, "src/util_unittest.cc"},
              {test, "test_cJSON.c"},
              {test, "src/test-util.c"},
              {test, "src/ParserTest.cpp"},
              {test, "tests/CMakeLists.txt"},
              {config, "CMakeLists.txt"},
              {config, "cmake/FindFoo.cmake"},
              {config, "configure.ac"},
              {config, "src/Makefile.am"},
              {config, "Makefile"},
              {config, "meson.build"},
              {config, "BUILD.bazel"},
              {vendored, "third_party/zlib/inflate.c"},
              {vendored, "test/googletest-1.16.0/src/gtest.cc"},
              {source, "googletest/src/gtest.cc"},
              {generated, "src/parser.tab.c"}});
}

TEST(KindOfPath, KnowsGo) {
  expect_all({{source, "cmd/tool/main.go"},
              {source, "testing/helper.go"},
              {source, "pkg/contest.go"},
              {test, "src/foo_test.go"},
              {test, "testing/helper_test.go"},
              {test, "pkg/testdata/x.json"},
              {test, "internal/testutil/fake.go"},
              {config, "go.mod"},
              {config, "go.work"},
              {lock, "go.sum"},
              {vendored, "vendor/github.com/pkg/errors/errors.go"},
              {generated, "api/service.pb.go"}});
}

TEST(KindOfPath, KnowsRust) {
  expect_all({{source, "src/lib.rs"},
              {source, "crates/core/src/spec.rs"},
              {test, "tests/cli.rs"},
              {test, "src/parser/tests.rs"},
              {config, "Cargo.toml"},
              {config, "build.rs"},
              {config, ".cargo/config.toml"},
              {config, "rust-toolchain.toml"},
              {config, ".config/nextest.toml"},
              {lock, "Cargo.lock"}});
}

TEST(KindOfPath, KnowsJavaScriptAndTypeScript) {
  expect_all({{source, "lib/index.js"},
              {source, "src/App.tsx"},
              {source, "src/spectrum.ts"},
              {test, "__tests__/a.ts"},
              {test, "src/a.test.tsx"},
              {test, "src/a.spec.js"},
              {test, "test/acceptance/auth.js"},
              {test, "src/__snapshots__/a.test.js.snap"},
              {test, "test.js"},
              {config, "package.json"},
              {config, ".npmrc"},
              {config, "jest.config.js"},
              {config, "vitest.config.ts"},
              {config, "packages/a/tsconfig.build.json"},
              {config, ".mocharc.yml"},
              {lock, "package-lock.json"},
              {lock, "yarn.lock"},
              {lock, "pnpm-lock.yaml"},
              {vendored, "node_modules/left-pad/index.js"},
              {generated, "dist/bundle.js"},
              {generated, "public/app.min.js"}});
}

TEST(KindOfPath, KnowsJavaAndKotlin) {
  expect_all({{source, "src/main/java/org/x/Latest.java"},
              {source, "src/main/java/org/x/TestRunner.java"},
              {test, "src/test/java/org/x/ParserTest.java"},
              {test, "src/test/resources/junit-platform.properties"},
              {test, "core/ParserIT.java"},
              {test, "app/src/androidTest/java/A.kt"},
              {config, "pom.xml"},
              {config, ".mvn/maven.config"},
              {config, "build.gradle.kts"},
              {config, "gradle/wrapper/gradle-wrapper.properties"},
              {config, "gradlew"},
              {lock, "gradle.lockfile"}});
}

TEST(KindOfPath, KnowsRubyPhpPerlAndShell) {
  expect_all({{source, "lib/rack/request.rb"},
              {test, "spec/foo_spec.rb"},
              {test, "spec/spec_helper.rb"},
              {test, "test/test_request.rb"},
              {config, "Gemfile"},
              {config, "rack.gemspec"},
              {config, "Rakefile"},
              {config, ".rspec"},
              {lock, "Gemfile.lock"},
              {source, "src/Parser/Lexer.php"},
              {test, "src/ParserTest.php"},
              {test, "tests/bootstrap.php"},
              {config, "phpunit.xml.dist"},
              {config, "composer.json"},
              {lock, "composer.lock"},
              {source, "lib/App/Ack.pm"},
              {test, "t/01-basic.t"},
              {test, "t/lib/Helper.pm"},
              {config, "Makefile.PL"},
              {source, "bin/deploy.sh"},
              {test, "test.bats"},
              {test, "test/helper.bash"}});
}

TEST(KindOfPath, KnowsWhatJudgesAChange) {
  expect_all({{judge, "nightjar.toml"},
              {judge, ".nightjar/python/pytest.py"},
              {judge, "specs/parser.md"},
              {judge, "scenarios/tests/a.yaml"},
              {judge, "policy/main.cedar"},
              {judge, "workflows/repair.dot"},
              {judge, ".github/workflows/ci.yml"},
              {judge, ".github/workflows/test.py"},
              {judge, ".gitlab-ci.yml"},
              {judge, ".circleci/config.yml"},
              {judge, ".pre-commit-config.yaml"},
              {judge, ".husky/pre-push"},
              {judge, "Jenkinsfile"},
              {judge, ".github/CODEOWNERS"},
              {judge, "sub/.git/config"},
              {source, "src/policy/engine.go"},
              {other, ".github/dependabot.yml"},
              {other, ".gitignore"}});
}

TEST(KindOfPath, KnowsDocumentsAndTheRest) {
  expect_all({{docs, "README.md"},
              {docs, "docs/conf.py"},
              {docs, "CHANGES.rst"},
              {docs, "docs/logo.png"},
              {docs, "examples/hello.py"},
              {source, "src/docs/render.go"},
              {binary, "assets/logo.png"},
              {other, "LICENSE"},
              {other, "data/table.csv"},
              {other, ".editorconfig"},
              {other, ""},
              {other, "/"},
              {other, "strange//path"}});
}

TEST(KindOfPath, ReadsTheFirstBytesWhereThePathDoesNotSay) {
  EXPECT_EQ(kind_of_path("bin/tool", "#!/bin/sh\n"), source);
  EXPECT_EQ(kind_of_path("bin/tool"), other);
  EXPECT_EQ(kind_of_path("src/a.py", std::string_view("a\0b", 3)), binary);
  EXPECT_EQ(kind_of_path("blob", std::string_view("a\0b", 3)), binary);
  EXPECT_EQ(kind_of_path("a.go", "// Code generated by mockgen. DO NOT EDIT.\npackage a\n"),
            generated);
  EXPECT_EQ(kind_of_path("a.go", "x = \"// Code generated by mockgen. DO NOT EDIT.\"\n"), source);
  EXPECT_EQ(kind_of_path("configure", "#! /bin/sh\n# Generated by GNU Autoconf 2.71.\n"),
            generated);
  EXPECT_EQ(kind_of_path("tests/test_a.py", "# @generated\n"), test);
}

TEST(LanguageOfPath, GoesByTheEnding) {
  EXPECT_EQ(language_of_path("a/b.py"), "python");
  EXPECT_EQ(language_of_path("a.h"), "c");
  EXPECT_EQ(language_of_path("a.hpp"), "c++");
  EXPECT_EQ(language_of_path("a.tsx"), "typescript");
  EXPECT_EQ(language_of_path("a.mjs"), "javascript");
  EXPECT_EQ(language_of_path("A.kt"), "kotlin");
  EXPECT_EQ(language_of_path("t/a.t"), "perl");
  EXPECT_EQ(language_of_path("Rakefile"), "ruby");
  EXPECT_EQ(language_of_path("x.bats"), "shell");
  EXPECT_EQ(language_of_path(".py"), "");
  EXPECT_EQ(language_of_path("Makefile"), "");
  EXPECT_EQ(language_of_path("a.swift"), "");
}

}  // namespace
}  // namespace nightjar::harness
