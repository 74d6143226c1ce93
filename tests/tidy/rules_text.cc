#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "tidy/rules.h"
#include "tidy/source_text.h"

namespace nightjar::tidy {
namespace {

constexpr int kFunctionLinesMax = 70;
constexpr std::size_t kColumnsMax = 100;

std::size_t file_lines_max(const std::string& path) {
  if (ends_with(path, ".h")) return 250;
  return ends_with(path, "_test.cc") ? 1200 : 800;
}

std::size_t columns_of(std::string_view line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // not inside a UTF-8 sequence
  }));
}

/// Every line of every text file below one of the folders (a folder "" takes files at the top).
void search(const Repository& repository, const std::vector<std::string>& folders,
            const RE2& pattern, const std::string& what, std::vector<Finding>& out) {
  for (const auto& [path, text] : repository.files()) {
    const bool inside =
        std::any_of(folders.begin(), folders.end(), [&, &path = path](const std::string& folder) {
          return folder.empty() ? !contains(path, "/") : starts_with(path, folder);
        });
    if (!inside) continue;
    const auto lines = lines_of(text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const re2::StringPiece line(lines[i].data(), lines[i].size());
      std::string found;
      if (!RE2::PartialMatch(line, pattern, &found)) continue;
      out.push_back({path, static_cast<int>(i) + 1, what + ": " + found});
    }
  }
}

}  // namespace

std::vector<Finding> check_sizes(const Repository& repository) {
  std::vector<Finding> out;
  for (const std::string& path : repository.code()) {
    const std::string text = repository.text_of(path);
    const auto lines = lines_of(text);
    if (lines.size() > file_lines_max(path)) {
      out.push_back(
          {path, 0, std::to_string(lines.size()) + " lines: which second noun is in it?"});
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::size_t columns = columns_of(lines[i]);
      if (columns <= kColumnsMax) continue;
      out.push_back({path, static_cast<int>(i) + 1, std::to_string(columns) + " columns"});
    }
    for (const Function& function : functions_of(text)) {
      if (function.lines <= kFunctionLinesMax) continue;
      out.push_back({path, function.line,
                     std::to_string(function.lines) + " lines of function " + function.signature});
    }
  }
  return out;
}

std::vector<Finding> check_unfinished(const Repository& repository) {
  static const RE2 kWords(R"((?i)(\bFIX)"
                          R"(ME\b|\bX)"
                          R"(XX\b|not (?:yet )?impl)"
                          R"(emented|\bfor n)"
                          R"(ow\b|\bplace)"
                          R"(holder|\bstub(?:bed)? o)"
                          R"(ut\b|\bcoming s)"
                          R"(oon))");
  static const RE2 kTodo(R"(\bTO)"
                         R"(DO\b)");
  static const RE2 kKind(R"(\bTO)"
                         R"(DO\((security|limit|cleanup|port)\): \S)");
  const std::vector<std::string> folders = {"src/", "apps/", "bench/", "docs/", "sim/", "web/", ""};
  std::vector<Finding> out;
  search(repository, folders, kWords, "reads like unfinished work", out);
  for (const std::string& path : repository.code()) {
    const auto lines = lines_of(repository.text_of(path));
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const re2::StringPiece line(lines[i].data(), lines[i].size());
      if (!RE2::PartialMatch(line, kTodo) || RE2::PartialMatch(line, kKind)) continue;
      out.push_back({path, static_cast<int>(i) + 1,
                     "write (security|limit|cleanup|port): what, and when it matters"});
    }
  }
  return out;
}

std::vector<Finding> check_machine_paths(const Repository& repository) {
  // Cut in two, so that this file does not name what it looks for.
  static const RE2 kCheckout(R"re(((?:/wo)re"
                             R"re(rk/(?:main|shared)\b|/fa)re"
                             R"re(rm/|/tmp/bash_)re"
                             R"re(jobs)))re");
  static const RE2 kHome(R"re((?:^|[^A-Za-z0-9_.])(/(?:ro)re"
                         R"re(ot|ho)re"
                         R"re(me)/[A-Za-z0-9_.]*))re");
  const std::vector<std::string> shown = {"src/",  "apps/",      "bench/",    "docs/",
                                          "sim/",  "web/",       "examples/", "cmake/",
                                          "deps/", "workflows/", ".ci/",      ""};
  std::vector<std::string> all = shown;
  all.push_back("tests/");
  std::vector<Finding> out;
  search(repository, all, kCheckout, "a path of one machine", out);
  search(repository, shown, kHome, "a path of one person's machine", out);
  // A test may make up a home.
  out.erase(std::remove_if(out.begin(), out.end(),
                           [](const Finding& finding) {
                             return ends_with(finding.path, "_test.cc") &&
                                    contains(finding.what, "person");
                           }),
            out.end());
  return out;
}

std::vector<Finding> check_names(const Repository& repository) {
  static const RE2 kFile(
      R"(^(?:.*/)?(?:utils?|common|helpers|misc|[a-z_]*manager[a-z_]*)(?:\.|/).*$)");
  static const RE2 kCharacters(R"(^[a-z0-9_./-]+$)");
  std::vector<Finding> out;
  for (const std::string& path : repository.code()) {
    if (RE2::FullMatch(path, kFile)) {
      out.push_back({path, 0, "a file or folder without a noun"});
    }
    if (!RE2::FullMatch(path, kCharacters)) out.push_back({path, 0, "file names are snake_case"});
  }
  return out;
}

}  // namespace nightjar::tidy
