#include "harness/detection/script.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/bytes.h"
#include "harness/detection/tree.h"

namespace nightjar::harness::detection {
namespace {

constexpr int kDepthMax = 6;
constexpr std::size_t kScriptBytesMax = 8192;

constexpr auto kPrograms = std::to_array<std::string_view>({"ava",
                                                            "tap",
                                                            "tape",
                                                            "jasmine",
                                                            "uvu",
                                                            "karma",
                                                            "qunit",
                                                            "bun",
                                                            "deno",
                                                            "lab",
                                                            "react-scripts",
                                                            "playwright",
                                                            "cypress",
                                                            "web-test-runner",
                                                            "wtr",
                                                            "zora",
                                                            "brittle",
                                                            "aegir",
                                                            "vue-cli-service",
                                                            "ng",
                                                            "tsx",
                                                            "ts-node",
                                                            "babel-node",
                                                            "esm",
                                                            "airtap",
                                                            "hardhat"});
constexpr auto kLints = std::to_array<std::string_view>(
    {"eslint",     "standard",   "prettier",     "xo",
     "tslint",     "biome",      "oxlint",       "jshint",
     "dtslint",    "tsd",        "markdownlint", "cspell",
     "publint",    "commitlint", "depcheck",     "knip",
     "size-limit", "echo",       "ts-standard",  "semistandard",
     "snazzy",     "stylelint",  "attw",         "npmignore",
     "is-ci",      "flow",       "bundlesize",   "sort-package-json",
     "exit",       "true",       "remark",       "hereby-lint",
     "dpdm",       "madge"});
constexpr auto kElsewhere =
    std::to_array<std::string_view>({"turbo", "lerna", "nx", "rush", "wsrun", "ultra", "wireit"});

/// Commands between `&&`, `||`, `;`, `&` and `|`, with quotes respected.
std::vector<std::string> commands_of(std::string_view script) {
  std::vector<std::string> out(1);
  char quote = 0;
  for (std::size_t i = 0; i < script.size(); ++i) {
    const char c = script[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '\\' && i + 1 < script.size()) {
      out.back() += c;
      ++i;
    } else if (c == '&' || c == '|' || c == ';') {
      const bool redirect = c == '&' && i > 0 && script[i - 1] == '>';
      if (!redirect) {
        out.emplace_back();
        continue;
      }
    }
    out.back() += script[i];
  }
  for (std::string& command : out) command = std::string(trim(command));
  std::erase(out, "");
  return out;
}

/// Words as a shell would see them, their quotes kept.
std::vector<std::string> words_of(std::string_view command) {
  std::vector<std::string> out;
  std::string word;
  char quote = 0;
  for (const char c : command) {
    if (quote == 0 && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
      if (!word.empty()) out.push_back(std::move(word));
      word.clear();
      continue;
    }
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    }
    word += c;
  }
  if (!word.empty()) out.push_back(std::move(word));
  return out;
}

bool is_assignment(std::string_view word) {
  const std::size_t equals = word.find('=');
  return equals != std::string_view::npos && equals > 0 &&
         std::ranges::all_of(word.substr(0, equals), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
         });
}

template <typename List>
bool holds(const List& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

bool holds_word(const std::vector<std::string>& words, std::string_view word) {
  return holds(words, word);
}

class Reader {
 public:
  explicit Reader(const Json& scripts) : scripts_(scripts) {}

  void script(std::string_view name, int depth) {
    if (depth > kDepthMax) return;
    const std::string before = scripts_.string_or("pre" + std::string(name), "");
    for (const std::string& command : commands_of(before.substr(0, kScriptBytesMax))) {
      this->command(command, depth + 1);
    }
    const std::string text = scripts_.string_or(name, "");
    for (const std::string& command : commands_of(text.substr(0, kScriptBytesMax))) {
      this->command(command, depth + 1);
    }
  }

  std::vector<Step> take() { return std::move(steps_); }

 private:
  void command(const std::string& text, int depth) {
    if (steps_.size() >= kStepsMax) return;
    std::vector<std::string> words = words_of(text);
    std::string assignments = strip_wrappers(words);
    if (words.empty()) return;
    if (follow(words, depth)) return;
    Step step = classify(words);
    step.text = assignments + join(words, " ");
    steps_.push_back(std::move(step));
  }

  /// Takes what stands before the program away; returns the variables it sets.
  static std::string strip_wrappers(std::vector<std::string>& words) {
    std::string assignments;
    while (!words.empty()) {
      const std::string first = words.front();
      const std::string name = file_name(first);
      if (is_assignment(first)) {
        assignments += first + " ";
      } else if (name == "npx" || name == "bunx" || name == "pnpx" || name == "cross-env" ||
                 name == "cross-env-shell" || name == "env" || name == "time" || first == "--" ||
                 first == "--no-install" || first == "-y" || first == "--yes") {
        // Nothing of it is needed.
      } else if (name == "c8" || name == "nyc" || name == "istanbul" || name == "dotenv") {
        words.erase(words.begin());
        while (words.size() > 1 && words.front().starts_with('-')) words.erase(words.begin());
        continue;
      } else if ((name == "yarn" || name == "pnpm" || name == "npm") && words.size() > 1 &&
                 words[1] == "exec") {
        words.erase(words.begin());
      } else {
        break;
      }
      words.erase(words.begin());
    }
    return assignments;
  }

  /// A command that runs other scripts of the same package.
  bool follow(const std::vector<std::string>& words, int depth) {
    const std::string& tool = words.front();
    if (tool == "run-s" || tool == "run-p" || tool == "npm-run-all") {
      for (std::size_t i = 1; i < words.size(); ++i) scripts_like(words[i], depth);
      return true;
    }
    const bool manager = tool == "npm" || tool == "yarn" || tool == "pnpm" || tool == "bun";
    if (!manager || words.size() < 2 || runs_elsewhere(words)) return false;
    std::size_t i = 1;
    while (i < words.size() && words[i].starts_with('-')) ++i;
    if (i < words.size() && (words[i] == "run" || words[i] == "run-script")) ++i;
    while (i < words.size() && words[i].starts_with('-')) ++i;
    if (i >= words.size()) return false;
    const std::string name = words[i] == "t" || words[i] == "tst" ? "test" : words[i];
    if (scripts_.find(name) != nullptr) {
      script(name, depth);
      return true;
    }
    if (tool != "npm" && tool != "bun") {  // `yarn jest` runs the program.
      command(join({words.begin() + static_cast<std::ptrdiff_t>(i), words.end()}, " "), depth + 1);
      return depth < kDepthMax;
    }
    return false;
  }

  void scripts_like(std::string name, int depth) {
    while (name.size() > 1 && (name.front() == '"' || name.front() == '\'')) {
      name = name.substr(1, name.size() - 2);
    }
    const std::size_t star = name.find('*');
    if (star == std::string::npos) return script(name, depth);
    if (!scripts_.is_object()) return;
    const std::string prefix = name.substr(0, star);
    for (const auto& [other, text] : scripts_.as_object()) {
      if (other.starts_with(prefix)) script(other, depth);
    }
  }

  static bool runs_elsewhere(const std::vector<std::string>& words) {
    for (const char* flag : {"-r", "--recursive", "-ws", "--workspaces", "workspaces", "workspace",
                             "--workspace", "-w", "--filter", "-F", "--prefix", "-C", "--cwd"}) {
      if (holds_word(words, flag)) return true;
    }
    return std::ranges::any_of(words, [](const std::string& word) {
      return word.starts_with("--workspace=") || word.starts_with("--filter=");
    });
  }

  static Step classify(const std::vector<std::string>& words) {
    Step step;
    const std::string name = file_name(words.front());
    const std::vector<std::string> rest(words.begin() + 1, words.end());
    step.arguments = join(rest, " ");
    const bool manager = name == "npm" || name == "yarn" || name == "pnpm";
    if (holds(kElsewhere, name) || (manager && runs_elsewhere(words))) {
      step.kind = Step::Kind::elsewhere;
    } else if (const std::string runner = runner_in(name); !runner.empty()) {
      step.kind = Step::Kind::runner;
      step.runner = runner;
    } else if (name == "borp") {  // starts node:test, with its own options
      step.kind = Step::Kind::runner;
      step.runner = "node";
      step.arguments.clear();
    } else if (name == "node") {
      classify_node(rest, step);
    } else if (holds(kLints, name) || lints_by_flag(name, rest)) {
      step.kind = Step::Kind::lint;
    } else if (holds(kPrograms, name)) {
      step.kind = Step::Kind::program;
    }
    return step;
  }

  static bool lints_by_flag(const std::string& name, const std::vector<std::string>& rest) {
    if (name == "tsc" || name == "vue-tsc") return holds_word(rest, "--noEmit");
    return name == "npm" && !rest.empty() && (rest[0] == "audit" || rest[0] == "pack");
  }

  static void classify_node(const std::vector<std::string>& rest, Step& step) {
    if (holds_word(rest, "--test")) {
      step.kind = Step::Kind::runner;
      step.runner = "node";
      std::vector<std::string> others = rest;
      std::erase(others, "--test");
      step.arguments = join(others, " ");
      return;
    }
    for (std::size_t i = 0; i < rest.size(); ++i) {
      // Also behind a script that starts it: `node wrapper.js mocha test/`.
      const std::string runner = runner_in(file_name(rest[i]));
      if (runner.empty()) continue;
      step.kind = Step::Kind::runner;
      step.runner = runner;
      step.arguments = join({rest.begin() + static_cast<std::ptrdiff_t>(i) + 1, rest.end()}, " ");
      return;
    }
    const auto script =
        std::ranges::find_if(rest, [](const std::string& word) { return !word.starts_with('-'); });
    const bool tests = script != rest.end() && (script->find("test") != std::string::npos ||
                                                script->find("spec") != std::string::npos);
    if (tests) step.kind = Step::Kind::program;
    const auto is_lint = [](const std::string& word) { return holds(kLints, word); };
    if (std::ranges::any_of(rest, is_lint)) step.kind = Step::Kind::lint;
  }

  static std::string runner_in(std::string_view program) {
    for (const char* ending : {".js", ".mjs", ".cjs"}) {
      if (program.ends_with(ending)) program.remove_suffix(std::string_view(ending).size());
    }
    if (program == "_mocha") return "mocha";
    const bool runner = program == "jest" || program == "mocha" || program == "vitest";
    return runner ? std::string(program) : std::string();
  }

  const Json& scripts_;
  std::vector<Step> steps_;
};

}  // namespace

std::vector<Step> steps_of(const Json& scripts, std::string_view name) {
  Reader reader(scripts);
  reader.script(name, 0);
  return reader.take();
}

}  // namespace nightjar::harness::detection
