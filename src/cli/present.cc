#include "cli/present.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/bytes.h"

namespace nightjar::cli {
namespace {

constexpr std::size_t kDiffLinesMax = 40;  // The whole diff is one command away.

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string fraction(int part, int whole) {
  return whole == 0 ? "-" : std::to_string(part) + "/" + std::to_string(whole);
}

void print_row(Terminal& people, const std::string& label, const std::string& text) {
  std::string head = "  " + label;
  head.resize(std::max<std::size_t>(head.size() + 1, 13), ' ');
  people.line(people.paint(Colour::dim, head) + people.wrapped(text, 13));
}

void print_satisfaction(Terminal& people, const api::RunReply& reply) {
  struct Row {
    const char* label;
    const api::Satisfaction& counts;
  };
  const std::array<Row, 3> rows = {
      {{"visible", reply.visible}, {"validation", reply.validation}, {"sealed", reply.holdout}}};
  people.line(people.paint(Colour::dim, "  satisfied   before   after"));
  for (const Row& row : rows) {
    if (row.counts.total == 0) continue;
    std::array<char, 80> text{};
    std::snprintf(text.data(), text.size(), "    %-11s %-8s ", row.label,
                  fraction(row.counts.satisfied_before, row.counts.total).c_str());
    const bool all = row.counts.satisfied_after == row.counts.total;
    people.line(text.data() + people.paint(all ? Colour::green : Colour::red,
                                           fraction(row.counts.satisfied_after, row.counts.total)));
  }
}

std::string headline(Terminal& people, const api::RunReply& reply) {
  const std::string verdict = reply.verdict.empty() ? "INTERRUPTED" : reply.verdict;
  const bool good = reply.state == api::RunState::satisfied;
  return people.paint(good ? Colour::green : Colour::red, verdict) + "  run " + reply.run;
}

/// As one word of a shell.
std::string quoted(const std::string& path) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,@%";
  if (path.find_first_not_of(kPlain) == std::string::npos) return path;
  std::string out = "'";
  for (const char c : printable(path, 4096)) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

void print_next(Terminal& people, const api::RunReply& reply) {
  people.line("\nNext");
  if (!reply.branch.empty()) {
    const std::string git = "  git -C " + quoted(reply.top);
    people.line(git + " show " + reply.branch);
    people.line(git + " merge " + reply.branch);
  }
  if (reply.state == api::RunState::interrupted || reply.state == api::RunState::held) {
    people.line("  nightjar resume " + reply.run);
  }
  people.line("  nightjar why " + reply.run);
  if (!reply.evidence_key.empty()) people.line("  nightjar evidence show " + reply.run);
}

}  // namespace

std::string cost_text(const Json& cost) {
  const std::int64_t nano_usd = cost.int_or("nano_usd", 0);
  std::array<char, 64> money{};
  std::snprintf(money.data(), money.size(), "$%.4f", static_cast<double>(nano_usd) / 1e9);
  return human_duration_ms(cost.int_or("wall_ms", 0)) + " of work, " +
         human_duration_ms(cost.int_or("cpu_ms", 0)) + " of processor, " +
         (nano_usd == 0 ? "$0" : money.data());
}

void Progress::show(const Json& event) {
  const std::string type = event.string_or("event", "");
  if (type == "progress") {
    people_.status("  … " + event.string_or("text", ""));
    return;
  }
  if (type == "note") {
    people_.line("  " + people_.wrapped(printable(event.string_or("text", ""), 1000), 2));
    return;
  }
  const Json* payload = event.find("payload");
  if (payload == nullptr) return;
  const std::int64_t at_ms = event.int_or("at_ms", 0);
  if (type == "node.started") {
    started_at_ms_[payload->string_or("node", "")] = at_ms;
    people_.status("  … " + payload->string_or("node", ""));
  } else if (type == "node.finished") {
    show_node_finished(*payload, at_ms);
  } else if (type == "effect.refused") {
    people_.line("  " + people_.paint(Colour::red, "refused  ") +
                 people_.wrapped(printable(payload->string_or("why", ""), 600), 11));
  }
}

void Progress::show_node_finished(const Json& payload, std::int64_t at_ms) {
  const std::string node = payload.string_or("node", "");
  if (node == "start" || node == "exit") return;
  const bool good = payload.string_or("outcome", "") == "success";
  // A resumed run does not tell again when its node began.
  const auto started = started_at_ms_.find(node);
  const std::string duration =
      started == started_at_ms_.end() ? "" : human_duration_ms(at_ms - started->second);
  std::array<char, 96> head{};
  std::snprintf(head.data(), head.size(), " %-10s %9s  ", node.c_str(), duration.c_str());
  const std::string why = first_line(payload.string_or("why", ""));
  people_.line(people_.paint(good ? Colour::green : Colour::red, good ? "  ok " : "  no ") +
               head.data() + people_.wrapped(printable(why, 400), 28));
}

api::Listener listener_for(Invocation& invocation, Progress& progress) {
  if (invocation.has("--json")) {
    return [&progress](const Json& event) {
      write_json(event);
      progress.show(event);
    };
  }
  return [&progress](const Json& event) { progress.show(event); };
}

void print_diff(Terminal& people, const std::string& diff, std::size_t lines_max) {
  const std::vector<std::string> lines = split_lines(printable_block(diff, 1 << 20));
  for (std::size_t i = 0; i < std::min(lines.size(), lines_max); ++i) {
    const std::string& line = lines[i];
    Colour colour = Colour::none;
    if (line.starts_with("+")) colour = Colour::green;
    if (line.starts_with("-")) colour = Colour::red;
    if (line.starts_with("@@")) colour = Colour::dim;
    people.line("    " + people.paint(colour, line));
  }
  if (lines.size() > lines_max) {
    people.line("    … " + std::to_string(lines.size() - lines_max) + " more lines");
  }
}

void print_summary(Terminal& people, const api::RunReply& reply) {
  people.line("");
  people.line(headline(people, reply));
  for (const std::string& finding : reply.findings) {
    print_row(people, "finding", people.paint(Colour::yellow, finding));
  }
  if (!reply.cause.empty()) print_row(people, "cause", printable(reply.cause, 600));
  if (!reply.why.empty()) print_row(people, "why", printable_block(reply.why, 2000));
  if (reply.visible.total + reply.validation.total + reply.holdout.total > 0) {
    print_satisfaction(people, reply);
  }
  if (!reply.diff.empty()) {
    people.line(people.paint(Colour::dim, "  change"));
    print_diff(people, reply.diff, kDiffLinesMax);
  }
  if (!reply.walls.empty()) print_row(people, "walls", join(reply.walls, ", "));
  for (const std::string& missing : reply.not_enforced) {
    print_row(people, "weaker", people.paint(Colour::yellow, missing));
  }
  if (reply.cost.is_object()) print_row(people, "cost", cost_text(reply.cost));
  if (!reply.branch.empty()) print_row(people, "branch", reply.branch);
  if (!reply.evidence_key.empty()) {
    print_row(people, "proof",
              reply.proof + ", signed with key " + reply.evidence_key.substr(0, 16));
  }
  print_next(people, reply);
}

}  // namespace nightjar::cli
