#include "factory/workspaces.h"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/bytes.h"
#include "base/file.h"
#include "base/hash.h"
#include "harness/services.h"
#include "repo/change_spec.h"
#include "sandbox/tree.h"

namespace nightjar::factory {
namespace {

// In the key of kept sources: another number makes them all anew.
constexpr std::string_view kSourceFormat = "source 1 ";
constexpr std::size_t kBlockBytes = 512;

constexpr std::size_t kChangesBytesMax = std::size_t{16} << 20;

Result<> lay_over(const std::string& folder, const repo::Changes& changes) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return errno_error("open " + folder, errno);
  // What goes, goes first: a file may take the place of a folder.
  for (const auto& [path, change] : changes) {
    TRY(sandbox::check_relative_path(path));
    if (change.content) continue;
    std::error_code failure;
    std::filesystem::remove(folder + "/" + path, failure);
    if (failure) return errno_error("remove " + path, failure.value());
    std::filesystem::path parent = std::filesystem::path(path).parent_path();
    while (!parent.empty() && std::filesystem::remove(folder / parent, failure)) {
      parent = parent.parent_path();
    }
  }
  for (const auto& [path, change] : changes) {
    if (!change.content) continue;
    TRY(sandbox::write_file_at(
        fd.get(), path, *change.content,
        change.executable ? sandbox::FileMode::executable : sandbox::FileMode::regular));
  }
  return ok;
}

}  // namespace

Result<Digest> store_changes(store::Blobs& blobs, const repo::Changes& changes) {
  Json files = Json::array();
  for (const auto& [path, change] : changes) {
    if (!is_utf8(path)) {
      return {ErrorCode::invalid_input,
              "the name of a changed file is not UTF-8: " + printable(path, 200)};
    }
    Json file = Json::object({{"path", path}, {"executable", change.executable}});
    if (change.content) {
      TRY_INTO(const Digest name, blobs.put(*change.content));
      file.set("content", name.name());
    } else {
      file.set("content", nullptr);
    }
    files.push(std::move(file));
  }
  return blobs.put(Json::object({{"changes", std::move(files)}}).dump());
}

Result<repo::Changes> load_changes(const store::Blobs& blobs, const std::string& name) {
  repo::Changes changes;
  if (name.empty()) return changes;
  TRY_INTO(const Digest digest, parse_digest(name));
  TRY_INTO(const std::string text, blobs.get(digest, kChangesBytesMax));
  TRY_INTO(const Json json, parse_json(text));
  const Json* files = json.find("changes");
  if (files == nullptr || !files->is_array())
    return {ErrorCode::corrupt, name + " is no candidate"};
  for (const Json& file : files->as_array()) {
    repo::Change change{.content = {}, .executable = file.bool_or("executable", false)};
    TRY_INTO(const std::string path, file.get_string("path"));
    if (const Json* content = file.find("content"); content != nullptr && content->is_string()) {
      TRY_INTO(const Digest blob, parse_digest(content->as_string()));
      TRY_INTO(change.content, blobs.get(blob, kCandidateFileBytesMax));
    }
    changes.emplace(path, std::move(change));
  }
  return changes;
}

sandbox::Limits sandbox_limits(const config::Limits& limits) {
  return {.memory_bytes_max = static_cast<std::uint64_t>(limits.memory_bytes_max),
          .disk_bytes_max = static_cast<std::uint64_t>(limits.disk_bytes_max),
          .processes_max = static_cast<std::uint32_t>(limits.processes_max)};
}

sandbox::Spec spec_of(const std::string& built, const Workspaces::BuildRequest& request) {
  sandbox::Spec spec{.lower_dirs = {built},
                     .mounts = request.environment.mounts,
                     .limits = sandbox_limits(request.limits),
                     .env = request.environment.env};
  if (!request.environment.layer_dir.empty()) {
    spec.lower_dirs.push_back(request.environment.layer_dir);
  }
  return spec;
}

harness::CommandLimits suite_limits(const config::Limits& limits, const event::Cost& worst_case) {
  return {
      .wall_max = std::chrono::milliseconds(std::min(limits.suite_ms_max, worst_case.wall_ms)),
      .cpu_max = std::chrono::milliseconds(std::min(2 * limits.suite_ms_max, worst_case.cpu_ms)),
      .output_bytes_max = static_cast<std::uint64_t>(limits.output_bytes_max)};
}

harness::CommandLimits command_limits(const config::Limits& limits, const event::Cost& worst_case) {
  return {.wall_max = std::chrono::milliseconds(std::min(limits.wall_ms_max, worst_case.wall_ms)),
          .cpu_max = std::chrono::milliseconds(std::min(limits.cpu_ms_max, worst_case.cpu_ms)),
          .output_bytes_max = static_cast<std::uint64_t>(limits.output_bytes_max)};
}

namespace {

std::string key_of(const Workspaces::BuildRequest& request) {
  std::string key = request.tree.dump() + '\0' + request.build_command;
  key += '\0' + request.environment.digest;
  for (const auto& [name, value] : request.env) key += '\0' + name + '=' + value;
  return key;
}

}  // namespace

std::string Workspaces::fresh_folder(const char* kind) {
  const int number = made_.with([](int& made) { return ++made; });
  return options_.scratch_dir + "/" + kind + "-" + std::to_string(number);
}

Result<std::string> Workspaces::source(const Json& tree) {
  const std::string key = tree.dump();
  const std::string known = sources_.with([&](auto& sources) { return sources[key]; });
  if (!known.empty()) return known;
  TRY_INTO(const std::string folder, make_source(tree));
  sources_.with([&](auto& sources) { sources[key] = folder; });
  return folder;
}

Result<std::string> Workspaces::make_source(const Json& tree) {
  TRY_INTO(const std::string top, tree.get_string("top"));
  TRY_INTO(const std::string below, tree.get_string("folder"));
  TRY_INTO(const std::string commit, tree.get_string("commit"));
  TRY_INTO(const repo::Repository repository,
           repo::Repository::open(below.empty() ? top : top + "/" + below));
  TRY_INTO(const repo::Changes changes, load_changes(blobs_, tree.string_or("changes", "")));
  TRY_INTO(const std::string tree_id, repo::tree_id(repository, commit, changes));
  const std::string key = blake3(std::string(kSourceFormat) + tree_id).hex();
  TRY_INTO(const harness::Layers layers,
           harness::Layers::open(options_.layers_dir, options_.layers_bytes_max));
  const auto hold = [&](harness::Layers::Entry entry) {
    std::string folder = entry.tree_dir;
    kept_.with([&](auto& kept) { kept.push_back(std::move(entry)); });
    return folder;
  };
  TRY_INTO(std::optional<harness::Layers::Entry> there, layers.find(key));
  if (there) return hold(*std::move(there));

  const std::string folder = fresh_folder("source");
  TRY(make_directories(options_.scratch_dir, 0700));
  TRY_INTO(const repo::Repository::Exported exported,
           repository.export_tree(commit, folder, repo::ExportLimits{}));
  TRY(lay_over(folder, changes));
  TRY(launcher_.adopt(folder));
  if (exported.files < options_.kept_files_min) return folder;
  TRY_INTO(harness::Layers::Draft draft, layers.begin());
  // Another file system: it stays scratch.
  if (::rename(folder.c_str(), (draft.dir + "/tree").c_str()) != 0) return folder;
  const auto bytes = static_cast<std::int64_t>(exported.bytes + exported.files * kBlockBytes);
  TRY_INTO(harness::Layers::Entry entry,
           layers.publish(key, std::move(draft), Json::object({{"bytes", bytes}}),
                          harness::Layers::Keep::while_up));
  return hold(std::move(entry));
}

Result<Workspaces::Built> Workspaces::build(const BuildRequest& request, std::stop_token stop) {
  TRY_INTO(const std::string folder, source(request.tree));
  if (request.build_command.empty() && request.test_command.empty()) {
    // What needs no building is built as it is.
    Built as_is{.outcome = {}, .folder = folder};
    as_is.outcome.built = true;
    as_is.outcome.tests_passed = true;
    built_.with([&](auto& all) { all[key_of(request)] = folder; });
    return as_is;
  }
  Built built{.outcome = {}, .folder = fresh_folder("built")};
  const harness::BuildInput input{
      .source = spec_of(folder, request),
      .build_command = request.build_command,
      .test_command = request.test_command,
      .limits = request.limit == BuildRequest::Limit::suite
                    ? suite_limits(request.limits, request.worst_case)
                    : command_limits(request.limits, request.worst_case),
      .built_dir = built.folder,
      .built_limits = {.files_max = 500'000,
                       .bytes_max = static_cast<std::uint64_t>(request.limits.disk_bytes_max) * 2,
                       .depth_max = 64},
      .env = request.env};
  harness::ServiceLauncher services(launcher_, request.environment.services);
  TRY_INTO(built.outcome, harness::build_and_test(services, input, stop));
  if (!built.outcome.built) return built;
  TRY(launcher_.adopt(built.folder));
  built_.with([&](auto& all) { all[key_of(request)] = built.folder; });
  return built;
}

Result<std::string> Workspaces::built(const BuildRequest& request, Make make,
                                      std::stop_token stop) {
  const std::string key = key_of(request);
  const std::string known = built_.with([&](auto& all) { return all[key]; });
  if (!known.empty() || make == Make::nothing) return known;
  BuildRequest without_tests = request;
  without_tests.test_command.clear();
  TRY_INTO(const Built fresh, build(without_tests, stop));
  if (fresh.outcome.built) return fresh.folder;
  return {ErrorCode::conflict, "the tree built before and does not build now"};
}

}  // namespace nightjar::factory
