#include "factory/parted_change.h"

#include <optional>

#include "harness/paths.h"

namespace nightjar::factory {
namespace {

using harness::PathKind;

constexpr std::size_t kHeadBytes = 512;
constexpr std::uint64_t kSourceBytesMax = std::uint64_t{4} << 20;
constexpr std::string_view kTestMark = "#[cfg(test)]";

/// The base says what a file is; what the change writes into it does not.
PathKind kind_of(const std::string& path, const std::optional<std::string>& before) {
  return harness::kind_of_path(
      path, before ? std::string_view(*before).substr(0, kHeadBytes) : std::string_view());
}

Result<std::optional<std::string>> read_base(const repo::Repository& repository,
                                             const std::string& commit, const std::string& path) {
  Result<std::string> text = repository.read_file(commit, path, kSourceBytesMax);
  if (text) return std::optional(*std::move(text));
  const ErrorCode code = text.error().code;
  // Larger ones are told by their names; what was a folder or a link was no file.
  if (code == ErrorCode::not_found || code == ErrorCode::exhausted ||
      code == ErrorCode::invalid_input) {
    return std::optional<std::string>();
  }
  return std::move(text).error();
}

}  // namespace

std::size_t inline_tests_at(std::string_view text) {
  const std::size_t mark = text.rfind(kTestMark);
  if (mark == std::string_view::npos || (mark > 0 && text[mark - 1] != '\n')) {
    return std::string_view::npos;
  }
  std::size_t at = mark + kTestMark.size();
  while (at < text.size() && (text[at] == '\n' || text[at] == '\r' || text[at] == ' ')) ++at;
  if (!text.substr(at).starts_with("mod ")) return std::string_view::npos;
  // A module at the left margin ends with the first brace there.
  const std::size_t end = text.find("\n}", at);
  if (end == std::string_view::npos) return std::string_view::npos;
  const bool last = text.find_first_not_of(" \t\r\n", end + 2) == std::string_view::npos;
  return last ? mark : std::string_view::npos;
}

Result<PartedChange> part_change(const repo::Repository& repository, const std::string& commit,
                                 const repo::Changes& changes) {
  PartedChange out;
  for (const auto& [path, change] : changes) {
    TRY_INTO(const std::optional<std::string> before, read_base(repository, commit, path));
    const PathKind kind = kind_of(path, before);
    if (kind == PathKind::test) out.tests.emplace(path, change);
    if (kind == PathKind::test || kind == PathKind::judge) {
      out.judges.emplace(path, change);
      continue;
    }
    repo::Change product = change;
    if (path.ends_with(".rs") && before && change.content) {
      const std::size_t old_at = inline_tests_at(*before);
      const std::size_t new_at = inline_tests_at(*change.content);
      if (old_at != std::string::npos && new_at != std::string::npos &&
          before->substr(old_at) != change.content->substr(new_at)) {
        repo::Change tests = change;
        tests.content = before->substr(0, old_at) + change.content->substr(new_at);
        product.content = change.content->substr(0, new_at) + before->substr(old_at);
        out.tests.emplace(path, tests);
        out.judges.emplace(path, std::move(tests));
        if (*product.content == *before) continue;
      }
    }
    out.product.emplace(path, std::move(product));
  }
  return out;
}

}  // namespace nightjar::factory
