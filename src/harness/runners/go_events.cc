#include "harness/runners/go_events.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>

#include "base/bytes.h"

namespace nightjar::harness {
namespace {

constexpr std::size_t kEventsMax = 4 * kTestsMax;
constexpr std::size_t kMissingMax = 20;

struct Test {
  std::string output;
  bool started = false;
  bool finished = false;
};
struct Package {
  std::map<std::string, Test, std::less<>> tests;
  std::string output;  // outside of any test
  bool failed_test = false;
};

void append(std::string& text, std::string_view more) {
  if (text.size() < 4 * kMessageBytesMax) text += more;
}

/// What a person wants to read: not what the framework says of starting and pausing.
std::string message_of(const std::string& output) {
  std::string out;
  for (const std::string& line : split_lines(output)) {
    const std::string_view text = trim(line);
    if (text.starts_with("=== ") || text.starts_with("--- ")) continue;
    out += line + "\n";
  }
  return bounded_message(out);
}

class Reader {
 public:
  explicit Reader(std::string_view errors) {
    std::string* package = nullptr;
    for (const std::string& line : split_lines(errors)) {
      look_for_missing(line);
      if (line.starts_with("# ")) {
        package = &builds_[line.substr(2, line.find(' ', 2) - 2)];
      } else if (package != nullptr) {
        append(*package, line + "\n");
      }
    }
  }

  GoReport read(std::string_view json_lines) {
    for (const std::string& line : split_lines(json_lines)) {
      if (line.empty()) continue;
      if (out_.events.size() >= kEventsMax) {
        add_once(out_.doubts, "more events than are read");
        break;
      }
      look_for_missing(line);
      take_build(line);
      const Result<Json> event = line.front() == '{' ? parse_json(line) : Result<Json>(Json());
      if (event && event->is_object()) take(*event);
    }
    return std::move(out_);
  }

 private:
  void take(const Json& event) {
    const std::string action = event.string_or("Action", "");
    const std::string test = event.string_or("Test", "");
    if (action == "build-output") {
      append(builds_[build_of(event)], event.string_or("Output", ""));
      return;
    }
    if (action == "build-fail") return;
    const std::string name = event.string_or("Package", "");
    if (name.empty()) return;
    Package& package = packages_[name];
    if (test.empty()) {
      take_package(action, event, name, package);
    } else {
      take_test(action, event, name + "." + test, package.tests[test], package);
    }
  }

  /// "FAIL	example.com/m [build failed]", no event before Go 1.20.
  void take_build(const std::string& line) {
    static const RE2 kFailed(R"(^FAIL\t(\S+) \[(?:build|setup) failed\])");
    std::string name;
    if (!RE2::PartialMatch(line, kFailed, &name)) return;
    out_.packages.insert(name);
    add_trouble(name, builds_[name]);
  }

  void add_trouble(const std::string& name, const std::string& said) {
    if (!troubled_.insert(name).second) return;
    out_.events.push_back({.kind = SessionEvent::Kind::trouble,
                           .id = name,
                           .outcome = TestOutcome::error,
                           .message = message_of(said)});
  }

  /// "example.com/m [example.com/m.test]" is the package's own build.
  static std::string build_of(const Json& event) {
    const std::string path = event.string_or("ImportPath", "");
    return path.substr(0, path.find(' '));
  }

  void take_test(const std::string& action, const Json& event, const std::string& id, Test& test,
                 Package& package) {
    if (action == "output") return append(test.output, event.string_or("Output", ""));
    if (action == "run") {
      test.started = true;
      out_.events.push_back({.kind = SessionEvent::Kind::started, .id = id});
      return;
    }
    const bool bad = action == "fail";
    if (!bad && action != "pass" && action != "skip") return;
    if (!test.started) {  // Old Go tells of examples only how they ended.
      out_.events.push_back({.kind = SessionEvent::Kind::started, .id = id});
    }
    test.finished = true;
    package.failed_test = package.failed_test || bad;
    SessionEvent finished{.kind = SessionEvent::Kind::finished, .id = id};
    finished.wall_ms = milliseconds(event);
    finished.outcome = action == "pass"   ? TestOutcome::passed
                       : action == "skip" ? TestOutcome::skipped
                       : test.output.find("panic: test timed out after") != std::string::npos
                           ? TestOutcome::timed_out
                       : test.output.find("panic: ") != std::string::npos ? TestOutcome::error
                                                                          : TestOutcome::failed;
    if (action != "pass") finished.message = message_of(test.output);
    out_.events.push_back(std::move(finished));
  }

  void take_package(const std::string& action, const Json& event, const std::string& name,
                    Package& package) {
    if (action == "output") return append(package.output, event.string_or("Output", ""));
    if (action != "fail" && action != "pass" && action != "skip") return;
    out_.packages.insert(name);
    if (action != "fail" || package.failed_test) return;
    const bool running = std::ranges::any_of(package.tests, [](const auto& entry) {
      return entry.second.started && !entry.second.finished;
    });
    if (running) return;  // It died in a test, which says so.
    const auto build = builds_.find(event.string_or("FailedBuild", name)
                                        .substr(0, event.string_or("FailedBuild", name).find(' ')));
    const std::string said = (build == builds_.end() ? "" : build->second) + package.output;
    add_trouble(name, said);
  }

  static std::int64_t milliseconds(const Json& event) {
    const Json* elapsed = event.find("Elapsed");
    if (elapsed == nullptr || !elapsed->is_number()) return -1;
    const double seconds = elapsed->as_double();
    return seconds >= 0 && seconds < 1e9 ? static_cast<std::int64_t>(seconds * 1000) : -1;
  }

  void look_for_missing(const std::string& line) {
    static const RE2 kMissing(
        R"re((?:no required module provides package |cannot find module providing package )re"
        R"re(|missing go\.sum entry for module providing package )([^\s;:"\\]+))re");
    static const RE2 kLookup(R"re(([\w.\-/]+)@v[^:]*: module lookup disabled by GOPROXY=off)re");
    // With a read-only cache, go(1) fails before it gets to GOPROXY.
    static const RE2 kLock(R"re(/cache/download/([^\s:]+)/@v/(v[^\s:/]+)\.\w+: )re"
                           R"re((?:read-only file system|permission denied))re");
    static const RE2 kUnnamed(
        R"re(([^\s"\\]+\.go:\d+):\d+: module lookup disabled by GOPROXY=off)re");
    static const RE2 kGo(R"re(requires (go >= [\w.]+))re");
    std::string module, version;
    if (out_.missing.size() >= kMissingMax) return;
    if (RE2::PartialMatch(line, kMissing, &module) || RE2::PartialMatch(line, kLookup, &module) ||
        RE2::PartialMatch(line, kGo, &module)) {
      add_once(out_.missing, printable(module, 200));
    } else if (RE2::PartialMatch(line, kLock, &module, &version)) {
      add_once(out_.missing, printable(module + "@" + version, 200));
    } else if (RE2::PartialMatch(line, kUnnamed, &module)) {
      add_once(out_.missing, printable("what " + module + " imports", 200));
    }
  }

  GoReport out_;
  std::map<std::string, Package, std::less<>> packages_;
  std::map<std::string, std::string, std::less<>> builds_;
  std::set<std::string> troubled_;
};

}  // namespace

GoReport parse_go_events(std::string_view json_lines, std::string_view errors) {
  return Reader(errors).read(json_lines);
}

Coverage parse_go_profile(std::string_view profile, std::string_view module, std::string_view root,
                          const std::vector<std::string>& wanted) {
  static const RE2 kBlock(R"(^(\S+):(\d+)\.\d+,(\d+)\.\d+ \d+ (\d+)$)");
  constexpr int kLinesMax = 1'000'000;
  Coverage out;
  for (const std::string& line : split_lines(profile)) {
    std::string path;
    std::int64_t first = 0, last = 0, count = 0;
    if (!RE2::FullMatch(line, kBlock, &path, &first, &last, &count)) continue;
    if (!path.starts_with(std::string(module) + "/") || first < 1 || last > kLinesMax) continue;
    path = path.substr(module.size() + 1);
    if (!root.empty()) path = std::string(root) + "/" + path;
    if (std::ranges::find(wanted, path) == wanted.end()) continue;
    Coverage::File& file = out.files[path];
    for (int at = static_cast<int>(first); at <= static_cast<int>(last); ++at) {
      file.executable.insert(at);
      if (count > 0) file.executed.insert(at);
    }
  }
  return out;
}

std::string go_module_in(std::string_view go_mod) {
  static const RE2 kModule(R"re((?m)^\s*module\s+"?([^\s"]+)"?)re");
  std::string module;
  RE2::PartialMatch(re2::StringPiece(go_mod.data(), go_mod.size()), kModule, &module);
  return module;
}

}  // namespace nightjar::harness
