#include "harness/paths.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "base/check.h"

namespace nightjar::harness {
namespace {

/// A pattern without '/' is matched with the file's name, one that ends with '/' with each folder
/// on the way, any other with the end of the path. A leading '/' ties it to the project's top. '*'
/// stands for any run of characters but '/'.
struct Row {
  PathKind kind;
  std::string_view pattern;
};

using enum PathKind;

// The first row that fits decides, so the order of kinds is the order of trust: what somebody else
// wrote, what a program wrote, what judges, what tests, what steers, what explains.
constexpr auto kRows = std::to_array<Row>({
    {vendored, "vendor/"},
    {vendored, "vendors/"},
    {vendored, "_vendor/"},
    {vendored, "vendored/"},
    {vendored, "node_modules/"},
    {vendored, "bower_components/"},
    {vendored, "third_party/"},
    {vendored, "third-party/"},
    {vendored, "thirdparty/"},
    {vendored, "3rdparty/"},
    {vendored, "3rd_party/"},
    {vendored, "*/googletest/"},
    {vendored, "googletest-*/"},
    {vendored, "/external/"},
    {vendored, "/extern/"},
    {vendored, "/subprojects/"},
    {vendored, "Godeps/"},
    {vendored, "Pods/"},
    {vendored, "site-packages/"},
    {vendored, "/.yarn/"},

    {generated, "__pycache__/"},
    {generated, "*.egg-info/"},
    {generated, "*.dist-info/"},
    {generated, ".next/"},
    {generated, ".nyc_output/"},
    {generated, "*.pyc"},
    {generated, "*.min.js"},
    {generated, "*.min.css"},
    {generated, "*.js.map"},
    {generated, "*.css.map"},
    {generated, "dist/*.js"},
    {generated, "dist/*.cjs"},
    {generated, "dist/*.mjs"},
    {generated, "dist/*.css"},
    {generated, "*_pb2.py"},
    {generated, "*_pb2.pyi"},
    {generated, "*_pb2_grpc.py"},
    {generated, "*.pb.go"},
    {generated, "*.pb.cc"},
    {generated, "*.pb.h"},
    {generated, "*.pb.validate.go"},
    {generated, "zz_generated*"},
    {generated, "*_generated.*"},
    {generated, "*.generated.*"},
    {generated, "*.g.dart"},
    {generated, "*.freezed.dart"},
    {generated, "*.designer.cs"},
    {generated, "*.tab.c"},
    {generated, "*.tab.h"},
    {generated, "lex.yy.c"},
    {generated, "aclocal.m4"},

    {lock, "package-lock.json"},
    {lock, "npm-shrinkwrap.json"},
    {lock, "yarn.lock"},
    {lock, "pnpm-lock.yaml"},
    {lock, "bun.lock"},
    {lock, "bun.lockb"},
    {lock, "deno.lock"},
    {lock, "Cargo.lock"},
    {lock, "go.sum"},
    {lock, "go.work.sum"},
    {lock, "poetry.lock"},
    {lock, "pdm.lock"},
    {lock, "uv.lock"},
    {lock, "pylock.toml"},
    {lock, "pylock.*.toml"},
    {lock, "Pipfile.lock"},
    {lock, "pixi.lock"},
    {lock, "conda-lock.yml"},
    {lock, "Gemfile.lock"},
    {lock, "gems.locked"},
    {lock, "composer.lock"},
    {lock, "cpanfile.snapshot"},
    {lock, "*.lockfile"},
    {lock, "packages.lock.json"},
    {lock, "mix.lock"},
    {lock, "rebar.lock"},
    {lock, "flake.lock"},
    {lock, "pubspec.lock"},
    {lock, "Podfile.lock"},
    {lock, "Package.resolved"},
    {lock, "conan.lock"},
    {lock, "MODULE.bazel.lock"},
    {lock, ".terraform.lock.hcl"},

    {judge, "nightjar.toml"},
    {judge, ".nightjar/"},  // what set-ups leave lies there, below the sources
    {judge, "/specs/"},
    {judge, "/scenarios/"},
    {judge, "/policy/"},
    {judge, "/workflows/"},
    {judge, ".git/"},
    {judge, ".git"},
    {judge, "/.github/workflows/"},
    {judge, "/.github/actions/"},
    {judge, "/.github/scripts/"},
    {judge, "CODEOWNERS"},
    {judge, ".gitlab-ci.yml"},
    {judge, ".gitlab-ci/"},
    {judge, "/.gitlab/"},
    {judge, ".circleci/"},
    {judge, ".travis.yml"},
    {judge, ".travis/"},
    {judge, ".cirrus.yml"},
    {judge, ".cirrus.star"},
    {judge, ".drone.yml"},
    {judge, ".drone.star"},
    {judge, ".woodpecker.yml"},
    {judge, ".woodpecker/"},
    {judge, ".buildkite/"},
    {judge, ".semaphore/"},
    {judge, ".builds/"},
    {judge, ".build.yml"},
    {judge, ".teamcity/"},
    {judge, ".tekton/"},
    {judge, ".zuul.yaml"},
    {judge, ".zuul.d/"},
    {judge, ".ci/"},
    {judge, "/ci/"},
    {judge, "appveyor.yml"},
    {judge, ".appveyor.yml"},
    {judge, "azure-pipelines*.yml"},
    {judge, ".azure-pipelines/"},
    {judge, "bitbucket-pipelines.yml"},
    {judge, "cloudbuild.yaml"},
    {judge, "buildspec.yml"},
    {judge, "Jenkinsfile*"},
    {judge, "codecov.yml"},
    {judge, ".codecov.yml"},
    {judge, ".coveralls.yml"},
    {judge, "sonar-project.properties"},
    {judge, ".mergify.yml"},
    {judge, ".husky/"},
    {judge, ".githooks/"},
    {judge, ".pre-commit-config.yaml"},
    {judge, ".pre-commit-hooks.yaml"},
    {judge, "lefthook.yml"},
    {judge, ".lefthook.yml"},

    {test, "__tests__/"},
    {test, "__mocks__/"},
    {test, "__snapshots__/"},
    {test, "__fixtures__/"},
    {test, "testdata/"},
    {test, "test-data/"},
    {test, "test_data/"},
    {test, "fixtures/"},
    {test, "test/"},
    {test, "tests/"},
    {test, "Test/"},
    {test, "Tests/"},
    {test, "*-test/"},
    {test, "*-tests/"},
    {test, "*_test/"},
    {test, "*_tests/"},
    {test, "test-*/"},
    {test, "tests-*/"},
    {test, "*.Tests/"},
    {test, "*Tests/"},
    {test, "testcases/"},
    {test, "testsuite/"},
    {test, "test_suite/"},
    {test, "test_utils/"},
    {test, "test_helpers/"},
    {test, "testutil/"},
    {test, "testutils/"},
    {test, "unittest/"},
    {test, "unittests/"},
    {test, "androidTest/"},
    {test, "integrationTest/"},
    {test, "testFixtures/"},
    {test, "regress/"},
    {test, "selftest/"},
    {test, "selftests/"},
    {test, "/e2e/"},
    {test, "/cypress/"},
    {test, "spec/"},
    {test, "/features/"},
    {test, "/t/"},
    {test, "/xt/"},
    {test, "conftest.py"},
    {test, "*.t"},
    {test, "*.bats"},
    {test, "*.snap"},
    {test, "*.golden"},
    {test, "*.feature"},
    {test, "doctest_*.py"},
    {test, "*.test-d.ts"},
    {test, "phpunit-bootstrap.php"},

    {config, "Makefile"},
    {config, "makefile"},
    {config, "GNUmakefile"},
    {config, "Makefile.*"},
    {config, "*.mk"},
    {config, "*.mak"},
    {config, "CMakeLists.txt"},
    {config, "*.cmake"},
    {config, "*.cmake.in"},
    {config, "CMakePresets.json"},
    {config, "CMakeUserPresets.json"},
    {config, "configure"},
    {config, "configure.ac"},
    {config, "configure.in"},
    {config, "autogen.sh"},
    {config, "bootstrap.sh"},
    {config, "buildconf"},
    {config, "*.m4"},
    {config, "*.am"},
    {config, "*.pc.in"},
    {config, "meson.build"},
    {config, "meson_options.txt"},
    {config, "meson.options"},
    {config, "BUILD"},
    {config, "BUILD.bazel"},
    {config, "BUILD.gn"},
    {config, "WORKSPACE"},
    {config, "WORKSPACE.bazel"},
    {config, "MODULE.bazel"},
    {config, "*.bzl"},
    {config, ".bazelrc"},
    {config, "SConstruct"},
    {config, "SConscript"},
    {config, "wscript"},
    {config, "xmake.lua"},
    {config, "premake*.lua"},
    {config, "conanfile.*"},
    {config, "vcpkg.json"},
    {config, "justfile"},
    {config, "Justfile"},
    {config, "Taskfile.yml"},
    {config, "Taskfile.yaml"},
    {config, "pyproject.toml"},
    {config, "setup.py"},
    {config, "setup.cfg"},
    {config, "tox.ini"},
    {config, "tox.toml"},
    {config, "noxfile.py"},
    {config, "pytest.ini"},
    {config, ".pytest.ini"},
    {config, "pytest.toml"},
    {config, ".pytest.toml"},
    {config, ".coveragerc"},
    {config, "MANIFEST.in"},
    {config, "*requirements*.txt"},
    {config, "*requirements*.in"},
    {config, "requirements/*.txt"},
    {config, "requirements/*.in"},
    {config, "constraints*.txt"},
    {config, "Pipfile"},
    {config, "environment.yml"},
    {config, "hatch.toml"},
    {config, "pixi.toml"},
    {config, "uv.toml"},
    {config, "dodo.py"},
    {config, "sitecustomize.py"},
    {config, "usercustomize.py"},
    {config, "*.pth"},
    {config, ".python-version"},
    {config, ".node-version"},
    {config, ".nvmrc"},
    {config, ".ruby-version"},
    {config, ".java-version"},
    {config, ".go-version"},
    {config, ".tool-versions"},
    {config, "mise.toml"},
    {config, ".mise.toml"},
    {config, "go.mod"},
    {config, "go.work"},
    {config, "Cargo.toml"},
    {config, "build.rs"},
    {config, "rust-toolchain"},
    {config, "rust-toolchain.toml"},
    {config, ".cargo/"},
    {config, ".config/nextest.toml"},
    {config, "package.json"},
    {config, ".npmrc"},
    {config, ".yarnrc"},
    {config, ".yarnrc.yml"},
    {config, ".pnpmfile.cjs"},
    {config, "pnpm-workspace.yaml"},
    {config, "lerna.json"},
    {config, "nx.json"},
    {config, "turbo.json"},
    {config, "rush.json"},
    {config, "deno.json"},
    {config, "deno.jsonc"},
    {config, "bunfig.toml"},
    {config, "tsconfig*.json"},
    {config, "jsconfig.json"},
    {config, ".babelrc*"},
    {config, ".swcrc"},
    {config, ".mocharc*"},
    {config, ".nycrc*"},
    {config, ".c8rc*"},
    {config, ".taprc"},
    {config, ".jshintrc"},
    {config, "babel.config.*"},
    {config, "jest.config.*"},
    {config, "jest.setup.*"},
    {config, "jest-setup.*"},
    {config, "vitest.*"},
    {config, "vite.config.*"},
    {config, "webpack.config.*"},
    {config, "rollup.config.*"},
    {config, "esbuild.config.*"},
    {config, "karma.conf.*"},
    {config, "ava.config.*"},
    {config, "playwright.config.*"},
    {config, "cypress.config.*"},
    {config, "wdio.conf.*"},
    {config, "gulpfile.*"},
    {config, "Gruntfile.*"},
    {config, "pom.xml"},
    {config, ".mvn/"},
    {config, "mvnw"},
    {config, "mvnw.cmd"},
    {config, "*.gradle"},
    {config, "*.gradle.kts"},
    {config, "gradle.properties"},
    {config, "gradle/"},
    {config, "gradlew"},
    {config, "gradlew.bat"},
    {config, "build.xml"},
    {config, "ivy.xml"},
    {config, "build.sbt"},
    {config, "junit-platform.properties"},
    {config, "META-INF/services/"},
    {config, "phpunit.xml"},
    {config, "phpunit.xml.dist"},
    {config, "phpunit.dist.xml"},
    {config, "composer.json"},
    {config, "Gemfile"},
    {config, "gems.rb"},
    {config, "*.gemspec"},
    {config, "Rakefile"},
    {config, "*.rake"},
    {config, ".rspec"},
    {config, "Makefile.PL"},
    {config, "Build.PL"},
    {config, "cpanfile"},
    {config, "dist.ini"},
    {config, ".proverc"},
    {config, "mix.exs"},
    {config, "rebar.config"},
    {config, "stack.yaml"},
    {config, "*.cabal"},
    {config, "Package.swift"},
    {config, "pubspec.yaml"},
    {config, "*.csproj"},
    {config, "*.sln"},
    {config, "Directory.Build.props"},
    {config, "Dockerfile*"},
    {config, "Containerfile"},
    {config, "docker-compose*"},
    {config, "compose.y*ml"},
    {config, "flake.nix"},
    {config, "shell.nix"},
    {config, "default.nix"},
    {config, ".gitmodules"},
    {config, ".gitattributes"},
    {config, ".env"},
    {config, ".env.*"},

    {docs, "/docs/"},
    {docs, "/doc/"},
    {docs, "/documentation/"},
    {docs, "/man/"},
    {docs, "/website/"},
    {docs, "/examples/"},
    {docs, "/example/"},
    {docs, "/samples/"},
    {docs, "/demo/"},
    {docs, "/demos/"},
    {docs, "*.md"},
    {docs, "*.mdx"},
    {docs, "*.markdown"},
    {docs, "*.rst"},
    {docs, "*.adoc"},
    {docs, "*.asciidoc"},
    {docs, "*.org"},
    {docs, "*.pod"},
    {docs, "*.texi"},
    {docs, "*.rdoc"},
    {docs, "README*"},
    {docs, "CHANGELOG*"},
    {docs, "ChangeLog*"},
    {docs, "CHANGES*"},
    {docs, "HISTORY*"},
    {docs, "NEWS*"},
    {docs, "AUTHORS*"},
    {docs, "CONTRIBUTORS*"},
    {docs, "CONTRIBUTING*"},
    {docs, "CITATION.cff"},
    {docs, "INSTALL"},
});

struct Extension {
  std::string_view ending;
  std::string_view language;  // of language_of_path; empty: source in a language without a runner
};
constexpr auto kExtensions = std::to_array<Extension>({
    {".py", "python"},
    {".pyi", "python"},
    {".pyx", "python"},
    {".pyw", "python"},
    {".c", "c"},
    {".h", "c"},
    {".cc", "c++"},
    {".cpp", "c++"},
    {".cxx", "c++"},
    {".c++", "c++"},
    {".hh", "c++"},
    {".hpp", "c++"},
    {".hxx", "c++"},
    {".ipp", "c++"},
    {".tpp", "c++"},
    {".inl", "c++"},
    {".ixx", "c++"},
    {".go", "go"},
    {".rs", "rust"},
    {".js", "javascript"},
    {".mjs", "javascript"},
    {".cjs", "javascript"},
    {".jsx", "javascript"},
    {".ts", "typescript"},
    {".mts", "typescript"},
    {".cts", "typescript"},
    {".tsx", "typescript"},
    {".java", "java"},
    {".kt", "kotlin"},
    {".kts", "kotlin"},
    {".rb", "ruby"},
    {".rake", "ruby"},
    {".gemspec", "ruby"},
    {".ru", "ruby"},
    {".php", "php"},
    {".phtml", "php"},
    {".sh", "shell"},
    {".bash", "shell"},
    {".bats", "shell"},
    {".zsh", "shell"},
    {".ksh", "shell"},
    {".pl", "perl"},
    {".pm", "perl"},
    {".t", "perl"},
    {".cs", ""},
    {".fs", ""},
    {".swift", ""},
    {".scala", ""},
    {".groovy", ""},
    {".clj", ""},
    {".cljs", ""},
    {".ex", ""},
    {".exs", ""},
    {".erl", ""},
    {".hrl", ""},
    {".hs", ""},
    {".ml", ""},
    {".mli", ""},
    {".lua", ""},
    {".r", ""},
    {".R", ""},
    {".jl", ""},
    {".dart", ""},
    {".zig", ""},
    {".nim", ""},
    {".d", ""},
    {".m", ""},
    {".mm", ""},
    {".f", ""},
    {".f90", ""},
    {".pas", ""},
    {".s", ""},
    {".S", ""},
    {".asm", ""},
    {".cu", ""},
    {".cuh", ""},
    {".el", ""},
    {".lisp", ""},
    {".scm", ""},
    {".tcl", ""},
    {".awk", ""},
    {".ps1", ""},
    {".bat", ""},
    {".fish", ""},
    {".vue", ""},
    {".svelte", ""},
    {".html", ""},
    {".css", ""},
    {".scss", ""},
    {".sass", ""},
    {".less", ""},
    {".sql", ""},
    {".proto", ""},
    {".thrift", ""},
    {".graphql", ""},
    {".y", ""},
    {".yy", ""},
    {".l", ""},
    {".ll", ""},
    {".g4", ""},
    {".peg", ""},
    {".erb", ""},
    {".haml", ""},
    {".jinja", ""},
    {".j2", ""},
    {".tmpl", ""},
    {".twig", ""},
    {".ejs", ""},
    {".hbs", ""},
    {".pug", ""},
    {".coffee", ""},
    {".sol", ""},
});

constexpr auto kBinaryEndings = std::to_array<std::string_view>(
    {".png",   ".jpg", ".jpeg", ".gif", ".ico",    ".webp",  ".bmp", ".tiff", ".pdf",    ".zip",
     ".gz",    ".bz2", ".xz",   ".zst", ".tar",    ".tgz",   ".7z",  ".jar",  ".war",    ".class",
     ".o",     ".a",   ".so",   ".lib", ".dll",    ".dylib", ".exe", ".wasm", ".whl",    ".egg",
     ".crate", ".gem", ".woff", ".ttf", ".woff2",  ".otf",   ".eot", ".mp3",  ".mp4",    ".wav",
     ".ogg",   ".mov", ".db",   ".bin", ".sqlite", ".npy",   ".npz", ".pkl",  ".parquet"});

// What programs write into the first lines of the files they make.
constexpr auto kGeneratedMarks = std::to_array<std::string_view>(
    {"@generated", "Generated by the protocol buffer compiler", "Generated by GNU Autoconf",
     "generated by automake", "A Bison parser, made by GNU Bison",
     "A lexical scanner generated by flex", "Autogenerated by Thrift",
     "This file was automatically generated by", "This file is automatically generated by",
     "Generated by Django", "Automatically generated by SWIG"});

bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t after_star = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      after_star = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos && text[after_star] != '/') {
      p = star + 1;
      t = ++after_star;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string_view name_in(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

/// Whether one folder (or several, where the pattern holds a '/') on the way fits.
bool folder_fits(std::string_view pattern, std::string_view path) {
  pattern.remove_suffix(1);
  const bool from_top = pattern.starts_with('/');
  if (from_top) pattern.remove_prefix(1);
  const auto parts = static_cast<std::size_t>(std::ranges::count(pattern, '/')) + 1;
  for (std::size_t begin = 0; begin != std::string_view::npos && begin < path.size();) {
    std::size_t end = begin;
    for (std::size_t part = 0; part < parts; ++part) {
      end = path.find('/', part == 0 ? end : end + 1);
      if (end == std::string_view::npos) return false;
    }
    if (glob_matches(pattern, path.substr(begin, end - begin))) return true;
    if (from_top) return false;
    begin = path.find('/', begin) + 1;
  }
  return false;
}

bool row_fits(std::string_view pattern, std::string_view path, std::string_view name) {
  if (pattern.ends_with('/')) return folder_fits(pattern, path);
  if (pattern.find('/') == std::string_view::npos) return glob_matches(pattern, name);
  if (pattern.starts_with('/')) return glob_matches(pattern.substr(1), path);
  // As many parts from the end as the pattern has.
  std::size_t begin = path.size();
  for (auto parts = std::ranges::count(pattern, '/') + 1; parts > 0; --parts) {
    begin = begin == 0 ? std::string_view::npos : path.rfind('/', begin - 1);
    if (begin == std::string_view::npos) {
      return parts == 1 && glob_matches(pattern, path);
    }
  }
  return glob_matches(pattern, path.substr(begin + 1));
}

const Extension* extension_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return nullptr;
  const auto found = std::ranges::find(kExtensions, name.substr(dot), &Extension::ending);
  return found == kExtensions.end() ? nullptr : &*found;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return out;
}

bool is_test_word(std::string_view word, std::string_view language) {
  const std::string small = lower(word);
  if (small == "test" || small == "tests" || small == "unittest" || small == "unittests") {
    return true;
  }
  const bool writes_specs =
      language == "javascript" || language == "typescript" || language == "ruby";
  return writes_specs && small == "spec";
}

bool ends_in_word(std::string_view stem, std::string_view word) {
  if (!stem.ends_with(word) || stem.size() <= word.size()) return false;
  const char before = stem[stem.size() - word.size() - 1];
  return std::islower(static_cast<unsigned char>(before)) != 0 ||
         std::isdigit(static_cast<unsigned char>(before)) != 0;
}

/// `FooTest`, `FooTests`, `TestFoo`, `FooIT`, `FooSpec`: how languages with one class a file name
/// their tests.
bool has_test_class_name(std::string_view stem, std::string_view ending) {
  constexpr std::array<std::string_view, 9> kEndings = {
      ".java", ".kt", ".php", ".cs", ".scala", ".swift", ".groovy", ".cpp", ".cc"};
  if (std::ranges::find(kEndings, ending) == kEndings.end()) return false;
  for (const std::string_view word : {"Test", "Tests", "TestCase", "TestSuite", "Spec"}) {
    if (ends_in_word(stem, word)) return true;
  }
  if ((ending == ".java" || ending == ".kt") && ends_in_word(stem, "IT")) return true;
  return stem.starts_with("Test") && stem.size() > 4 &&
         std::isupper(static_cast<unsigned char>(stem[4])) != 0;
}

/// A test by the words of its name: the first or the last of `test_parser.py`, `parser-test.c`,
/// `parser.spec.ts`. A word inside another (`contest`, `latest`) is none.
bool has_test_name(std::string_view path, std::string_view name) {
  const Extension* extension = extension_of(name);
  if (extension == nullptr) return false;
  if (("/" + std::string(path)).find("/src/main/") != std::string::npos) return false;
  std::string_view stem = name.substr(0, name.size() - extension->ending.size());
  if (stem.ends_with(".d")) stem.remove_suffix(2);
  if (has_test_class_name(stem, extension->ending)) return true;
  const std::size_t first_end = stem.find_first_of("_-.");
  const std::size_t last_begin = stem.find_last_of("_-.");
  if (is_test_word(stem.substr(0, first_end), extension->language)) return true;
  return last_begin != std::string_view::npos &&
         is_test_word(stem.substr(last_begin + 1), extension->language);
}

bool is_go_generated(std::string_view head) {
  const std::size_t begin = head.find("// Code generated ");
  if (begin == std::string_view::npos || (begin > 0 && head[begin - 1] != '\n')) return false;
  const std::string_view line = head.substr(begin, head.find('\n', begin) - begin);
  return line.ends_with("DO NOT EDIT.") || line.ends_with("DO NOT EDIT.\r");
}

bool says_generated(std::string_view head) {
  head = head.substr(0, 2048);
  if (is_go_generated(head)) return true;
  return std::ranges::any_of(kGeneratedMarks, [&](std::string_view mark) {
    return head.find(mark) != std::string_view::npos;
  });
}

bool is_binary(std::string_view name, std::string_view head) {
  if (head.find('\0') != std::string_view::npos) return true;
  const std::string small = lower(name);
  return std::ranges::any_of(kBinaryEndings,
                             [&](std::string_view ending) { return small.ends_with(ending); });
}

/// The first row's kind; `other` when none fits.
PathKind kind_by_row(std::string_view path, std::string_view name) {
  for (const Row& row : kRows) {
    // Tests by name come where the rows of tests end.
    if (row.kind == config && has_test_name(path, name)) return test;
    if (row.kind == config || row.kind == docs) break;
    if (row_fits(row.pattern, path, name)) return row.kind;
  }
  for (const Row& row : kRows) {
    if (row.kind != config && row.kind != docs) continue;
    if (row_fits(row.pattern, path, name)) return row.kind;
  }
  return other;
}

}  // namespace

std::string_view name_of(PathKind kind) {
  switch (kind) {
    case source: return "source";
    case test: return "test";
    case judge: return "judge";
    case config: return "config";
    case lock: return "lock";
    case docs: return "docs";
    case generated: return "generated";
    case vendored: return "vendored";
    case binary: return "binary";
    case other: return "other";
  }
  CHECK(false);
}

PathKind kind_of_path(std::string_view path, std::string_view head) {
  const std::string_view name = name_in(path);
  const PathKind kind = kind_by_row(path, name);
  const bool decided = kind == vendored || kind == generated || kind == lock || kind == judge;
  if (decided) return kind;
  // A mark in the text counts less than a name that says "test": a test that prints the mark stays
  // one.
  if (kind != test && says_generated(head)) return generated;
  if (kind != other) return kind;
  if (is_binary(name, head)) return binary;
  if (extension_of(name) != nullptr || head.starts_with("#!")) return source;
  return other;
}

std::string_view language_of_path(std::string_view path) {
  const std::string_view name = name_in(path);
  if (name == "Rakefile" || name == "Gemfile") return "ruby";
  if (name == "Makefile.PL" || name == "Build.PL" || name == "cpanfile") return "perl";
  const Extension* extension = extension_of(name);
  return extension == nullptr ? std::string_view() : extension->language;
}

}  // namespace nightjar::harness
