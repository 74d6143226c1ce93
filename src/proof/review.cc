#include "proof/review.h"

#include <re2/re2.h>

#include <algorithm>

#include "base/bytes.h"
#include "proof/tamper/pattern.h"

namespace nightjar::proof {
namespace {

using harness::PathKind;

constexpr std::size_t kNamesMax = 1'000;
constexpr std::size_t kPartsMax = 20;

/// What makes a name public, in each language: the first group is the name.
const RE2* public_pattern(Language language, std::string_view path) {
  static const RE2 kPython(R"(^(?:async\s+)?(?:def|class)\s+([A-Za-z]\w*))");
  static const RE2 kGo(R"(^(?:func\s+(?:\([^)]*\)\s*)?|type\s+|var\s+|const\s+)([A-Z]\w*))");
  static const RE2 kRust(R"(^\s*pub\s+(?:(?:async|const|unsafe)\s+)*)"
                         R"((?:fn|struct|enum|trait|type|const|static|mod)\s+(\w+))");
  static const RE2 kJavaScript(
      R"(^\s*(?:export\s+(?:default\s+)?(?:async\s+)?)"
      R"((?:function\*?|class|const|let|var|interface|type|enum)\s+|(?:module\.)?exports\.)(\w+))");
  static const RE2 kJava(
      R"(^\s*public\s+(?:[\w<>\[\],.?]+\s+)*?(\w+)\s*(?:\(|\{|extends|implements|=))");
  static const RE2 kPhp(R"(^\s*(?:public\s+(?:static\s+)?)?(?:function|class|interface)\s+(\w+))");
  static const RE2 kRuby(R"(^\s*(?:def|class|module)\s+((?:self\.)?[A-Za-z]\w*[?!]?))");
  static const RE2 kHeader(
      R"(^\s*(?:[\w:<>*&,]+\s+)+[*&]*(\w+)\s*\([^;{]*\)\s*(?:const)?\s*[;{]?\s*$)");
  switch (language) {
    case Language::python: return &kPython;
    case Language::go: return &kGo;
    case Language::rust: return &kRust;
    case Language::javascript: return &kJavaScript;
    case Language::java: return &kJava;
    case Language::php: return &kPhp;
    case Language::ruby: return &kRuby;
    case Language::c: {
      const bool header = path.ends_with(".h") || path.ends_with(".hpp") || path.ends_with(".hh");
      return header ? &kHeader : nullptr;
    }
    default: return nullptr;
  }
}

std::map<std::string, std::string> public_names_in(const Scan& scan, std::string_view path) {
  std::map<std::string, std::string> names;
  const RE2* pattern = public_pattern(scan.language, path);
  if (pattern == nullptr) return names;
  for (int line = 1; line <= scan.lines() && names.size() < kNamesMax; ++line) {
    std::string name;
    if (matches(*pattern, scan.bare_line(line), &name)) {
      names[name] += std::string(trim(scan.bare_line(line))) + "\n";
    }
  }
  return names;
}

void add_differences(const std::map<std::string, std::string>& before,
                     const std::map<std::string, std::string>& after, const std::string& where,
                     std::vector<std::string>& out) {
  for (const auto& [name, text] : after) {
    if (out.size() >= kNamesMax) return;
    const auto was = before.find(name);
    if (was == before.end()) out.push_back("added " + name + where);
    if (was != before.end() && was->second != text) out.push_back("changed " + name + where);
  }
  for (const auto& [name, text] : before) {
    if (out.size() < kNamesMax && !after.contains(name)) out.push_back("removed " + name + where);
  }
}

void add_dependencies(const FileView& file, std::vector<std::string>& out) {
  const auto before = dependencies_in(file.path, file.change->before.value_or(""));
  const auto after = dependencies_in(file.path, file.change->after.value_or(""));
  const auto named = [](const std::string& name, const std::string& version) {
    return version.empty() ? name : name + " " + printable(version, 80);
  };
  for (const auto& [name, version] : after) {
    if (out.size() >= kNamesMax) return;
    const auto was = before.find(name);
    if (was == before.end()) {
      out.push_back("added " + named(name, version));
    } else if (was->second != version) {
      out.push_back("changed " + named(name, was->second) + " to " + printable(version, 80));
    }
  }
  for (const auto& [name, version] : before) {
    if (out.size() < kNamesMax && !after.contains(name)) out.push_back("removed " + name);
  }
}

bool names_id(std::string_view text, std::string_view id) {
  for (std::size_t at = text.find(id); at != std::string_view::npos; at = text.find(id, at + 1)) {
    const auto joins = [](char c) { return is_word(c) || c == '-'; };
    const bool before = at > 0 && joins(text[at - 1]);
    const std::size_t end = at + id.size();
    const bool after = end < text.size() && is_word(text[end]);
    if (!before && !after) return true;
  }
  return false;
}

std::vector<std::string> requirements_named(const ChangeView& change) {
  std::vector<std::string> out;
  for (const std::string& id : change.input->requirement_ids) {
    const bool named = std::ranges::any_of(change.files, [&](const FileView& file) {
      if (names_id(file.path, id)) return true;
      return std::ranges::any_of(
          file.added, [&](int line) { return names_id(file.after.text_line(line), id); });
    });
    if (named) out.push_back(id);
  }
  return out;
}

/// Parts by the folders that the change touches, each with its tests.
std::vector<std::string> split_of(const ChangeView& change) {
  std::map<std::string, int> lines;
  for (const FileView& file : change.files) {
    const std::size_t slash = file.path.find('/');
    const std::string top = slash == std::string::npos ? "." : file.path.substr(0, slash);
    lines[top] += static_cast<int>(file.added.size() + file.removed.size());
  }
  std::vector<std::string> out;
  if (lines.size() < 2) {
    for (const FileView& file : change.files) {
      if (out.size() >= kPartsMax) break;
      const std::size_t size = file.added.size() + file.removed.size();
      out.push_back(printable(file.path, 200) + " (" + std::to_string(size) + " lines)");
    }
    return out;
  }
  for (const auto& [folder, count] : lines) {
    if (out.size() >= kPartsMax) break;
    out.push_back(printable(folder, 200) + " (" + std::to_string(count) + " lines)");
  }
  return out;
}

}  // namespace

Review review_of(const ChangeView& change) {
  Review review;
  int weighed = 0;
  for (const FileView& file : change.files) {
    Review::Size& size = review.by_kind[std::string(harness::name_of(file.kind))];
    const int added = static_cast<int>(file.added.size());
    const int removed = static_cast<int>(file.removed.size());
    ++size.files;
    size.added += added;
    size.removed += removed;
    if (file.is_source() || file.is_test()) weighed += added + removed;
    if (file.is_source() && file.scanned) {
      add_differences(public_names_in(file.before, file.path),
                      public_names_in(file.after, file.path), " (" + file.path + ")",
                      review.public_names);
    }
    add_dependencies(file, review.dependencies);
  }
  review.requirement_ids = requirements_named(change);
  review.over_limit = weighed > kReviewLinesMax;
  if (review.over_limit) review.split = split_of(change);
  return review;
}

}  // namespace nightjar::proof
