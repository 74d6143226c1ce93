#include "harness/environment.h"

#include <fcntl.h>
#include <re2/re2.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "base/bytes.h"
#include "base/hash.h"
#include "harness/caches.h"
#include "harness/layers.h"
#include "harness/reporters.h"
#include "harness/services.h"
#include "sandbox/tree.h"

namespace nightjar::harness {
namespace {

constexpr std::size_t kMountsMax = 16;  // as sandbox/request.h
constexpr std::size_t kOutputBytesMax = 8192;
constexpr std::uint64_t kCacheFileBytesMax = std::uint64_t{64} << 20;
constexpr const char* kInsidePath = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";
constexpr const char* kVersionsNote = "versions.json";

/// What fills the cache that a failed set-up looked into; to be run where there is a network.
struct WayOut {
  std::string_view command;  // a part of the set-up's command
  std::string_view advice;
};
constexpr auto kWaysOut = std::to_array<WayOut>({
    {"npm ",
     "run `npm ci` (without a lock file `npm install`) once in a checkout, so that npm's "
     "cache holds the packages"},
    {"yarn ",
     "yarn's cache is not shown: use npm's lock file, or say in [environment] how to "
     "set up"},
    {"pnpm ",
     "pnpm's store is not shown: use npm's lock file, or say in [environment] how to "
     "set up"},
    {"cargo ", "run `cargo fetch` once in a checkout, so that Cargo's registry holds the crates"},
    {"go ", "run `go mod download` once in a checkout, so that the module cache holds them"},
    {"mvn ",
     "run `mvn -B verify` once in a checkout, so that the local repository holds the "
     "plugins and packages"},
    {"gradle", "run `gradle check` once in a checkout, so that Gradle's cache holds the packages"},
    {"composer ",
     "run `composer install` once in a checkout, so that Composer's cache holds the "
     "packages"},
    {"python_project.py",
     "install the packages into the Python that is shown, or name a folder "
     "of wheels: wheels = \"/path\" in [toolchains] of your configuration"},
});

/// The end of the text, from a line's start.
std::string tail_of(const std::string& text) {
  if (text.size() <= kOutputBytesMax) return printable_block(text, kOutputBytesMax * 4);
  const std::size_t newline = text.find('\n', text.size() - kOutputBytesMax);
  const std::size_t begin =
      newline == std::string::npos ? text.size() - kOutputBytesMax : newline + 1;
  return printable_block(text.substr(begin), kOutputBytesMax * 4);
}

std::string ending_text(const sandbox::Outcome& outcome) {
  if (outcome.ended == sandbox::Ended::exited) {
    return "ended with status " + std::to_string(outcome.code);
  }
  return "ended by " + std::string(sandbox::name_of(outcome.ended));
}

/// One preparation. Fills an Environment step by step; `problem` ends it.
class Preparation {
 public:
  Preparation(sandbox::Launcher& launcher, const EnvironmentInput& input, const Layers& layers,
              std::stop_token stop)
      : launcher_(launcher), input_(input), layers_(layers), stop_(std::move(stop)) {}

  Result<Environment> run() {
    TRY(find_toolchains());
    if (!environment_.problem.empty()) return std::move(environment_);
    TRY(compose());
    if (!environment_.problem.empty()) return std::move(environment_);
    TRY(ask_versions());
    TRY(name_inputs());
    if (input_.recipe.setup.empty() && preludes_.empty()) {
      environment_.ready = true;
      return std::move(environment_);
    }
    TRY_INTO(std::optional<Layers::Entry> kept, layers_.find(layer_key_));
    if (kept) {
      environment_.reused = true;
      for (std::string& note : kept->info.get_strings("notes").value_or({})) {
        environment_.warnings.push_back(std::move(note));
      }
      use(*std::move(kept));
      return std::move(environment_);
    }
    TRY(set_up());
    return std::move(environment_);
  }

 private:
  Result<> find_toolchains() {
    for (const std::string& name : input_.recipe.toolchains) {
      TRY_INTO(std::optional<Toolchain> found, find_toolchain(name, input_.host));
      if (!found) {
        environment_.problem = missing(name);
        return ok;
      }
      if (!found->prelude.empty()) preludes_.push_back(found->prelude);
      for (const std::string& warning : found->warnings) environment_.warnings.push_back(warning);
      toolchains_.push_back(*std::move(found));
    }
    find_services();
    return ok;
  }

  void find_services() {
    environment_.services = input_.recipe.services;
    if (environment_.services.empty()) return;
    for (const std::string& name : environment_.services) {
      std::optional<Toolchain> found = find_service(name);
      if (!found) {
        environment_.problem = lack_of_service(name);
        return;
      }
      toolchains_.push_back(*std::move(found));
    }
    preludes_.push_back(make_service_data(environment_.services));
  }

  static std::string missing(const std::string& name) {
    const std::vector<std::string> known = known_toolchains();
    std::string out = "this machine has no " + name + " that could be shown";
    if (std::ranges::find(known, name) == known.end()) {
      const std::string near = nearest_name(name, known);
      out += " (the name is not known" + (near.empty() ? ")" : "; did you mean " + near + "?)");
    }
    return out + "; install it, or name its folder in your configuration: [toolchains] " + name +
           " = \"/path\"";
  }

  Result<> compose() {
    TRY(add_reporters());
    for (const sandbox::Mount& mount : input_.mounts) add_mount(mount);
    std::vector<std::string> path;
    for (const Toolchain& toolchain : toolchains_) {
      for (const sandbox::Mount& mount : toolchain.mounts) add_mount(mount);
      for (const std::string& folder : toolchain.path_dirs) {
        if (std::ranges::find(path, folder) == path.end()) path.push_back(folder);
      }
      for (const auto& [name, value] : toolchain.env) environment_.env[name] = value;
    }
    path.push_back(std::string(kStatePath) + "/python/bin");
    environment_.env["PATH"] = join(path, ":") + ":" + kInsidePath;
    for (const auto& [name, value] : input_.recipe.env) environment_.env[name] = value;
    if (environment_.mounts.size() > kMountsMax) {
      environment_.problem = "the project needs " + std::to_string(environment_.mounts.size()) +
                             " folders of this machine, a sandbox shows at most 16; name fewer "
                             "toolchains in nightjar.toml, [environment]";
    }
    return ok;
  }

  void add_mount(const sandbox::Mount& mount) {
    const auto same = [&](const sandbox::Mount& other) {
      return other.inside_path == mount.inside_path;
    };
    if (std::ranges::none_of(environment_.mounts, same)) environment_.mounts.push_back(mount);
  }

  /// Once for each version of this program; other processes share them.
  Result<> add_reporters() {
    std::string content;
    for (const ReporterFile& file : reporter_files()) {
      content += std::string(file.path) + '\0' + std::string(file.content) + '\0';
    }
    const std::string folder = layers_.dir() + "/reporters-" + blake3(content).hex().substr(0, 16);
    if (!path_exists(folder)) {
      TRY_INTO(const Layers::Draft draft, layers_.begin());
      TRY(write_reporters(draft.dir + "/reporters"));
      const std::string made = draft.dir + "/reporters";
      if (::rename(made.c_str(), folder.c_str()) != 0 && !path_exists(folder)) {
        return errno_error("keep the reporters", errno);
      }
    }
    environment_.mounts.push_back({.host_path = folder, .inside_path = kReportersPath});
    return ok;
  }

  sandbox::Spec spec() const {
    return {
        .lower_dirs = {input_.source_dir}, .mounts = environment_.mounts, .limits = input_.limits};
  }

  Result<sandbox::Outcome> run_in(sandbox::Sandbox& sandbox, const std::string& command) {
    sandbox::Command shell = shell_command(command, input_.command_limits);
    shell.env = environment_.env;
    TRY_INTO(sandbox::Outcome outcome, sandbox.run(shell, stop_));
    if (outcome.ended == sandbox::Ended::cancelled) {
      return Error{ErrorCode::cancelled, "the set-up was stopped"};
    }
    environment_.wall_ms += outcome.wall_ms;
    environment_.cpu_ms += outcome.cpu_ms;
    return outcome;
  }

  /// What tells one installation from another without running it.
  static std::string identity_of(const Toolchain& toolchain) {
    struct stat info{};
    if (toolchain.program.empty() || ::stat(toolchain.program.c_str(), &info) != 0) return {};
    return toolchain.name + " " + toolchain.program + " " + std::to_string(info.st_size) + " " +
           std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec);
  }

  Result<> ask_versions() {
    Json note = layers_.read_note(kVersionsNote);
    std::string script;
    for (Toolchain& toolchain : toolchains_) {
      if (toolchain.version_command.empty()) continue;
      const Json* known = note.find(identity_of(toolchain));
      if (known != nullptr && known->is_string()) {
        toolchain.version = known->as_string();
        continue;
      }
      script += "printf '%s\\t' " + toolchain.name + "; (" + toolchain.version_command +
                ") 2>&1 </dev/null | head -n 3 | tr '\\n' ' '; echo\n";
    }
    if (script.empty()) return name_toolchains();
    TRY_INTO(
        const std::unique_ptr<sandbox::Sandbox> sandbox,
        launcher_.open({.lower_dirs = {}, .mounts = environment_.mounts, .limits = input_.limits}));
    TRY_INTO(const sandbox::Outcome outcome, run_in(*sandbox, script));
    for (const std::string& line : split_lines(outcome.stdout_bytes)) {
      const std::size_t tab = line.find('\t');
      if (tab == std::string::npos) continue;
      const auto toolchain = std::ranges::find(toolchains_, line.substr(0, tab), &Toolchain::name);
      if (toolchain == toolchains_.end()) continue;
      static const RE2 kVersion(R"((\d+(?:\.\d+)+[-+.\w]*|\d+))");
      RE2::PartialMatch(line.substr(tab + 1), kVersion, &toolchain->version);
      const std::string identity = identity_of(*toolchain);
      if (!toolchain->version.empty() && !identity.empty()) note.set(identity, toolchain->version);
    }
    if (note.is_object()) TRY(layers_.write_note(kVersionsNote, note));
    return name_toolchains();
  }

  Result<> name_toolchains() {
    for (const Toolchain& toolchain : toolchains_) {
      environment_.toolchains.push_back(
          toolchain.version.empty() ? toolchain.name : toolchain.name + " " + toolchain.version);
    }
    return ok;
  }

  /// The packages of a Python that is shown from outside of the system, by their metadata's names.
  static std::string packages_of(const Toolchain& toolchain) {
    if (toolchain.name != "python" || toolchain.mounts.empty()) return {};
    const std::string minor = "python" + toolchain.version.substr(0, toolchain.version.rfind('.'));
    const std::string site =
        toolchain.mounts.front().host_path + "/lib/" + minor + "/site-packages";
    std::set<std::string> names;
    std::error_code failure;
    for (std::filesystem::directory_iterator entry(site, failure), end; !failure && entry != end;
         entry.increment(failure)) {
      const std::string name = entry->path().filename().string();
      if (name.ends_with(".dist-info")) names.insert(name);
    }
    return blake3(join({names.begin(), names.end()}, "\n")).hex();
  }

  Result<> name_inputs() {
    Json files = Json::object();
    const UniqueFd source(
        ::open(input_.source_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!source) return errno_error("open " + input_.source_dir, errno);
    for (const std::string& path : input_.recipe.cache_files) {
      const Result<std::string> text =
          sandbox::read_file_at(source.get(), path, kCacheFileBytesMax);
      files.set(path, text ? blake3(*text).name() : std::string("absent"));
    }
    Json packages = Json::array();
    for (const Toolchain& toolchain : toolchains_) packages.push(packages_of(toolchain));
    const Json names = Json::strings(environment_.toolchains);
    Json inputs = Json::object(
        {{"format", 1},
         {"setup", Json::strings(input_.recipe.setup)},
         {"preludes", Json::strings(preludes_)},
         {"cache_files", std::move(files)},
         {"toolchains", names},
         {"packages", std::move(packages)},
         {"env", to_json(input_.recipe).find("env") != nullptr ? *to_json(input_.recipe).find("env")
                                                               : Json()}});
    layer_key_ = blake3(inputs.dump()).hex();
    inputs.set("recipe", to_json(input_.recipe));
    environment_.digest = blake3(inputs.dump()).name();
    return ok;
  }

  Result<> set_up() {
    TRY_INTO(std::unique_ptr<sandbox::Sandbox> sandbox, launcher_.open(spec()));
    TRY(run_all(*sandbox, preludes_));
    if (!environment_.problem.empty()) return ok;
    ServiceLauncher services(launcher_, environment_.services);
    sandbox = services.serve(std::move(sandbox));
    Result<> ran = run_all(*sandbox, input_.recipe.setup);
    if (std::optional<std::string> problem = services.problem()) {
      environment_.problem = *std::move(problem);
      return ok;
    }
    TRY(std::move(ran));
    if (!environment_.problem.empty()) return ok;
    TRY_INTO(Layers::Draft draft, layers_.begin());
    const sandbox::TreeLimits limits = {
        .files_max = 1'000'000, .bytes_max = input_.limits.disk_bytes_max * 2, .depth_max = 128};
    const std::string tree = draft.dir + "/tree";
    TRY(export_added(sandbox->workspace_fd(), input_.source_dir, tree, limits)
            .with_context("keep what the set-up made"));
    TRY(launcher_.adopt(tree));
    TRY_INTO(const std::int64_t bytes, bytes_in(tree, limits));
    TRY_INTO(Layers::Entry entry,
             layers_.publish(layer_key_, std::move(draft),
                             Json::object({{"bytes", bytes},
                                           {"toolchains", Json::strings(environment_.toolchains)},
                                           {"notes", Json::strings(notes_)},
                                           {"setup", Json::strings(input_.recipe.setup)}}),
                             Layers::Keep::over_restarts));
    use(std::move(entry));
    return ok;
  }

  /// Until one fails, which is the environment's problem.
  Result<> run_all(sandbox::Sandbox& sandbox, const std::vector<std::string>& commands) {
    for (const std::string& command : commands) {
      TRY_INTO(const sandbox::Outcome outcome, run_in(sandbox, command));
      take_notes(outcome);
      if (outcome.succeeded()) continue;
      fail(command, outcome);
      return ok;
    }
    return ok;
  }

  /// What our own set-up programs have to say to people.
  void take_notes(const sandbox::Outcome& outcome) {
    constexpr std::size_t kNotesMax = 20;
    constexpr std::string_view kMark = "nightjar: ";
    for (const std::string& line : split_lines(outcome.stdout_bytes)) {
      if (!line.starts_with(kMark) || environment_.warnings.size() >= kNotesMax) continue;
      environment_.warnings.push_back(printable(line.substr(kMark.size()), 500));
      notes_.push_back(environment_.warnings.back());
    }
  }

  static Result<std::int64_t> bytes_in(const std::string& tree, const sandbox::TreeLimits& limits) {
    const UniqueFd folder(::open(tree.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!folder) return errno_error("open " + tree, errno);
    std::int64_t bytes = 0;
    TRY(sandbox::walk_tree(folder.get(), limits, [&](const sandbox::TreeEntry& entry) -> Result<> {
      bytes += static_cast<std::int64_t>(entry.bytes) + 512;
      return ok;
    }));
    return bytes;
  }

  void fail(const std::string& command, const sandbox::Outcome& outcome) {
    environment_.problem = "the set-up `" + printable(command, 300) + "` " + ending_text(outcome);
    // Our own set-up programs say what they miss; of others the output is shown.
    environment_.problem +=
        notes_.empty() ? " without a network" + last_said(outcome) : ": " + notes_.back();
    for (const WayOut& way : kWaysOut) {
      if (command.find(way.command) == std::string::npos) continue;
      environment_.problem += "; " + std::string(way.advice);
      break;
    }
    environment_.output = tail_of(outcome.stdout_bytes + outcome.stderr_bytes);
  }

  /// The last three different lines: which package, which file.
  static std::string last_said(const sandbox::Outcome& outcome) {
    std::vector<std::string> said;
    std::vector<std::string> lines = split_lines(outcome.stdout_bytes + outcome.stderr_bytes);
    for (auto line = lines.rbegin(); line != lines.rend() && said.size() < 3; ++line) {
      const std::string words = printable(*line, 200);
      if (words.find_first_not_of(' ') == std::string::npos) continue;
      if (std::ranges::find(said, words) == said.end()) said.insert(said.begin(), words);
    }
    return said.empty() ? "" : ": " + join(said, "; ");
  }

  void use(Layers::Entry entry) {
    environment_.layer_dir = std::move(entry.tree_dir);
    environment_.lease = std::move(entry.lease);
    environment_.ready = true;
  }

  sandbox::Launcher& launcher_;
  const EnvironmentInput& input_;
  const Layers& layers_;
  std::stop_token stop_;
  Environment environment_;
  std::vector<Toolchain> toolchains_;
  std::vector<std::string> preludes_;
  std::vector<std::string> notes_;
  std::string layer_key_;
};

}  // namespace

Json to_json(const Environment& environment) {
  Json mounts = Json::array();
  for (const sandbox::Mount& mount : environment.mounts) {
    mounts.push(Json::object({{"host", mount.host_path}, {"inside", mount.inside_path}}));
  }
  Json env = Json::object();
  for (const auto& [name, value] : environment.env) env.set(name, value);
  return Json::object({{"digest", environment.digest},
                       {"toolchains", Json::strings(environment.toolchains)},
                       {"ready", environment.ready},
                       {"problem", environment.problem},
                       {"reused", environment.reused},
                       {"layer_dir", environment.layer_dir},
                       {"mounts", std::move(mounts)},
                       {"env", std::move(env)},
                       {"warnings", Json::strings(environment.warnings)},
                       {"wall_ms", environment.wall_ms},
                       {"cpu_ms", environment.cpu_ms}});
}

Result<Environment> prepare(sandbox::Launcher& launcher, const EnvironmentInput& input,
                            std::stop_token stop) {
  TRY_INTO(const Layers layers, Layers::open(input.layers_dir, input.layers_bytes_max));
  return Preparation(launcher, input, layers, std::move(stop)).run();
}

}  // namespace nightjar::harness
