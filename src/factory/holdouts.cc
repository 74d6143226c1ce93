#include "factory/holdouts.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "base/bytes.h"
#include "base/file.h"

namespace nightjar::factory {
namespace {

constexpr std::size_t kFilesMax = 1000;

Result<std::vector<std::string>> sealed_files(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code failure;
  for (std::filesystem::directory_iterator it(folder, failure), end; !failure && it != end;
       it.increment(failure)) {
    if (it->path().extension() == ".yaml") paths.push_back(it->path().string());
  }
  if (failure && failure != std::errc::no_such_file_or_directory) {
    return errno_error("list " + folder, failure.value());
  }
  if (paths.size() > kFilesMax) {
    return {ErrorCode::exhausted, "more than " + std::to_string(kFilesMax) + " sealed files"};
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool holds_content(std::string_view document) {
  const std::vector<std::string> lines = split_lines(document);
  return std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
    const std::string_view text = trim(line);
    return !text.empty() && !text.starts_with('#');
  });
}

/// The texts between the `---` lines. Comments before the first document go with it.
std::vector<std::string> documents_of(std::string_view yaml) {
  std::vector<std::string> parts(1);
  for (const std::string& line : split_lines(yaml)) {
    const bool separates = line.starts_with("---") && (line.size() == 3 || line[3] == ' ' ||
                                                       line[3] == '\t' || line[3] == '\r');
    if (!separates) {
      parts.back() += line + "\n";
      continue;
    }
    parts.emplace_back();
    const std::string_view rest = trim(std::string_view(line).substr(3));
    if (!rest.empty()) parts.back() = std::string(rest) + "\n";
  }
  std::vector<std::string> documents;
  std::string comments;
  for (const std::string& part : parts) {
    if (!holds_content(part)) {
      comments += part;
      continue;
    }
    documents.push_back(comments + part);
    comments.clear();
  }
  if (!documents.empty()) documents.back() += comments;
  return documents;
}

}  // namespace

Result<Holdouts> HoldoutStore::load(const ProjectId& project) const {
  const std::string folder = folder_ + "/" + project.str();
  TRY_INTO(const std::vector<std::string> paths, sealed_files(folder));
  Holdouts out;
  std::string digests;
  for (const std::string& path : paths) {
    const std::string name = std::filesystem::path(path).filename().string();
    TRY_INTO(const std::string yaml, read_file(path, scenario::kFileBytesMax));
    TRY_INTO(std::vector<scenario::Scenario> scenarios,
             scenario::parse_scenarios(yaml, "sealed file " + name));
    digests += blake3(yaml).view();
    out.scenarios.insert(out.scenarios.end(), scenarios.begin(), scenarios.end());
  }
  if (!out.scenarios.empty()) out.digest = blake3(digests).name();
  return out;
}

Result<std::vector<std::string>> HoldoutStore::contents(const ProjectId& project) const {
  TRY_INTO(const std::vector<std::string> paths, sealed_files(folder_ + "/" + project.str()));
  std::vector<std::string> contents;
  for (const std::string& path : paths) {
    TRY_INTO(std::string yaml, read_file(path, scenario::kFileBytesMax));
    contents.push_back(std::move(yaml));
  }
  return contents;
}

Result<> HoldoutStore::add(const ProjectId& project, std::string_view yaml,
                           std::string_view origin) {
  TRY_INTO(const std::vector<scenario::Scenario> fresh, scenario::parse_scenarios(yaml, origin));
  if (fresh.empty()) {
    return {ErrorCode::invalid_input, std::string(origin) + ": there is no scenario in it"};
  }
  const std::string folder = folder_ + "/" + project.str();
  const std::string path = folder + "/" + blake3(yaml).hex().substr(0, 32) + ".yaml";
  if (path_exists(path)) return ok;
  TRY_INTO(const Holdouts present, load(project));
  std::set<std::string> names;
  for (const scenario::Scenario& known : present.scenarios) names.insert(known.name);
  for (const scenario::Scenario& added : fresh) {
    if (!names.insert(added.name).second) {
      return {ErrorCode::invalid_input, std::string(origin) + ":" + std::to_string(added.line) +
                                            ": a sealed scenario of the name \"" +
                                            printable(added.name, 80) + "\" exists already"};
    }
  }
  TRY(make_directories(folder, 0700));
  return write_file_atomically(path, yaml, 0600);
}

Result<PartedFile> take_scenarios(std::string_view yaml, std::string_view file_name,
                                  const std::vector<std::string>& names) {
  PartedFile out;
  for (const std::string& document : documents_of(yaml)) {
    TRY_INTO(const std::vector<scenario::Scenario> parsed,
             scenario::parse_scenarios(document, file_name));
    const bool take = std::any_of(parsed.begin(), parsed.end(), [&](const scenario::Scenario& one) {
      return std::find(names.begin(), names.end(), one.name) != names.end();
    });
    std::string& side = take ? out.taken : out.kept;
    if (!side.empty()) side += "---\n";
    side += document;
    if (take) {
      for (const scenario::Scenario& one : parsed) out.taken_names.push_back(one.name);
    }
  }
  return out;
}

}  // namespace nightjar::factory
