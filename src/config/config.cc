#include "config/config.h"

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/check.h"
#include "base/file.h"
#include "config/keys.h"
#include "config/toml.h"

namespace nightjar::config {
namespace {

constexpr std::size_t kCommandBytesMax = std::size_t{64} << 10;
constexpr std::size_t kMountsMax = 32;
constexpr std::size_t kListMax = 256;
constexpr std::size_t kProjectSuitesMax = 64;

/// Reads one file: finds the row of each key and hands the value to it.
class Reader {
 public:
  Reader(std::string_view file_name, KeyPlace place) : file_name_(file_name), place_(place) {}

  Error refuse(int line, const std::string& what) const {
    return {ErrorCode::invalid_input, file_name_ + ":" + std::to_string(line) + ": " + what};
  }

  Error unknown_section(const TomlMember& section) const {
    std::vector<std::string> names;
    for (const Key& key : keys()) names.emplace_back(key.section);
    for (const Key& key : keys()) {
      if (key.section == section.key) return misplaced(section.value.line, key);
    }
    const bool table = section.value.kind == TomlValue::Kind::table;
    const std::string shown = printable(section.key, 60);
    const std::string near = nearest_name(section.key, names);
    const std::string what = table ? "unknown section [" + shown + "]"
                                   : "unknown key \"" + shown + "\" outside of a section";
    if (!near.empty()) return refuse(section.value.line, what + "; did you mean [" + near + "]?");
    return refuse(section.value.line, what + "; the sections are " + known_sections());
  }

  Error unknown_key(std::string_view section, const TomlMember& member) const {
    std::vector<std::string> here;
    std::vector<std::string> everywhere;
    for (const Key& key : keys()) {
      if (!allowed(key)) continue;
      if (key.section == section) here.emplace_back(key.name);
      everywhere.emplace_back(key.section);
      everywhere.emplace_back(key.name);
    }
    std::string near = nearest_name(member.key, here);
    if (near.empty()) near = nearest_name(member.key, everywhere);
    const std::string what =
        "unknown key \"" + printable(member.key, 60) + "\" in [" + std::string(section) + "]";
    if (!near.empty()) return refuse(member.value.line, what + "; did you mean \"" + near + "\"?");
    return refuse(member.value.line, what + "; the keys there are " + join(here, ", "));
  }

  /// Calls `take(key, member)` for each key of the file; before those of a suite with the row of
  /// its runner, whatever comes first in the file.
  template <typename Take>
  Result<> each(const TomlValue& root, Take take) const {
    for (const TomlMember& section : root.members) {
      const auto known = [&](const Key& key) { return key.section == section.key && allowed(key); };
      if (!std::ranges::any_of(keys(), known)) return unknown_section(section);
      if (section.key == kSuiteSection) {
        TRY(each_suite(section, take));
        continue;
      }
      if (section.value.kind != TomlValue::Kind::table) {
        return refuse(section.value.line, "\"" + section.key + "\" is a section; write [" +
                                              section.key + "] and its keys below");
      }
      for (const TomlMember& member : section.value.members) {
        const auto same = [&](const Key& key) { return known(key) && key.name == member.key; };
        const auto any = [&](const Key& key) { return known(key) && key.name == "<name>"; };
        auto key = std::ranges::find_if(keys(), same);
        if (key == keys().end()) key = std::ranges::find_if(keys(), any);
        if (key == keys().end()) return misplaced_or_unknown(section.key, member);
        TRY(take(*key, member));
      }
    }
    return ok;
  }

  template <typename Take>
  Result<> each_suite(const TomlMember& section, Take take) const {
    const auto is_table = [](const TomlValue& item) { return item.kind == TomlValue::Kind::table; };
    if (section.value.kind != TomlValue::Kind::list ||
        !std::ranges::all_of(section.value.items, is_table)) {
      return refuse(section.value.line, "suites are a list; write [[suite]] and the keys below");
    }
    if (section.value.items.size() > kProjectSuitesMax) {
      return refuse(section.value.line,
                    "more than " + std::to_string(kProjectSuitesMax) + " suites");
    }
    const auto row = [](std::string_view name) {
      return std::ranges::find_if(
          keys(), [&](const Key& key) { return key.section == kSuiteSection && key.name == name; });
    };
    for (const TomlValue& suite : section.value.items) {
      const auto runner =
          std::ranges::find(suite.members, std::string_view("runner"), &TomlMember::key);
      if (runner == suite.members.end()) {
        return refuse(suite.line, "a [[suite]] needs a runner, like runner = \"pytest\"");
      }
      TRY(take(*row("runner"), *runner));
      for (const TomlMember& member : suite.members) {
        if (member.key == "runner") continue;
        const auto key = row(member.key);
        if (key == keys().end()) return unknown_key(kSuiteSection, member);
        TRY(take(*key, member));
      }
    }
    return ok;
  }

  /// A list of texts that each pass `check(text)`, which returns why not, or "".
  template <typename Check>
  Result<std::vector<std::string>> texts(const Key& key, const TomlValue& value,
                                         Check check) const {
    if (value.kind != TomlValue::Kind::list) return wrong_kind(key, value, "a list of texts");
    if (value.items.size() > kListMax) {
      return refuse(value.line,
                    key.path() + " has more than " + std::to_string(kListMax) + " entries");
    }
    std::vector<std::string> out;
    for (const TomlValue& item : value.items) {
      TRY_INTO(std::string entry, text(key, item));
      if (const std::string why = check(entry); !why.empty()) {
        return refuse(item.line, key.path() + ": \"" + printable(entry, 120) + "\" " + why);
      }
      out.push_back(std::move(entry));
    }
    return out;
  }

  Result<std::map<std::string, std::string>> text_map(const Key& key,
                                                      const TomlValue& value) const {
    if (value.kind != TomlValue::Kind::table) {
      return wrong_kind(key, value, "a table of texts, like { A = \"b\" }");
    }
    if (value.members.size() > kListMax) {
      return refuse(value.line,
                    key.path() + " has more than " + std::to_string(kListMax) + " entries");
    }
    std::map<std::string, std::string> out;
    for (const TomlMember& member : value.members) {
      const std::string shown = key.path() + "." + printable(member.key, 60);
      if (member.key.empty() || member.key.find('=') != std::string::npos) {
        return refuse(member.value.line, shown + ": a name is not empty and holds no '='");
      }
      if (member.value.kind != TomlValue::Kind::text) {
        return refuse(member.value.line, shown + " must be a text in quotes, not " +
                                             std::string(name_of(member.value.kind)));
      }
      if (member.value.text.find('\0') != std::string::npos ||
          member.value.text.size() > kCommandBytesMax) {
        return refuse(member.value.line, shown + " holds a NUL byte or is too long");
      }
      out[member.key] = member.value.text;
    }
    return out;
  }

  Result<std::string> text(const Key& key, const TomlValue& value) const {
    if (value.kind != TomlValue::Kind::text) return wrong_kind(key, value, "a text in quotes");
    if (value.text.find('\0') != std::string::npos) {
      return refuse(value.line, key.path() + " holds a NUL byte");
    }
    if (trim(value.text).empty()) {
      return refuse(value.line, key.path() + " is empty; write a value or leave the key out");
    }
    if (value.text.size() > kCommandBytesMax) {
      return refuse(value.line, key.path() + " is longer than " + std::to_string(kCommandBytesMax) +
                                    " bytes; put it into a script");
    }
    return value.text;
  }

  Result<bool> truth(const Key& key, const TomlValue& value) const {
    if (value.kind != TomlValue::Kind::truth) {
      return wrong_kind(key, value, "true or false without quotes");
    }
    return value.truth;
  }

  Result<std::int64_t> number(const Key& key, const TomlValue& value) const {
    const bool quoted = key.type == KeyType::duration || key.type == KeyType::size;
    Result<std::int64_t> number = 0;
    if (quoted) {
      if (value.kind != TomlValue::Kind::text) {
        const char* example = key.type == KeyType::duration ? "\"90s\"" : "\"512MiB\"";
        return wrong_kind(key, value, std::string("a text with a unit, like ") + example);
      }
      number = parse_number(key, value.text);
    } else if (value.kind == TomlValue::Kind::integer) {
      number = parse_number(key, std::to_string(value.integer));
    } else if (key.type == KeyType::money && value.kind == TomlValue::Kind::real &&
               std::abs(value.real) < 1e9) {
      number = std::llround(value.real * 1e9);
      if (Result<> in_range = check_range(key, *number); !in_range) number = in_range.error();
    } else {
      return wrong_kind(key, value,
                        key.type == KeyType::money ? "a number like 2.5" : "a whole number");
    }
    if (!number) return refuse(value.line, key.path() + ": " + number.error().message);
    return number;
  }

  Error wrong_kind(const Key& key, const TomlValue& value, const std::string& wanted) const {
    return refuse(value.line,
                  key.path() + " must be " + wanted + ", not " + std::string(name_of(value.kind)));
  }

 private:
  bool allowed(const Key& key) const { return key.place == place_ || key.place == KeyPlace::both; }

  std::string known_sections() const {
    std::string out;
    std::string_view last;
    for (const Key& key : keys()) {
      if (!allowed(key) || key.section == last) continue;
      last = key.section;
      out += (out.empty() ? "[" : ", [") + std::string(last) + "]";
    }
    return out;
  }

  Error misplaced(int line, const Key& key) const {
    const std::string name = "[" + std::string(key.section) + "] " + std::string(key.name);
    if (place_ == KeyPlace::project) {
      return refuse(line, name +
                              " belongs to the user's configuration file "
                              "($XDG_CONFIG_HOME/nightjar/config.toml); a project cannot set it");
    }
    return refuse(line, name + " belongs to a project's nightjar.toml");
  }

  Error misplaced_or_unknown(std::string_view section, const TomlMember& member) const {
    for (const Key& key : keys()) {
      if (key.section == section && key.name == member.key) {
        return misplaced(member.value.line, key);
      }
    }
    return unknown_key(section, member);
  }

  std::string file_name_;
  KeyPlace place_;
};

Result<> check_name(const Reader& reader, const std::string& name, int line) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  if (name.size() <= 64 && std::ranges::all_of(name, allowed) && name[0] != '.' && name[0] != '-') {
    return ok;
  }
  return reader.refuse(line, "project.name \"" + printable(name, 80) +
                                 "\" must be at most 64 letters, digits, '.', '_' or '-', and "
                                 "begin with neither '.' nor '-'");
}

Result<> check_engineer(const Reader& reader, const std::string& engineer, int line) {
  const std::vector<std::string> known = {"reasoner", "command"};
  if (std::ranges::find(known, engineer) != known.end()) return ok;
  const std::string near = nearest_name(engineer, known);
  return reader.refuse(
      line,
      "engineer.default \"" + printable(engineer, 60) + "\" is no engineer; " +
          (near.empty() ? "write \"reasoner\" or \"command\"" : "did you mean \"" + near + "\"?"));
}

bool is_absolute_and_plain(std::string_view path) {
  if (path.empty() || path[0] != '/' || path.size() > 4096) return false;
  const std::vector<std::string> parts = split(path.substr(1), '/');
  return std::ranges::none_of(
      parts, [](const std::string& part) { return part.empty() || part == "." || part == ".."; });
}

/// Why it is no path in the project; "" when it is one.
std::string no_place(const std::string& path) {
  const std::vector<std::string> parts = split(path, '/');
  const bool plain = path.size() <= 4096 && std::ranges::none_of(parts, [](const auto& part) {
                       return part.empty() || part == "." || part == "..";
                     });
  return plain ? "" : "must be a path in the project, without \".\", \"..\" and '/' at either end";
}

/// Why it is no name of a toolchain; "" when it is one.
std::string no_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' ||
           c == '+';
  };
  return name.size() <= 64 && std::ranges::all_of(name, allowed) && name[0] != '-'
             ? ""
             : "must be at most 64 small letters, digits, '.', '_', '-' or '+'";
}

Result<std::string> read_path(const Reader& reader, const Key& key, const TomlValue& value) {
  TRY_INTO(const std::string path, reader.text(key, value));
  if (!is_absolute_and_plain(path)) {
    return reader.refuse(value.line, key.path() + ": \"" + printable(path, 120) +
                                         "\" must be an absolute path without \".\", \"..\" and "
                                         "'/' at the end");
  }
  return path;
}

Result<ReadOnlyMount> read_mount(const Reader& reader, const Key& key, const TomlValue& value) {
  if (value.kind != TomlValue::Kind::table) {
    return reader.wrong_kind(key, value, "a list of tables { host = \"…\", inside = \"…\" }");
  }
  for (const TomlMember& member : value.members) {
    if (member.key == "host" || member.key == "inside") continue;
    return reader.refuse(value.line, "unknown key \"" + printable(member.key, 60) +
                                         "\" in a mount; it has \"host\" and \"inside\"");
  }
  const TomlValue* host = value.find("host");
  const TomlValue* inside = value.find("inside");
  if (host == nullptr || inside == nullptr) {
    return reader.refuse(value.line, "a mount needs both \"host\" and \"inside\"");
  }
  TRY_INTO(std::string host_path, read_path(reader, key, *host));
  TRY_INTO(std::string inside_path, read_path(reader, key, *inside));
  for (const std::string_view ours : {"/work", "/proc", "/dev", "/sys", "/tmp"}) {
    if (inside_path == ours || inside_path.starts_with(std::string(ours) + "/")) {
      return reader.refuse(value.line, "a mount cannot lie at " + printable(inside_path, 120) +
                                           ": the sandbox makes " + std::string(ours) +
                                           " itself; choose another \"inside\"");
    }
  }
  return ReadOnlyMount{std::move(host_path), std::move(inside_path)};
}

Result<std::vector<ReadOnlyMount>> read_mounts(const Reader& reader, const Key& key,
                                               const TomlValue& value) {
  if (value.kind != TomlValue::Kind::list) {
    return reader.wrong_kind(key, value, "a list of tables { host = \"…\", inside = \"…\" }");
  }
  if (value.items.size() > kMountsMax) {
    return reader.refuse(value.line, "more than " + std::to_string(kMountsMax) + " mounts");
  }
  std::vector<ReadOnlyMount> mounts;
  for (const TomlValue& item : value.items) {
    TRY_INTO(ReadOnlyMount mount, read_mount(reader, key, item));
    for (const ReadOnlyMount& other : mounts) {
      if (other.inside_path == mount.inside_path) {
        return reader.refuse(item.line, "two mounts at " + printable(mount.inside_path, 120));
      }
    }
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

Settings default_settings() {
  Settings settings;
  for (const Key& key : keys()) {
    if (key.limit == nullptr && key.budget == nullptr && key.number == nullptr) continue;
    const Result<std::int64_t> number = parse_number(key, key.fallback);
    CHECK(number);
    if (key.number != nullptr) settings.*key.number = *number;
    if (key.limit != nullptr) settings.limits.*key.limit = *number;
    if (key.budget != nullptr) settings.budget.*key.budget = *number;
  }
  return settings;
}

Result<> read_user_file(const std::string& path, Settings& settings) {
  const Result<std::string> text = read_file(path, kFileBytesMax);
  if (!text && text.error().code == ErrorCode::not_found) return ok;
  if (!text) return Error(text.error());
  TRY_INTO(const TomlValue root, parse_toml(*text, path));
  const Reader reader(path, KeyPlace::user);
  return reader.each(root, [&](const Key& key, const TomlMember& member) -> Result<> {
    const TomlValue& value = member.value;
    if (key.type == KeyType::mounts) {
      TRY_INTO(settings.mounts, read_mounts(reader, key, value));
    } else if (key.truth != nullptr) {
      TRY_INTO(settings.*key.truth, reader.truth(key, value));
    } else if (key.section == "toolchains") {
      if (const std::string why = no_name(member.key); !why.empty()) {
        return reader.refuse(value.line,
                             "[toolchains] \"" + printable(member.key, 80) + "\" " + why);
      }
      TRY_INTO(settings.toolchains[member.key], read_path(reader, key, value));
    } else if (key.type == KeyType::folder) {
      TRY_INTO(settings.data_dir, read_path(reader, key, value));
    } else {
      TRY_INTO(const std::int64_t number, reader.number(key, value));
      if (key.limit != nullptr) settings.limits.*key.limit = number;
      if (key.budget != nullptr) settings.budget.*key.budget = number;
      if (key.number != nullptr) settings.*key.number = number;
    }
    return ok;
  });
}

Result<> take_of_suite(const Reader& reader, const Key& key, const TomlValue& value,
                       Project& project) {
  if (key.name == "runner") project.suites.emplace_back();
  ProjectSuite& suite = project.suites.back();
  if (key.suite_map != nullptr) {
    TRY_INTO(suite.*key.suite_map, reader.text_map(key, value));
    return ok;
  }
  TRY_INTO(suite.*key.suite_text, reader.text(key, value));
  if (key.type != KeyType::place) return ok;
  if (const std::string why = no_place(suite.root); !why.empty()) {
    return reader.refuse(value.line,
                         key.path() + ": \"" + printable(suite.root, 120) + "\" " + why);
  }
  return ok;
}

Result<> take_of_environment(const Reader& reader, const Key& key, const TomlValue& value,
                             Project& project) {
  if (key.map != nullptr) {
    TRY_INTO(project.*key.map, reader.text_map(key, value));
    return ok;
  }
  TRY_INTO(project.*key.texts, reader.texts(key, value, [&](const std::string& entry) {
    return key.type == KeyType::paths   ? no_place(entry)
           : key.type == KeyType::names ? no_name(entry)
                                        : std::string();
  }));
  return ok;
}

/// A variable that is not set, empty or (for XDG, by its specification) relative counts as absent.
bool is_folder(const std::optional<std::string>& variable) {
  return variable && !variable->empty() && variable->front() == '/';
}

std::string base_folder(const std::optional<std::string>& xdg,
                        const std::optional<std::string>& home, const std::string& below_home) {
  if (is_folder(xdg)) return *xdg;
  return is_folder(home) ? *home + below_home : std::string();
}

Result<> apply_environment(const Environment& environment, Settings& settings) {
  const auto apply = [&](const char* variable, const std::optional<std::string>& text,
                         std::int64_t Limits::* limit) -> Result<> {
    if (!text || text->empty()) return ok;
    const auto key = std::ranges::find(keys(), limit, &Key::limit);
    CHECK(key != keys().end());
    Result<std::int64_t> number = parse_number(*key, *text).with_context(variable);
    if (!number) return std::move(number).error();
    settings.limits.*limit = *number;
    return ok;
  };
  TRY(apply("NIGHTJAR_LIMIT_WALL", environment.limit_wall, &Limits::wall_ms_max));
  TRY(apply("NIGHTJAR_LIMIT_MEMORY", environment.limit_memory, &Limits::memory_bytes_max));
  if (!environment.nightjar_data_dir || environment.nightjar_data_dir->empty()) return ok;
  if (!is_folder(environment.nightjar_data_dir)) {
    return {ErrorCode::invalid_input, "NIGHTJAR_DATA_DIR: \"" +
                                          printable(*environment.nightjar_data_dir, 120) +
                                          "\" must be an absolute path"};
  }
  settings.data_dir = *environment.nightjar_data_dir;
  return ok;
}

}  // namespace

Result<Project> parse_project(std::string_view text, std::string_view file_name) {
  const std::string file(file_name);
  if (trim(text).empty()) {
    return {ErrorCode::invalid_input,
            file + ":1: the file is empty; it needs at least a [project] section with a name"};
  }
  TRY_INTO(const TomlValue root, parse_toml(text, file_name));
  const Reader reader(file_name, KeyPlace::project);
  Project project;
  int engineer_line = 0;
  const auto take = [&](const Key& key, const TomlMember& member) -> Result<> {
    const TomlValue& value = member.value;
    if (key.section == kSuiteSection) return take_of_suite(reader, key, value, project);
    if (key.section == "environment") return take_of_environment(reader, key, value, project);
    if (key.asked != nullptr) {
      TRY_INTO(project.*key.asked, reader.number(key, value));
      return ok;
    }
    TRY_INTO(project.*key.text, reader.text(key, value));
    if (key.type == KeyType::name) TRY(check_name(reader, project.name, value.line));
    if (key.type == KeyType::engineer) {
      TRY(check_engineer(reader, project.engineer, value.line));
      engineer_line = value.line;
    }
    return ok;
  };
  TRY(reader.each(root, take));
  if (project.name.empty()) {
    return {ErrorCode::invalid_input,
            file + ": the project has no name; add a [project] section with name = \"…\""};
  }
  if (project.engineer == "command" && project.engineer_command.empty()) {
    return reader.refuse(
        engineer_line, "engineer.default is \"command\", but engineer.command is missing; add it");
  }
  if (project.engineer.empty()) project.engineer = "reasoner";
  return project;
}

Result<Settings> load_settings(const Environment& environment) {
  Settings settings = default_settings();
  const std::string config_base =
      base_folder(environment.xdg_config_home, environment.home, "/.config");
  if (!config_base.empty()) {
    TRY(read_user_file(config_base + "/nightjar/config.toml", settings));
  }
  TRY(apply_environment(environment, settings));
  if (settings.data_dir.empty()) {
    const std::string data_base =
        base_folder(environment.xdg_data_home, environment.home, "/.local/share");
    if (data_base.empty()) {
      return {ErrorCode::invalid_input,
              "no place for data: HOME is not set; set NIGHTJAR_DATA_DIR to an absolute path"};
    }
    settings.data_dir = data_base + "/nightjar";
  }
  return settings;
}

Effective narrow(const Settings& settings, const Project& project) {
  Effective effective{.limits = settings.limits, .budget = settings.budget, .widened = {}};
  for (const Key& key : keys()) {
    if (key.asked == nullptr || !(project.*key.asked)) continue;
    const std::int64_t asked = *(project.*key.asked);
    std::int64_t& allowed =
        key.limit != nullptr ? effective.limits.*key.limit : effective.budget.*key.budget;
    if (asked > allowed) {
      effective.widened.push_back(key.path() + ": the project asks for " + number_text(key, asked) +
                                  ", this machine allows " + number_text(key, allowed));
    }
    allowed = std::min(allowed, asked);
  }
  return effective;
}

}  // namespace nightjar::config
