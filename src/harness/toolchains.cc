// Where a toolchain lies on this machine: the user's configuration, else the user's PATH with its
// version managers seen through. Only files are looked at; nothing is run.
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <filesystem>

#include "base/bytes.h"
#include "base/file.h"
#include "harness/caches.h"
#include "harness/environment.h"

namespace nightjar::harness {
namespace {

struct Known {
  std::string_view name;
  std::string_view programs;  // any of them, with a blank between
  std::string_view version_command;
};
// Sorted by name.
constexpr auto kKnown = std::to_array<Known>({
    {"autotools", "autoreconf", "autoreconf --version"},
    {"bats", "bats", "bats --version"},
    {"c", "cc gcc clang", "cc --version || gcc --version || clang --version"},
    {"cmake", "cmake", "cmake --version"},
    {"composer", "composer", "composer --version"},
    {"go", "go", "go version"},
    {"gradle", "gradle", ""},
    {"java", "javac java", "java -version"},
    {"make", "make gmake", "make --version"},
    {"maven", "mvn", ""},
    {"meson", "meson", "meson --version"},
    {"node", "node nodejs", "node --version"},
    {"npm", "npm", "npm --version"},
    {"perl", "perl", "perl -e 'print $^V'"},
    {"php", "php", "php --version"},
    {"pnpm", "pnpm", "pnpm --version"},
    {"python", "python3 python", "python3 --version || python --version"},
    {"ruby", "ruby", "ruby --version"},
    {"rust", "cargo", "cargo --version"},
    {"yarn", "yarn", "yarn --version"},
});

constexpr const char* kInsidePath = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

// A folder that holds one of these is nobody's toolchain.
constexpr auto kCredentials = std::to_array<std::string_view>(
    {".ssh", ".aws", ".gnupg", ".netrc", ".git-credentials", ".npmrc", ".pypirc", ".docker",
     ".config", ".kube", "credentials", "credentials.toml", ".env", "pip.conf", "settings.xml"});

bool is_below(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() && path.starts_with(folder) &&
         (folder.ends_with('/') || path[folder.size()] == '/');
}

/// Shown in every sandbox as it is.
bool is_shown(std::string_view path) {
  for (const std::string_view top : {"/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32"}) {
    if (path == top || is_below(path, top)) return true;
  }
  return false;
}

/// A sandbox keeps these for itself; nothing of the host can be shown below them.
bool is_kept(std::string_view path) {
  for (const std::string_view top : {"/tmp", "/work", "/proc", "/dev", "/etc", "/sys"}) {
    if (path == top || is_below(path, top)) return true;
  }
  return false;
}

std::string parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return "/";
  return std::string(path.substr(0, slash));
}

std::string name_in(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

/// With links followed; "" when it does not exist.
std::string real_path(const std::string& path) {
  std::array<char, PATH_MAX> resolved{};
  return ::realpath(path.c_str(), resolved.data()) == nullptr ? "" : resolved.data();
}

bool is_program(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

std::string first_line_of(const std::string& path) {
  const Result<std::string> text = read_file(path, 64 << 10);
  if (!text) return {};
  return std::string(trim(std::string_view(*text).substr(0, text->find('\n'))));
}

std::vector<std::string> folders_in(const std::string& path) {
  std::vector<std::string> out;
  std::error_code failure;
  for (std::filesystem::directory_iterator entry(path, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    out.push_back(entry->path().filename().string());
    if (out.size() >= 1000) break;
  }
  std::ranges::sort(out);
  return out;
}

/// Above, at, or the same as the home folder: would show all of it.
bool shows_home(const std::string& folder, const std::string& home) {
  return folder == "/" || (!home.empty() && (folder == home || is_below(home, folder)));
}

std::string credentials_in(const std::string& folder) {
  for (const std::string_view name : kCredentials) {
    const std::string path = folder + "/" + std::string(name);
    if (path_exists(path)) return path;
  }
  return {};
}

class Search {
 public:
  Search(const Known& known, const HostView& host)
      : known_(known), host_(host), home_(real_path(host.home)) {}

  std::optional<Toolchain> find() {
    const std::string path = host_.discover ? host_.path : std::string(kInsidePath);
    for (const std::string& folder : split(path, ':')) {
      if (folder.empty() || folder.front() != '/') continue;
      for (const std::string& program : split(known_.programs, ' ')) {
        const std::string candidate = folder + "/" + program;
        if (!is_program(candidate)) continue;
        if (auto found = resolve(candidate, program)) return found;
      }
    }
    return std::nullopt;
  }

 private:
  std::optional<Toolchain> resolve(const std::string& candidate, const std::string& program) {
    const std::string real = real_path(candidate);
    if (real.empty()) return std::nullopt;
    if (name_in(real) == "rustup") return in_prefix(rustup_toolchain(), program);
    if (name_in(real) == "volta-shim") {
      return in_prefix(newest_in(host_.home + "/.volta/tools/image/" + program), program);
    }
    if (name_in(parent_of(candidate)) == "shims") {
      return in_prefix(version_manager_prefix(parent_of(parent_of(candidate))), program);
    }
    const std::string environment = parent_of(parent_of(candidate));
    if (path_exists(environment + "/pyvenv.cfg")) return in_venv(environment, program);
    if (is_shown(real)) return shown(parent_of(candidate), real);
    return in_prefix(prefix_of(real), name_in(real));
  }

  /// Already visible inside; perhaps not in its PATH.
  Toolchain shown(const std::string& folder, const std::string& real) const {
    Toolchain out{.name = std::string(known_.name), .program = real};
    // The link may lie in a folder that is not shown.
    const std::string where = is_shown(folder) ? folder : parent_of(real);
    const std::vector<std::string> fixed = split(kInsidePath, ':');
    if (std::ranges::find(fixed, where) == fixed.end()) out.path_dirs.push_back(where);
    return out;
  }

  std::optional<Toolchain> in_prefix(const std::string& found, const std::string& program) const {
    const std::string prefix = real_path(found);
    if (prefix.empty() || !is_program(prefix + "/bin/" + program)) return std::nullopt;
    if (is_shown(prefix)) return shown(prefix + "/bin", real_path(prefix + "/bin/" + program));
    const bool refused = shows_home(prefix, home_) || is_kept(prefix) || parent_of(prefix) == "/" ||
                         !credentials_in(prefix).empty();
    if (refused) return std::nullopt;
    // `.local` and the like are shared by everything a person installs.
    const bool shared = !home_.empty() && parent_of(prefix) == home_ &&
                        (name_in(prefix) == ".local" || name_in(prefix) == ".cargo");
    if (shared) return std::nullopt;
    Toolchain out{.name = std::string(known_.name),
                  .program = real_path(prefix + "/bin/" + program)};
    out.mounts.push_back({.host_path = prefix, .inside_path = prefix});
    out.path_dirs.push_back(prefix + "/bin");
    return out;
  }

  /// A virtual environment needs the Python that it was made of, too.
  std::optional<Toolchain> in_venv(const std::string& environment, const std::string& program) {
    std::optional<Toolchain> out = in_prefix(environment, program);
    if (!out) return out;
    const Result<std::string> settings = read_file(environment + "/pyvenv.cfg", 64 << 10);
    if (!settings) return std::nullopt;
    for (const std::string& line : split_lines(*settings)) {
      const std::size_t equals = line.find('=');
      if (equals == std::string::npos || trim(line.substr(0, equals)) != "home") continue;
      const std::string home = real_path(std::string(trim(line.substr(equals + 1))));
      if (home.empty()) return std::nullopt;
      if (is_shown(home)) return out;
      const auto base = in_prefix(parent_of(home), "python3");
      if (!base) return std::nullopt;
      out->mounts.insert(out->mounts.end(), base->mounts.begin(), base->mounts.end());
    }
    return out;
  }

  static std::string prefix_of(const std::string& real) {
    const std::string folder = parent_of(real);
    return name_in(folder) == "bin" ? parent_of(folder) : std::string();
  }

  std::string rustup_toolchain() const {
    const std::string folder = host_.home + "/.rustup";
    const Result<std::string> settings = read_file(folder + "/settings.toml", 64 << 10);
    if (!settings) return {};
    for (const std::string& line : split_lines(*settings)) {
      if (!line.starts_with("default_toolchain")) continue;
      const std::size_t open = line.find('"');
      const std::size_t close = line.rfind('"');
      if (open == std::string::npos || close <= open) return {};
      const std::string name = line.substr(open + 1, close - open - 1);
      if (name.find('/') != std::string::npos) return {};
      return folder + "/toolchains/" + name;
    }
    return {};
  }

  /// pyenv, rbenv and nodenv have versions/ and a file `version`; asdf and mise have installs/.
  std::string version_manager_prefix(const std::string& root) const {
    if (path_exists(root + "/versions")) {
      const std::string version = first_line_of(root + "/version");
      if (!is_plain(version)) return newest_in(root + "/versions");
      return root + "/versions/" + version;
    }
    const std::string tool = known_.name == "node" ? "nodejs" : std::string(known_.name);
    const Result<std::string> chosen = read_file(host_.home + "/.tool-versions", 64 << 10);
    for (const std::string& line : chosen ? split_lines(*chosen) : std::vector<std::string>()) {
      const std::vector<std::string> words = split(std::string(trim(line)), ' ');
      if (words.size() < 2 || (words[0] != tool && words[0] != known_.name)) continue;
      if (!is_plain(words.back())) return {};
      return root + "/installs/" + words[0] + "/" + words.back();
    }
    const std::string newest = newest_in(root + "/installs/" + tool);
    return newest.empty() ? newest_in(root + "/installs/" + std::string(known_.name)) : newest;
  }

  static bool is_plain(const std::string& version) {
    return !version.empty() && version != "system" && version.find('/') == std::string::npos &&
           version != "..";
  }

  /// By numbers: 3.12 is newer than 3.9.
  static std::string newest_in(const std::string& folder) {
    const std::vector<std::string> names = folders_in(folder);
    const auto newest =
        std::ranges::max_element(names, [](const std::string& a, const std::string& b) {
          return ::strverscmp(a.c_str(), b.c_str()) < 0;
        });
    return newest == names.end() ? std::string() : folder + "/" + *newest;
  }

  const Known& known_;
  const HostView& host_;
  std::string home_;
};

/// The folder that the user's configuration names: shown whatever it holds, with a word about it.
Result<Toolchain> named_by_user(const std::string& name, const std::string& folder,
                                const Known* known, const HostView& host) {
  const std::string real = real_path(folder);
  struct stat info{};
  if (real.empty() || ::stat(real.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    return {ErrorCode::not_found, "[toolchains] " + name + ": there is no folder " + folder};
  }
  Toolchain out{.name = name};
  if (shows_home(real, real_path(host.home))) {
    return {ErrorCode::denied, "[toolchains] " + name + ": " + folder +
                                   " holds your home folder; name the toolchain's own folder"};
  }
  if (is_kept(real)) {
    return {ErrorCode::denied, "[toolchains] " + name + ": " + real +
                                   " cannot be shown at its own place, which the sandbox keeps "
                                   "for itself; move the toolchain, to /opt for example"};
  }
  if (const std::string secret = credentials_in(real); !secret.empty()) {
    out.warnings.push_back("[toolchains] " + name + " shows " + secret +
                           " to the code of every project");
  }
  const std::string bin = path_exists(real + "/bin") ? real + "/bin" : real;
  out.path_dirs.push_back(bin);
  for (const std::string& program : split(known == nullptr ? "" : known->programs, ' ')) {
    if (out.program.empty() && !program.empty()) out.program = real_path(bin + "/" + program);
  }
  if (!is_shown(real)) out.mounts.push_back({.host_path = real, .inside_path = real});
  return out;
}

}  // namespace

std::vector<std::string> known_toolchains() {
  std::vector<std::string> out;
  for (const Known& known : kKnown) out.emplace_back(known.name);
  return out;
}

Json to_json(const Toolchain& toolchain) {
  Json mounts = Json::array();
  for (const sandbox::Mount& mount : toolchain.mounts) {
    mounts.push(Json::object({{"host", mount.host_path}, {"inside", mount.inside_path}}));
  }
  Json env = Json::object();
  for (const auto& [name, value] : toolchain.env) env.set(name, value);
  return Json::object({{"name", toolchain.name},
                       {"version", toolchain.version},
                       {"program", toolchain.program},
                       {"mounts", std::move(mounts)},
                       {"path_dirs", Json::strings(toolchain.path_dirs)},
                       {"env", std::move(env)},
                       {"warnings", Json::strings(toolchain.warnings)}});
}

Result<std::optional<Toolchain>> find_toolchain(const std::string& name, const HostView& host) {
  const auto row = std::ranges::find(kKnown, std::string_view(name), &Known::name);
  const Known* known = row == kKnown.end() ? nullptr : &*row;
  std::optional<Toolchain> found;
  if (const auto named = host.toolchain_dirs.find(name); named != host.toolchain_dirs.end()) {
    TRY_INTO(found, named_by_user(name, named->second, known, host));
  } else if (known != nullptr) {
    found = Search(*known, host).find();
  }
  // A project's own wrapper is enough, if what it starts was downloaded before.
  const bool wrapped = name == "gradle" && path_exists(host.home + "/.gradle/wrapper");
  if (!found && wrapped && host.discover) found = Toolchain{.name = name};
  if (!found) return found;
  if (known != nullptr) found->version_command = std::string(known->version_command);
  add_caches(*found, host);
  return found;
}

}  // namespace nightjar::harness
