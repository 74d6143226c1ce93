#include "config/keys.h"

#include <array>
#include <charconv>

#include "base/bytes.h"
#include "config/units.h"

namespace nightjar::config {
namespace {

constexpr std::int64_t kNanoPerUsd = 1'000'000'000;

const auto& project_rows() {
  using enum KeyType;
  using enum KeyPlace;
  static const std::array kKeys = {
      Key{"project", "name", name, project, "",
          "The project's name, required: letters, digits, `.`, `_` and `-`, at most 64.",
          &Project::name},
      Key{"build", "command", text, project, "",
          "A shell command that builds the project in the sandbox. Without it nothing is built.",
          &Project::build_command},
      Key{"test", "command", text, project, "",
          "A shell command that runs the project's own tests; exit status 0 means that they pass.",
          &Project::test_command},
      Key{"engineer", "default", engineer, project, "reasoner",
          "Who repairs: `reasoner` (offline search) or `command` (your own program).",
          &Project::engineer},
      Key{"engineer", "command", text, project, "",
          "The shell command of the `command` engineer. It runs in the sandbox.",
          &Project::engineer_command},
  };
  return kKeys;
}

const auto& suite_rows() {
  using enum KeyType;
  using enum KeyPlace;
  static const std::array kKeys = {
      Key{.section = "suite",
          .name = "runner",
          .type = text,
          .place = project,
          .fallback = "",
          .meaning = "What runs this suite, required: `pytest`, `junit`, `command`, …; "
                     "[suites.md](suites.md) lists them.",
          .suite_text = &ProjectSuite::runner},
      Key{.section = "suite",
          .name = "root",
          .type = KeyType::place,
          .place = project,
          .fallback = "",
          .meaning = "The folder of the project that the suite is run in.",
          .suite_text = &ProjectSuite::root},
      Key{.section = "suite",
          .name = "command",
          .type = text,
          .place = project,
          .fallback = "",
          .meaning = "The shell command of the runners `command` and `junit`.",
          .suite_text = &ProjectSuite::command},
      Key{.section = "suite",
          .name = "options",
          .type = text_map,
          .place = project,
          .fallback = "",
          .meaning = "What else the runner takes, like `{ build_dir = \"build\" }`.",
          .suite_map = &ProjectSuite::options},
  };
  return kKeys;
}

const auto& environment_rows() {
  using enum KeyType;
  using enum KeyPlace;
  static const std::array kKeys = {
      Key{.section = "environment",
          .name = "setup",
          .type = texts,
          .place = project,
          .fallback = "",
          .meaning = "Shell commands that prepare the project, once, without network; what they "
                     "leave is kept. Without it they are found out.",
          .texts = &Project::setup},
      Key{.section = "environment",
          .name = "cache",
          .type = paths,
          .place = project,
          .fallback = "",
          .meaning = "Files that the set-up depends on, like lock files: another content is "
                     "another set-up.",
          .texts = &Project::cache_files},
      Key{.section = "environment",
          .name = "toolchains",
          .type = names,
          .place = project,
          .fallback = "",
          .meaning = "Toolchains that are shown to the project, by name: `python`, `node`, `go`, "
                     "`rust`, `java`, …; the user's file says where they are.",
          .texts = &Project::toolchains},
      Key{.section = "environment",
          .name = "services",
          .type = names,
          .place = project,
          .fallback = "",
          .meaning = "Services that are started beside the project's commands: `postgresql`, "
                     "`redis`, `mysql`; [environments.md](environments.md#services).",
          .texts = &Project::services},
      Key{.section = "environment",
          .name = "env",
          .type = text_map,
          .place = project,
          .fallback = "",
          .meaning = "Variables of build and suites, like `{ PYTHONPATH = \"/work/src\" }`.",
          .map = &Project::env},
  };
  return kKeys;
}

const auto& limit_rows() {
  using enum KeyType;
  using enum KeyPlace;
  static const std::array kKeys = {
      Key{"limits", "wall", duration, both, "2min", "Time one command may take.", nullptr,
          &Project::wall_ms_max, &Limits::wall_ms_max},
      Key{"limits", "cpu", duration, both, "2min",
          "Processor time of one command and all processes it starts.", nullptr,
          &Project::cpu_ms_max, &Limits::cpu_ms_max},
      Key{"limits", "memory", size, both, "2GiB", "Memory of one command and all its processes.",
          nullptr, &Project::memory_bytes_max, &Limits::memory_bytes_max},
      Key{"limits", "disk", size, both, "1GiB", "What one command may write to its workspace.",
          nullptr, &Project::disk_bytes_max, &Limits::disk_bytes_max},
      Key{"limits", "output", size, both, "1MiB",
          "What is kept of standard output and of standard error, each; the rest is cut.", nullptr,
          &Project::output_bytes_max, &Limits::output_bytes_max},
      Key{"limits", "processes", count, both, "256", "Processes of one command at one time.",
          nullptr, &Project::processes_max, &Limits::processes_max},
      Key{"limits", "suite", duration, both, "15min",
          "Time that one set-up, one build or one session of a test suite may take in a proof; "
          "twice that in processor time.",
          nullptr, &Project::suite_ms_max, &Limits::suite_ms_max},
      Key{"budget", "cpu", duration, both, "2h", "Processor time of one run.", nullptr,
          &Project::budget_cpu_ms_max, nullptr, &Budget::cpu_ms_max},
      Key{"budget", "wall", duration, both, "1h", "Time of one run.", nullptr,
          &Project::budget_wall_ms_max, nullptr, &Budget::wall_ms_max},
      Key{"budget", "usd", money, both, "0", "US dollars one run may spend.", nullptr,
          &Project::budget_nano_usd_max, nullptr, &Budget::nano_usd_max},
      Key{"budget", "attempts", count, both, "5", "Times one node of a run is tried.", nullptr,
          &Project::budget_attempts_max, nullptr, &Budget::attempts_max},
  };
  return kKeys;
}

const auto& user_rows() {
  using enum KeyType;
  using enum KeyPlace;
  static const std::array kKeys = {
      Key{"sandbox", "mounts", mounts, user, "",
          "Host folders that every sandbox shows read-only: a list of "
          "`{ host = \"/opt/tool\", inside = \"/opt/tool\" }`, at most 32."},
      Key{.section = "sandbox",
          .name = "demand_enforced_totals",
          .type = truth,
          .place = user,
          .fallback = "false",
          .meaning = "`true`: stop when this machine cannot enforce the totals of memory and "
                     "processor time.",
          .truth = &Settings::demand_enforced_totals},
      Key{.section = "toolchains",
          .name = "discover",
          .type = truth,
          .place = user,
          .fallback = "true",
          .meaning = "`false`: show only the toolchains that are named here; `true`: also those "
                     "of your PATH, with their caches.",
          .truth = &Settings::discover_toolchains},
      Key{.section = "toolchains",
          .name = "<name>",
          .type = folder,
          .place = user,
          .fallback = "",
          .meaning = "The folder of a toolchain, like `python = \"/opt/python3.12\"`: its `bin` "
                     "comes first in PATH. `wheels`: a folder of Python wheels."},
      Key{.section = "environment",
          .name = "layers_max_bytes",
          .type = size,
          .place = user,
          .fallback = "8GiB",
          .meaning = "How much is kept of what set-ups left and of large projects' sources; the "
                     "longest unused goes first.",
          .number = &Settings::layers_bytes_max},
      Key{"data", "dir", folder, user, "",
          "Where Nightjar keeps its journal: an absolute path. "
          "Default: `$XDG_DATA_HOME/nightjar`, else `~/.local/share/nightjar`."},
  };
  return kKeys;
}  // namespace

const auto& table() {
  static const std::vector<Key> kKeys = [] {
    std::vector<Key> all(project_rows().begin(), project_rows().end());
    all.insert(all.end(), suite_rows().begin(), suite_rows().end());
    all.insert(all.end(), environment_rows().begin(), environment_rows().end());
    all.insert(all.end(), limit_rows().begin(), limit_rows().end());
    all.insert(all.end(), user_rows().begin(), user_rows().end());
    return all;
  }();
  return kKeys;
}

std::string_view type_text(KeyType type) {
  switch (type) {
    case KeyType::text:
    case KeyType::name:
    case KeyType::engineer: return "text";
    case KeyType::duration: return "duration";
    case KeyType::size: return "size";
    case KeyType::count: return "whole number";
    case KeyType::money: return "number";
    case KeyType::truth: return "true or false";
    case KeyType::folder: return "path";
    case KeyType::mounts: return "list of tables";
    case KeyType::texts:
    case KeyType::paths:
    case KeyType::names: return "list of texts";
    case KeyType::text_map: return "table of texts";
    case KeyType::place: return "path";
  }
  return "";
}

std::string table_of_keys(KeyPlace place) {
  std::string out = "| key | type | default | meaning |\n|---|---|---|---|\n";
  for (const Key& key : keys()) {
    if (key.place != place && key.place != KeyPlace::both) continue;
    // What a project asks is only compared with the machine's limit: it has no default of its own.
    const bool has_default =
        !key.fallback.empty() && (key.asked == nullptr || place == KeyPlace::user);
    const bool many = key.section == kSuiteSection;
    out += (many ? "| `[[" : "| `[") + std::string(key.section) + (many ? "]] " : "] ") +
           std::string(key.name) + "` | " + std::string(type_text(key.type)) + " | " +
           (has_default ? "`" + std::string(key.fallback) + "`" : std::string()) + " | " +
           std::string(key.meaning) + " |\n";
  }
  return out;
}

Result<std::int64_t> parse_whole(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size() || text.empty()) {
    return {ErrorCode::invalid_input, "\"" + printable(text, 40) + "\" is no whole number"};
  }
  return number;
}

}  // namespace

std::span<const Key> keys() { return table(); }

Result<std::int64_t> parse_number(const Key& key, std::string_view text) {
  std::int64_t number = 0;
  if (key.type == KeyType::duration) {
    TRY_INTO(number, parse_duration_ms(text));
  } else if (key.type == KeyType::size) {
    TRY_INTO(number, parse_size_bytes(text));
  } else {
    TRY_INTO(number, parse_whole(text));
    if (key.type == KeyType::money && __builtin_mul_overflow(number, kNanoPerUsd, &number)) {
      return {ErrorCode::invalid_input, "larger than any budget"};
    }
  }
  TRY(check_range(key, number));
  return number;
}

Result<> check_range(const Key& key, std::int64_t number) {
  constexpr std::int64_t kCountMax = 1'000'000;
  constexpr std::int64_t kNanoUsdMax = 1'000'000 * kNanoPerUsd;
  const bool money = key.type == KeyType::money;
  const std::int64_t least = money ? 0 : 1;
  const std::int64_t most = key.type == KeyType::duration ? kDurationMsMax
                            : key.type == KeyType::size   ? kSizeBytesMax
                            : money                       ? kNanoUsdMax
                                                          : kCountMax;
  if (number >= least && number <= most) return ok;
  return {ErrorCode::invalid_input, number_text(key, number) + " is outside of what is allowed, " +
                                        number_text(key, least) + " to " + number_text(key, most)};
}

std::string number_text(const Key& key, std::int64_t number) {
  if (key.type == KeyType::duration) return duration_text(number);
  if (key.type == KeyType::size) return size_text(number);
  if (key.type != KeyType::money) return std::to_string(number);
  const std::uint64_t magnitude = number < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(number)
                                             : static_cast<std::uint64_t>(number);
  std::string out = (number < 0 ? "-" : "") + std::to_string(magnitude / kNanoPerUsd);
  const std::string nano = std::to_string(magnitude % kNanoPerUsd);
  std::string fraction = std::string(9 - nano.size(), '0') + nano;
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return fraction.empty() ? out : out + "." + fraction;
}

std::string reference_page() {
  return "# Configuration\n\n"
         "Generated from `src/config/keys.cc`; a test compares.\n\n"
         "Order: defaults < the user's file < the environment < flags. A project's file may ask "
         "for "
         "less than\nthis machine allows, never for more: what it asks beyond that is cut to the "
         "machine's limit, and the\nrun says so.\n\n"
         "Both files are TOML 1.0, UTF-8, at most 256 KiB. A key that is not listed is an error. "
         "Durations are\ntexts with a unit, `\"500ms\"`, `\"90s\"`, `\"10min\"`, `\"2h\"`; sizes "
         "too, `\"512MiB\"` (1024s) or `\"10MB\"`\n(thousands).\n\n"
         "## The project's file: `nightjar.toml`\n\n"
         "Read from the commit that a run starts from, never from an engineer's workspace.\n\n"
         "```toml\n[project]\nname = \"median\"\n\n[build]\ncommand = \"make\"\n\n[test]\ncommand "
         "= "
         "\"make check\"\n\n[limits]\nwall = \"20s\"\nmemory = \"512MiB\"\n```\n\n"
         "A suite or set-up that is not named is found out: [environments.md](environments.md), "
         "[suites.md](suites.md).\n`nightjar init --detect` writes down what is found.\n\n" +
         table_of_keys(KeyPlace::project) +
         "\n## The user's file: `$XDG_CONFIG_HOME/nightjar/config.toml`\n\n"
         "Without `XDG_CONFIG_HOME`: `~/.config/nightjar/config.toml`. It need not exist.\n\n"
         "```toml\n[limits]\nmemory = \"4GiB\"\n\n[sandbox]\nmounts = [{ host = "
         "\"/opt/toolchain\", "
         "inside = \"/opt/toolchain\" }]\n```\n\n" +
         table_of_keys(KeyPlace::user) +
         "\n## The environment\n\n"
         "| variable | meaning |\n|---|---|\n"
         "| `NIGHTJAR_DATA_DIR` | instead of `[data] dir` |\n"
         "| `NIGHTJAR_LIMIT_WALL` | instead of `[limits] wall`, like `90s` |\n"
         "| `NIGHTJAR_LIMIT_MEMORY` | instead of `[limits] memory`, like `512MiB` |\n"
         "| `XDG_CONFIG_HOME`, `XDG_DATA_HOME`, `HOME` | where the files above are |\n";
}

}  // namespace nightjar::config
