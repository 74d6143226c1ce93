#include "harness/caches.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <thread>

#include "base/bytes.h"
#include "base/file.h"

namespace nightjar::harness {
namespace {

bool is_folder(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

/// Shows a folder of the home at kCachesPath/NAME; false when there is none.
bool show(Toolchain& toolchain, const std::string& host_path, const std::string& name) {
  if (!is_folder(host_path)) return false;
  toolchain.mounts.push_back(
      {.host_path = host_path, .inside_path = std::string(kCachesPath) + "/" + name});
  return true;
}

std::string state(const std::string& name) { return std::string(kStatePath) + "/" + name; }
std::string cache(const std::string& name) { return std::string(kCachesPath) + "/" + name; }

/// The module cache that `go env -w` or the default names.
std::string go_modules(const HostView& host) {
  const Result<std::string> settings = read_file(host.home + "/.config/go/env", 64 << 10);
  std::string path = host.home + "/go/pkg/mod";
  for (const std::string& line : settings ? split_lines(*settings) : std::vector<std::string>()) {
    if (line.starts_with("GOPATH=/")) path = line.substr(7) + "/pkg/mod";
  }
  for (const std::string& line : settings ? split_lines(*settings) : std::vector<std::string>()) {
    if (line.starts_with("GOMODCACHE=/")) path = line.substr(11);
  }
  return path;
}

void add_go(Toolchain& toolchain, const HostView& host) {
  const bool modules = host.discover && show(toolchain, go_modules(host), "go-mod");
  toolchain.env = {{"GOMODCACHE", modules ? cache("go-mod") : state("go-mod")},
                   {"GOCACHE", state("go-build")},
                   {"GOPATH", state("go")},
                   {"GOPROXY", "off"},
                   {"GOSUMDB", "off"},
                   {"GOENV", "off"},
                   {"GOTELEMETRY", "off"},
                   {"GOTOOLCHAIN", "local"}};
}

void add_rust(Toolchain& toolchain, const HostView& host) {
  toolchain.env = {{"CARGO_HOME", state("cargo")}, {"CARGO_NET_OFFLINE", "true"}};
  if (!host.discover) return;
  // Cargo locks, unpacks and counts below its home, so only what it reads is linked there. The
  // folder above these, with its credentials, is never shown.
  std::string links;
  const auto link = [&](const std::string& folder, const std::string& target) {
    links += " && ln -sfn " + target + " \"$CARGO_HOME/" + folder + "\"";
  };
  if (show(toolchain, host.home + "/.cargo/registry", "cargo-registry")) {
    link("registry/index", cache("cargo-registry") + "/index");
    link("registry/cache", cache("cargo-registry") + "/cache");
  }
  if (show(toolchain, host.home + "/.cargo/git", "cargo-git")) {
    link("git/db", cache("cargo-git") + "/db");
  }
  if (!links.empty()) {
    toolchain.prelude = "mkdir -p \"$CARGO_HOME/registry\" \"$CARGO_HOME/git\"" + links;
  }
}

void add_npm(Toolchain& toolchain, const HostView& host) {
  toolchain.env = {{"npm_config_cache", "/tmp/npm"},      {"npm_config_offline", "true"},
                   {"npm_config_audit", "false"},         {"npm_config_fund", "false"},
                   {"npm_config_ignore_scripts", "true"}, {"npm_config_update_notifier", "false"}};
  if (!host.discover || !show(toolchain, host.home + "/.npm/_cacache", "npm")) return;
  toolchain.prelude = "mkdir -p /tmp/npm/_cacache/tmp && ln -sfn " + cache("npm") +
                      "/content-v2 /tmp/npm/_cacache/content-v2 && ln -sfn " + cache("npm") +
                      "/index-v5 /tmp/npm/_cacache/index-v5";
}

/// Debian's Maven has its settings in /etc, which no sandbox shows: a home of links and the
/// settings that Maven itself brings.
std::string maven_home_of_links() {
  const std::string home = state("maven");
  return "mkdir -p " + home + "/bin " + home + "/conf/logging && ln -sfn /usr/share/maven/boot " +
         home + "/boot && ln -sfn /usr/share/maven/lib " + home +
         "/lib && cp /usr/share/maven/bin/mvn " + home + "/bin/mvn && printf '%s\\n' " +
         "'main is org.apache.maven.cli.MavenCli from plexus.core' "
         "'set maven.conf default ${maven.home}/conf' '[plexus.core]' "
         "'load ${maven.conf}/logging' 'optionally ${maven.home}/lib/ext/*.jar' "
         "'load ${maven.home}/lib/*.jar' > " +
         home + "/bin/m2.conf && echo '<settings/>' > " + home + "/conf/settings.xml";
}

void add_maven(Toolchain& toolchain, const HostView& host) {
  toolchain.env = {{"MAVEN_OPTS", "-Dmaven.repo.local=" + state("m2")}, {"MAVEN_ARGS", "-o"}};
  if (toolchain.program == "/usr/share/maven/bin/mvn") {
    toolchain.path_dirs.push_back(state("maven/bin"));
    toolchain.prelude = maven_home_of_links();
  }
  if (!host.discover || !show(toolchain, host.home + "/.m2/repository", "m2")) return;
  // Maven writes beside what it reads: each file is a link in folders of our own.
  toolchain.prelude += std::string(toolchain.prelude.empty() ? "" : " && ") + "mkdir -p " +
                       state("m2") + " && cp -rs " + cache("m2") + "/. " + state("m2");
}

void add_gradle(Toolchain& toolchain, const HostView& host) {
  toolchain.env = {{"GRADLE_USER_HOME", state("gradle")}};
  if (!host.discover) return;
  if (show(toolchain, host.home + "/.gradle/caches", "gradle")) {
    toolchain.env["GRADLE_RO_DEP_CACHE"] = cache("gradle");
  }
  if (show(toolchain, host.home + "/.gradle/wrapper", "gradle-wrapper")) {
    toolchain.prelude = "mkdir -p " + state("gradle/wrapper") + " && cp -rs " +
                        cache("gradle-wrapper") + "/. " + state("gradle/wrapper");
  }
}

void add_python(Toolchain& toolchain, const HostView& host) {
  toolchain.env = {{"PIP_NO_INDEX", "1"},
                   {"PIP_DISABLE_PIP_VERSION_CHECK", "1"},
                   {"PIP_NO_INPUT", "1"},
                   {"PYTHONNOUSERSITE", "1"}};
  const auto wheels = host.toolchain_dirs.find("wheels");
  if (wheels == host.toolchain_dirs.end()) return;
  if (show(toolchain, wheels->second, "wheels")) toolchain.env["PIP_FIND_LINKS"] = cache("wheels");
}

void add_composer(Toolchain& toolchain, const HostView& host) {
  toolchain.env = {{"COMPOSER_DISABLE_NETWORK", "1"}, {"COMPOSER_HOME", "/tmp/composer"}};
  if (!host.discover || !show(toolchain, host.home + "/.cache/composer", "composer")) return;
  toolchain.env["COMPOSER_CACHE_DIR"] = cache("composer");
  toolchain.env["COMPOSER_CACHE_READ_ONLY"] = "1";
}

void add_cmake(Toolchain& toolchain, const HostView&) {
  const unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  toolchain.env = {{"CMAKE_BUILD_PARALLEL_LEVEL", std::to_string(threads)}};
  if (path_exists("/usr/bin/ninja")) toolchain.env["CMAKE_GENERATOR"] = "Ninja";
}

/// Debian's PHP finds its extensions by files in /etc, which no sandbox shows.
void add_php(Toolchain& toolchain, const HostView&) {
  std::error_code failure;
  std::string newest;
  for (std::filesystem::directory_iterator entry("/etc/php", failure), end;
       !failure && entry != end; entry.increment(failure)) {
    const std::string folder = entry->path().string() + "/mods-available";
    if (is_folder(folder) && folder > newest) newest = folder;
  }
  if (newest.empty() || !toolchain.program.starts_with("/usr/bin/")) return;
  show(toolchain, newest, "php");
  toolchain.env = {{"PHP_INI_SCAN_DIR", cache("php")}};
}

struct Row {
  std::string_view name;
  void (*add)(Toolchain&, const HostView&);
};
constexpr auto kRows = std::to_array<Row>({{"cmake", add_cmake},
                                           {"composer", add_composer},
                                           {"go", add_go},
                                           {"gradle", add_gradle},
                                           {"maven", add_maven},
                                           {"npm", add_npm},
                                           {"php", add_php},
                                           {"python", add_python},
                                           {"rust", add_rust}});

}  // namespace

void add_caches(Toolchain& toolchain, const HostView& host) {
  const auto row = std::ranges::find(kRows, std::string_view(toolchain.name), &Row::name);
  if (row != kRows.end()) row->add(toolchain, host);
}

}  // namespace nightjar::harness
