#include "harness/events.h"

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include "base/bytes.h"
#include "sandbox/sandbox.h"

namespace nightjar::harness {
namespace {

/// Listed, start, finish of each test, and some that belong to files.
constexpr std::size_t kLinesMax = 4 * kTestsMax;
constexpr std::size_t kFilesCoveredMax = 20'000;
constexpr std::size_t kLinesCoveredMax = 2'000'000;
constexpr std::size_t kNotesMax = 50;
constexpr std::size_t kForeignShown = 120;

struct KindName {
  std::string_view name;
  SessionEvent::Kind kind;
};
constexpr std::array kKinds = {
    KindName{"listed", SessionEvent::Kind::listed},
    KindName{"start", SessionEvent::Kind::started},
    KindName{"finish", SessionEvent::Kind::finished},
    KindName{"trouble", SessionEvent::Kind::trouble},
};

class Reader {
 public:
  explicit Reader(std::string_view nonce) : nonce_(nonce) {}

  void read(std::string_view bytes) {
    std::size_t lines = 0;
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      if (end == std::string_view::npos) return;  // Whoever wrote it died while writing.
      const std::string_view line = bytes.substr(0, end);
      bytes.remove_prefix(end + 1);
      if (++lines > kLinesMax) {
        refuse("the report has more than " + std::to_string(kLinesMax) + " lines");
        return;
      }
      if (!take(line)) {
        refuse("a line on the report channel that our reporter did not write: " +
               printable(line, kForeignShown));
      }
    }
  }

  ReportEvents out;

 private:
  void refuse(std::string problem) {
    if (out.problem.empty()) out.problem = std::move(problem);
  }

  bool take(std::string_view line) {
    const auto json = parse_json(line);
    if (!json || !json->is_object() || json->string_or("n", "") != nonce_) return false;
    const std::string kind = json->string_or("e", "");
    for (const KindName& row : kKinds) {
      if (row.name == kind) return take_test(*json, row.kind);
    }
    if (kind == "cover") return take_cover(*json);
    if (kind == "note") {
      if (out.notes.size() < kNotesMax) out.notes.push_back(bounded_message(text_of(*json)));
      return true;
    }
    if (kind == "fatal") return take_text(*json, out.fatal);
    if (kind == "lacks") return take_text(*json, out.lacks);
    if (kind == "forged") return take_text(*json, out.forged);
    return kind == "end" && take_end(*json);
  }

  bool take_end(const Json& json) {
    if (const auto tests = json.get_int("tests")) out.counted = *tests;
    if (const auto status = json.get_int("status")) out.status = *status;
    out.events.push_back({.kind = SessionEvent::Kind::ended});
    return true;
  }

  static bool take_text(const Json& json, std::string& text) {
    text = bounded_message(text_of(json));
    return !text.empty();
  }

  static std::string text_of(const Json& json) { return json.string_or("text", ""); }

  bool take_test(const Json& json, SessionEvent::Kind kind) {
    SessionEvent event;
    event.kind = kind;
    const auto id = json.get_string("id");
    if (!id || id->empty()) return false;
    event.id = *id;
    event.message = json.string_or("message", "");
    event.file = json.string_or("file", "");
    const std::int64_t line = json.int_or("line", 0);
    event.line = line > 0 && line < 1'000'000'000 ? static_cast<int>(line) : 0;
    event.wall_ms = std::max<std::int64_t>(json.int_or("ms", -1), -1);
    event.flaky = json.bool_or("flaky", false);
    event.selected = json.bool_or("selected", true);
    if (kind == SessionEvent::Kind::finished) {
      const auto outcome = test_outcome_from(json.string_or("outcome", ""));
      if (!outcome) return false;
      event.outcome = *outcome;
    }
    const std::string missing = json.string_or("missing", "");
    if (kind == SessionEvent::Kind::trouble && !missing.empty()) {
      add_once(out.missing, bounded_id(missing));
    }
    out.events.push_back(std::move(event));
    return true;
  }

  static bool lines_into(const Json& json, std::string_view key, std::set<int>& lines) {
    const Json* list = json.find(key);
    if (list == nullptr) return true;
    if (!list->is_array() || list->as_array().size() > kLinesCoveredMax) return false;
    for (const Json& line : list->as_array()) {
      if (!line.is_int() || line.as_int() < 1 || line.as_int() > 1'000'000'000) return false;
      lines.insert(static_cast<int>(line.as_int()));
    }
    return true;
  }

  bool take_cover(const Json& json) {
    const auto file = json.get_string("file");
    if (!file || file->empty() || out.coverage.files.size() >= kFilesCoveredMax) return false;
    Coverage::File& lines = out.coverage.files[*file];
    return lines_into(json, "executable", lines.executable) &&
           lines_into(json, "executed", lines.executed);
  }

  std::string_view nonce_;
};

}  // namespace

ReportEvents parse_events(std::string_view bytes, std::string_view nonce) {
  Reader reader(nonce);
  reader.read(bytes);
  return std::move(reader.out);
}

std::string orders_json(const Orders& orders) {
  Json out =
      Json::object({{"fd", sandbox::kReportFd},
                    {"nonce", orders.nonce},
                    {"only", orders.only ? Json::strings(*orders.only) : Json()},
                    {"reversed", orders.reversed},
                    {"shard", orders.shard},
                    {"shards", orders.shards},
                    {"test_wall_ms", static_cast<std::int64_t>(orders.test_wall_max.count())},
                    {"coverage", Json::strings(orders.coverage_files)},
                    {"project", sandbox::kWorkspacePath},
                    {"root", orders.root}});
  return out.dump();
}

std::string new_nonce() {
  constexpr int kWords = 4;
  std::random_device device;
  std::string bytes;
  for (int word = 0; word < kWords; ++word) {
    const std::uint32_t value = device();
    for (int shift = 0; shift < 32; shift += 8) {
      bytes += static_cast<char>((value >> shift) & 0xFFU);
    }
  }
  return to_hex(bytes);
}

}  // namespace nightjar::harness
