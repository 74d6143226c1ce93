#include "harness/services.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "harness/suite.h"

namespace nightjar::harness {
namespace {

// The script's first line, before anything of the command could write.
constexpr std::string_view kMark = "nightjar services: ";
constexpr std::string_view kReady = "nightjar services: ready\n";
// Starting may use this on top of the command's own limits. Where it takes longer, the command has
// less; what ends before the services answer is a lack of this machine, never a time-out of a test.
constexpr std::chrono::seconds kStartGrace{10};
constexpr std::size_t kProblemBytesMax = 2000;

struct Known {
  std::string_view name;
  std::string_view program;  // below one of kFolders
  std::string_view package;  // of Debian
};
// Sorted by name. reporters/nightjar_services.sh looks in the same folders.
constexpr auto kKnown = std::to_array<Known>({
    {"mysql", "mariadbd", "mariadb-server-core mariadb-client-core"},
    {"postgresql", "postgres", "postgresql"},
    {"redis", "redis-server", "redis-server"},
});
constexpr auto kFolders =
    std::to_array<std::string_view>({"/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin"});
constexpr const char* kPostgresqlVersions = "/usr/lib/postgresql";  // VERSION/bin, on Debian

const Known* known_service(std::string_view name) {
  const auto at = std::ranges::find(kKnown, name, &Known::name);
  return at == kKnown.end() ? nullptr : &*at;
}

/// The newest version's folder; "" when there is none.
std::string newest_postgresql(const std::string& root) {
  std::string newest;
  int newest_number = 0;
  std::error_code failure;
  for (std::filesystem::directory_iterator entry(root + kPostgresqlVersions, failure), end;
       !failure && entry != end; entry.increment(failure)) {
    const std::string version = entry->path().filename().string();
    const bool digits = !version.empty() && version.size() < 6 &&
                        version.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || std::stoi(version) <= newest_number) continue;
    newest_number = std::stoi(version);
    newest = std::string(kPostgresqlVersions) + "/" + version + "/bin";
  }
  return newest;
}

/// Where it lies, as the sandbox sees it; "" when it is not installed.
std::string program_of(const Known& known, const std::string& root) {
  std::vector<std::string> folders(kFolders.begin(), kFolders.end());
  if (known.name == "postgresql") folders.insert(folders.begin(), newest_postgresql(root));
  for (const std::string& folder : folders) {
    const std::string path = folder + "/" + std::string(known.program);
    if (!folder.empty() && ::access((root + path).c_str(), X_OK) == 0) return path;
  }
  return {};
}

std::vector<std::string> script(std::string_view verb, const std::vector<std::string>& services) {
  return {"/bin/sh", std::string(kReportersPath) + "/nightjar_services.sh", std::string(verb),
          join(services, " ")};
}

/// What the script said, in one sentence with the log's end.
std::string problem_of(const sandbox::Outcome& outcome) {
  std::string_view text = trim(outcome.stderr_bytes);
  std::string out;
  if (text.starts_with(kMark)) {
    text.remove_prefix(kMark.size());
  } else {
    out = "the services did not start: the sandbox's command ended by " +
          std::string(sandbox::name_of(outcome.ended)) + (text.empty() ? "" : ": ");
  }
  return out + printable_block(text, kProblemBytesMax);
}

class ServiceSandbox final : public sandbox::Sandbox {
 public:
  ServiceSandbox(std::unique_ptr<sandbox::Sandbox> sandbox,
                 const std::vector<std::string>& services,
                 Guarded<std::optional<std::string>>& problem)
      : sandbox_(std::move(sandbox)), services_(services), problem_(problem) {}

  Result<sandbox::Outcome> run(const sandbox::Command& command, std::stop_token stop) override {
    sandbox::Command wrapped = command;
    wrapped.argv = script("run", services_);
    wrapped.argv.insert(wrapped.argv.end(), command.argv.begin(), command.argv.end());
    wrapped.wall_max += kStartGrace;
    wrapped.cpu_max += kStartGrace;
    wrapped.output_bytes_max += kReady.size();
    TRY_INTO(sandbox::Outcome outcome, sandbox_->run(wrapped, stop));
    if (outcome.stderr_bytes.starts_with(kReady)) {
      outcome.stderr_bytes.erase(0, kReady.size());
      return outcome;
    }
    if (outcome.ended == sandbox::Ended::cancelled) return outcome;
    std::string problem = problem_of(outcome);
    problem_.with([&](std::optional<std::string>& first) {
      if (!first) first = problem;
    });
    return Error{ErrorCode::unavailable, std::move(problem)};
  }

  Result<> begin_layer() override { return sandbox_->begin_layer(); }
  Result<> end_layer() override { return sandbox_->end_layer(); }
  int workspace_fd() const override { return sandbox_->workspace_fd(); }

 private:
  std::unique_ptr<sandbox::Sandbox> sandbox_;
  const std::vector<std::string>& services_;      // the launcher's, which outlives
  Guarded<std::optional<std::string>>& problem_;  // its sandboxes
};

}  // namespace

std::vector<std::string> known_services() {
  std::vector<std::string> names;
  for (const Known& known : kKnown) names.emplace_back(known.name);
  return names;
}

std::optional<Toolchain> find_service(const std::string& name, const std::string& root) {
  const Known* known = known_service(name);
  if (known == nullptr) return std::nullopt;
  const std::string program = program_of(*known, root);
  if (program.empty()) return std::nullopt;
  return Toolchain{.name = name,
                   .program = root + program,
                   .version_command = program + " --version 2>/dev/null"};
}

std::string lack_of_service(const std::string& name) {
  const Known* known = known_service(name);
  if (known != nullptr) {
    return name +
           " is not installed on this machine; install it (Debian: " + std::string(known->package) +
           "); it need not run, Nightjar starts its own";
  }
  const std::string near = nearest_name(name, known_services());
  return "there is no service '" + printable(name, 60) + "'; " +
         (near.empty() ? "there are " + join(known_services(), ", ")
                       : "did you mean " + near + "?");
}

std::string make_service_data(const std::vector<std::string>& services) {
  std::vector<std::string> quoted;
  for (const std::string& word : script("make", services)) quoted.push_back("'" + word + "'");
  return join(quoted, " ");
}

std::unique_ptr<sandbox::Sandbox> ServiceLauncher::serve(
    std::unique_ptr<sandbox::Sandbox> sandbox) {
  if (services_.empty()) return sandbox;
  return std::make_unique<ServiceSandbox>(std::move(sandbox), services_, problem_);
}

Result<std::unique_ptr<sandbox::Sandbox>> ServiceLauncher::open(const sandbox::Spec& spec) {
  TRY_INTO(std::unique_ptr<sandbox::Sandbox> sandbox, launcher_.open(spec));
  return serve(std::move(sandbox));
}

std::optional<std::string> ServiceLauncher::problem() const {
  return problem_.with([](const std::optional<std::string>& problem) { return problem; });
}

}  // namespace nightjar::harness
