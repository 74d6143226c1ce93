// inspect_change: the change and its base, read and compared. Nothing of either runs.
#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "factory/performers.h"
#include "proof/inspect.h"

namespace nightjar::factory {
namespace {

constexpr std::size_t kFindingsMax = 200;  // in a record; all of them are in the blob
constexpr std::size_t kRenamePairsMax = 40'000;
constexpr double kRenameLikeness = 0.5;  // of lines, as git's default

std::string cut_to_text(std::string content) {
  if (content.size() > proof::kTextBytesMax) content.resize(proof::kTextBytesMax);
  return content;
}

std::multiset<std::string_view> lines_of(const std::string& text) {
  std::multiset<std::string_view> lines;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = text.find('\n', at);
    if (end == std::string::npos) end = text.size();
    lines.insert(std::string_view(text).substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

double likeness(const std::string& before, const std::string& after) {
  if (before == after) return 1.0;
  if (before.empty() || after.empty()) return 0.0;
  const auto a = lines_of(before);
  const auto b = lines_of(after);
  std::vector<std::string_view> shared;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(shared));
  return static_cast<double>(shared.size()) / static_cast<double>(std::max(a.size(), b.size()));
}

/// A file that went and one that came, alike enough, are one file that was renamed.
void pair_renames(std::vector<proof::FileChange>& files) {
  std::vector<proof::FileChange*> gone;
  std::vector<proof::FileChange*> come;
  for (proof::FileChange& file : files) {
    if (!file.after && file.before && !file.before->empty()) gone.push_back(&file);
    if (!file.before && file.after && !file.after->empty()) come.push_back(&file);
  }
  if (gone.empty() || come.empty() || gone.size() * come.size() > kRenamePairsMax) return;
  std::set<const proof::FileChange*> merged;
  for (proof::FileChange* fresh : come) {
    proof::FileChange* best = nullptr;
    double best_likeness = kRenameLikeness;
    for (proof::FileChange* old : gone) {
      if (merged.contains(old)) continue;
      const double found = likeness(*old->before, *fresh->after);
      if (found >= best_likeness) {
        best = old;
        best_likeness = found;
      }
    }
    if (best == nullptr) continue;
    fresh->old_path = best->path;
    fresh->before = best->before;
    merged.insert(best);
  }
  std::erase_if(files, [&](const proof::FileChange& file) { return merged.contains(&file); });
}

class InspectChange final : public Performer {
 public:
  explicit InspectChange(World& world) : world_(world) {}

  Result<Performed> perform(const PerformRequest& request, std::stop_token) override {
    const auto start = world_.clock.monotonic();
    const Json& arguments = request.arguments;
    TRY_INTO(proof::InspectInput input, read_change(*arguments.find("tree")));
    TRY_INTO(input.requirement_ids, arguments.get_strings("requirement_ids"));
    TRY_INTO(proof::Inspection inspection, proof::inspect(input));
    TRY_INTO(const Digest whole, world_.blobs.put(proof::to_json(inspection).dump()));
    Json result = Json::object({{"whole", whole.name()},
                                {"files", input.files.size()},
                                {"findings_total", inspection.findings.size()}});
    std::int64_t lines = 0;
    for (const auto& [path, numbers] : inspection.changed_lines) lines += std::ssize(numbers);
    result.set("changed_lines", lines);
    shorten(inspection);
    result.set("inspection", proof::to_json(inspection));
    const std::int64_t wall_ms = elapsed_ms(world_.clock, start);
    return Performed{.result = std::move(result), .cost = {.cpu_ms = wall_ms, .wall_ms = wall_ms}};
  }

 private:
  /// What a record holds: enough to judge, not every line.
  static void shorten(proof::Inspection& inspection) {
    inspection.changed_lines.clear();
    inspection.renamed_tests.resize(std::min(inspection.renamed_tests.size(), kFindingsMax));
    inspection.judge_files.resize(std::min(inspection.judge_files.size(), kFindingsMax));
    inspection.findings.resize(std::min(inspection.findings.size(), kFindingsMax));
    for (proof::Finding& finding : inspection.findings) {
      finding.what = printable(finding.what, 400);
    }
    for (auto* list : {&inspection.review.public_names, &inspection.review.dependencies,
                       &inspection.review.requirement_ids, &inspection.review.split}) {
      list->resize(std::min(list->size(), kFindingsMax));
      for (std::string& one : *list) one = printable(one, 200);
    }
  }

  Result<proof::InspectInput> read_change(const Json& tree) {
    const std::string commit = tree.string_or("commit", "");
    TRY_INTO(const repo::Repository repository, open_repository(tree));
    TRY_INTO(const repo::Changes changes,
             load_changes(world_.blobs, tree.string_or("changes", "")));
    proof::InspectInput input;
    for (const auto& [path, change] : changes) {
      proof::FileChange file;
      file.path = path;
      Result<std::string> before = repository.read_file(commit, path, kCandidateFileBytesMax);
      if (before) {
        file.before = cut_to_text(*std::move(before));
      } else if (before.error().code == ErrorCode::exhausted) {
        file.before = std::string(1, '\0');  // Too large to be read: as a binary file.
      } else if (before.error().code != ErrorCode::not_found &&
                 before.error().code != ErrorCode::invalid_input) {  // A folder, or a link.
        return std::move(before).error();
      }
      if (change.content) file.after = cut_to_text(*change.content);
      file.executable_after = change.executable;
      file.executable_before = change.executable;
      input.files.push_back(std::move(file));
    }
    pair_renames(input.files);
    return input;
  }

  World& world_;
};

}  // namespace

std::unique_ptr<Performer> make_inspect_change(World& world) {
  return std::make_unique<InspectChange>(world);
}

}  // namespace nightjar::factory
