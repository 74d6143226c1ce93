#include "factory/intake.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"

namespace nightjar::factory {
namespace {

constexpr std::size_t kDirtyShownMax = 20;
constexpr std::size_t kSpecFilesMax = 500;

bool ends_with_any(const std::string& path, std::initializer_list<const char*> suffixes) {
  return std::any_of(suffixes.begin(), suffixes.end(),
                     [&](const char* suffix) { return path.ends_with(suffix); });
}

Result<std::vector<govern::Requirement>> load_requirements(const repo::Repository& repository,
                                                           const std::string& commit) {
  TRY_INTO(std::vector<std::string> paths, repository.list_files(commit, "specs"));
  std::erase_if(paths, [](const std::string& path) { return !ends_with_any(path, {".md"}); });
  if (paths.size() > kSpecFilesMax) {
    return {ErrorCode::exhausted,
            "specs/ has more than " + std::to_string(kSpecFilesMax) + " files"};
  }
  std::vector<govern::Requirement> all;
  std::map<std::string, std::string> seen;
  for (const std::string& path : paths) {
    TRY_INTO(const std::string text, repository.read_file(commit, path, govern::kSpecBytesMax));
    TRY_INTO(std::vector<govern::Requirement> found, govern::parse_spec(text, path));
    for (govern::Requirement& requirement : found) {
      const std::string place = path + ":" + std::to_string(requirement.line);
      const auto [first, fresh] = seen.emplace(requirement.id, place);
      if (!fresh) {
        return {ErrorCode::invalid_input, place + ": requirement " + requirement.id +
                                              " is stated already at " + first->second};
      }
      all.push_back(std::move(requirement));
    }
  }
  return all;
}

/// A scenario that is sealed and still in the commit is no secret.
Result<> check_seals(const LoadedProject& project) {
  std::set<std::string> sealed;
  for (const scenario::Scenario& one : project.holdouts.scenarios) sealed.insert(one.name);
  for (const scenario::Scenario& one : project.scenarios) {
    if (sealed.contains(one.name)) {
      return {ErrorCode::invalid_input,
              one.file + ":" + std::to_string(one.line) + ": \"" + printable(one.name, 80) +
                  "\" is sealed, but still in commit " + project.commit.substr(0, 12) +
                  "; commit its removal (`git commit -am 'Seal holdouts'`) and run again"};
    }
  }
  return ok;
}

}  // namespace

Result<std::vector<scenario::Scenario>> load_scenarios(const repo::Repository& repository,
                                                       const std::string& commit) {
  TRY_INTO(const std::vector<std::string> paths, repository.list_files(commit, "scenarios"));
  std::vector<scenario::Scenario> all;
  for (const std::string& path : paths) {
    if (!ends_with_any(path, {".yaml", ".yml"})) continue;
    TRY_INTO(const std::string text, repository.read_file(commit, path, scenario::kFileBytesMax));
    TRY_INTO(std::vector<scenario::Scenario> found, scenario::parse_scenarios(text, path));
    all.insert(all.end(), std::make_move_iterator(found.begin()),
               std::make_move_iterator(found.end()));
    if (all.size() > scenario::kScenariosMax) {
      return {ErrorCode::exhausted,
              "more than " + std::to_string(scenario::kScenariosMax) + " scenarios"};
    }
  }
  return all;
}

Result<ProjectId> project_id(const repo::Repository& repository, const std::string& commit,
                             const std::string& projects_dir, std::int64_t now_utc_ns) {
  TRY_INTO(const std::string root, repository.root_commit(commit));
  const std::string key = repository.top() + '\0' + repository.project_folder() + '\0' + root;
  const std::string path = projects_dir + "/" + blake3(key).hex();
  if (path_exists(path)) {
    TRY_INTO(const std::string text, read_file(path, 1024));
    return ProjectId::parse(trim(text)).with_context(path);
  }
  const ProjectId fresh = ProjectId::make(now_utc_ns);
  TRY(make_directories(projects_dir, 0700));
  // Two first uses at once must agree: the link is made once, and the loser reads the winner's.
  const std::string beside = path + "." + fresh.str();
  TRY(write_file_atomically(beside, fresh.str() + "\n", 0600));
  const int linked = ::link(beside.c_str(), path.c_str());
  const int failure = errno;
  ::unlink(beside.c_str());
  if (linked != 0 && failure != EEXIST)
    return errno_error("record the project's id in " + path, failure);
  TRY_INTO(const std::string text, read_file(path, 1024));
  return ProjectId::parse(trim(text)).with_context(path);
}

namespace {

Result<LoadedProject> check_project(Result<LoadedProject> loaded) {
  // A file beyond a size limit is the project's to mend, as any other wrong file.
  if (!loaded && loaded.error().code == ErrorCode::exhausted) {
    return {ErrorCode::invalid_input, loaded.error().message};
  }
  if (!loaded) return loaded;
  scenario::Known known;
  for (const govern::Requirement& requirement : loaded->requirements) {
    known.requirement_ids.push_back(requirement.id);
  }
  TRY(scenario::check_library(loaded->scenarios, known));
  TRY(check_seals(*loaded));
  return loaded;
}

/// The folder's name as a project's name.
std::string name_from(const std::string& folder) {
  const std::size_t slash = folder.rfind('/');
  std::string name = slash == std::string::npos ? folder : folder.substr(slash + 1);
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain && c != '.' && c != '-') c = '_';
  }
  if (name.size() > 64) name.resize(64);
  return name.empty() ? "project" : name;
}

Result<LoadedProject> begin_loading(repo::Repository repository, const std::string& commit,
                                    config::Project config, const config::Settings& settings,
                                    const IntakePaths& paths) {
  config::Effective effective = config::narrow(settings, config);
  const SystemClock clock;
  TRY_INTO(const ProjectId id, project_id(repository, commit, paths.projects_dir, clock.utc_ns()));
  return LoadedProject{.repository = std::move(repository),
                       .commit = commit,
                       .id = id,
                       .config = std::move(config),
                       .effective = std::move(effective)};
}

Result<LoadedProject> load_configured(repo::Repository repository, const std::string& commit,
                                      const std::string& toml, const config::Settings& settings,
                                      const IntakePaths& paths) {
  TRY_INTO(config::Project config, config::parse_project(toml, "nightjar.toml"));
  TRY_INTO(LoadedProject project,
           begin_loading(std::move(repository), commit, std::move(config), settings, paths));
  TRY_INTO(project.requirements, load_requirements(project.repository, commit));
  TRY_INTO(project.scenarios, load_scenarios(project.repository, commit));
  TRY_INTO(project.holdouts, HoldoutStore(paths.holdouts_dir).load(project.id));
  TRY_INTO(project.dirty, project.repository.dirty_paths(kDirtyShownMax));
  return project;
}

}  // namespace

Result<LoadedProject> load_project(const std::string& folder, const config::Settings& settings,
                                   const IntakePaths& paths) {
  return check_project(load_unchecked(folder, settings, paths));
}

Result<LoadedProject> load_project_at(const std::string& folder, const std::string& commit,
                                      const config::Settings& settings, const IntakePaths& paths) {
  TRY_INTO(repo::Repository repository, repo::Repository::open(folder));
  const Result<std::string> toml =
      repository.read_file(commit, "nightjar.toml", config::kFileBytesMax);
  if (toml) {
    return check_project(load_configured(std::move(repository), commit, *toml, settings, paths));
  }
  if (toml.error().code != ErrorCode::not_found) return toml.error();
  const std::string below = repository.project_folder();
  config::Project config;
  config.name = name_from(below.empty() ? repository.top() : below);
  TRY_INTO(LoadedProject project,
           begin_loading(std::move(repository), commit, std::move(config), settings, paths));
  project.has_config = false;
  return project;
}

Result<harness::Recipe> recipe_of(const LoadedProject& project) {
  TRY_INTO(std::vector<std::string> paths, project.repository.list_files(project.commit, ""));
  const harness::TreeFiles files{
      .paths = std::move(paths),
      .read = [&](const std::string& path, std::size_t bytes_max) -> std::optional<std::string> {
        Result<std::string> text = project.repository.read_file(project.commit, path, bytes_max);
        return text ? std::optional(*std::move(text)) : std::nullopt;
      }};
  TRY_INTO(harness::Recipe detected, harness::detect(files));
  return harness::recipe_of(project.config, std::move(detected));
}

Result<LoadedProject> load_unchecked(const std::string& folder, const config::Settings& settings,
                                     const IntakePaths& paths) {
  TRY_INTO(repo::Repository repository, repo::Repository::open(folder));
  TRY_INTO(const std::string commit, repository.head_commit());
  Result<std::string> toml = repository.read_file(commit, "nightjar.toml", config::kFileBytesMax);
  if (!toml && toml.error().code == ErrorCode::not_found) {
    const bool uncommitted = path_exists(folder + "/nightjar.toml");
    return {ErrorCode::invalid_input,
            uncommitted ? "nightjar.toml is not in commit " + commit.substr(0, 12) +
                              "; a run reads what is committed: `git add -A && git commit`"
                        : "there is no nightjar.toml in " + folder + "; `nightjar init " + folder +
                              "` writes one to start from"};
  }
  TRY_INTO(const std::string text, std::move(toml));
  return load_configured(std::move(repository), commit, text, settings, paths);
}

}  // namespace nightjar::factory
