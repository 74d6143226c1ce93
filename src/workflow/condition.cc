#include "workflow/condition.h"

#include "base/bytes.h"

namespace nightjar::workflow {
namespace {

constexpr std::string_view kContextPrefix = "context.";
constexpr std::size_t kClausesMax = 64;

Error wrong(std::string_view clause, std::string_view why) {
  return {ErrorCode::invalid_input,
          "condition '" + printable(clause, 100) + "': " + std::string(why)};
}

/// The places of `&&` that are not inside quotes.
std::vector<std::string_view> clauses_of(std::string_view text) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (quoted || !text.substr(i).starts_with("&&")) continue;
    out.push_back(text.substr(begin, i - begin));
    begin = ++i + 1;
  }
  out.push_back(text.substr(begin));
  return out;
}

bool is_path(std::string_view text) {
  for (const std::string& part : split(text, '.')) {
    if (part.empty() || (part[0] >= '0' && part[0] <= '9')) return false;
    for (const char c : part) {
      const bool fits =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
      if (!fits) return false;
    }
  }
  return true;
}

Result<std::string> value_of(std::string_view clause, std::string_view text) {
  if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"')) {
    text = text.substr(1, text.size() - 2);
    if (text.find('"') == std::string_view::npos) return std::string(text);
  }
  // Anything that smells of a larger language would be compared as plain text, never as meant.
  if (text.find_first_of("\"=<>()") != std::string_view::npos ||
      text.find("||") != std::string_view::npos) {
    return wrong(clause, "only KEY=VALUE and KEY!=VALUE joined by && are supported");
  }
  return std::string(text);
}

Result<> check_key(std::string_view clause, std::string_view key) {
  if (key == "outcome" || key == "preferred_label") return ok;
  if (key.starts_with(kContextPrefix) && is_path(key)) return ok;
  std::string message =
      "'" + printable(key, 60) +
      "' is nothing to ask about; it may be outcome, preferred_label or context.NAME";
  if (is_path(key) && key.find('.') == std::string_view::npos) {
    const std::string near = nearest_name(key, {"outcome", "preferred_label"});
    message += "; did you mean " + (near.empty() ? "context." + std::string(key) : near) + "?";
  }
  return wrong(clause, message);
}

Result<Condition::Clause> parse_clause(std::string_view clause) {
  Condition::Clause out;
  const std::size_t equals = clause.find('=');
  if (equals == std::string_view::npos) {
    TRY(check_key(clause, clause));
    if (clause == "outcome") return wrong(clause, "say which outcome, as in outcome=success");
    return Condition::Clause{std::string(clause), false, ""};  // A key alone: it is not empty.
  }
  out.equals = equals == 0 || clause[equals - 1] != '!';
  const std::string_view key = trim(clause.substr(0, out.equals ? equals : equals - 1));
  TRY(check_key(clause, key));
  out.key = key;
  TRY_INTO(out.value, value_of(clause, trim(clause.substr(equals + 1))));
  if (out.key == "outcome") {
    const std::optional<NodeOutcome> outcome = node_outcome_from(out.value);
    if (!outcome) {
      return wrong(clause,
                   "'" + printable(out.value, 40) +
                       "' is no outcome; it may be success, partial_success, fail or skipped");
    }
    out.value = name_of(*outcome);
  }
  return out;
}

std::string_view value_in(const std::map<std::string, std::string>& context, std::string_view key) {
  // Attractor §10.4: first under the whole key, then without "context.".
  auto found = context.find(std::string(key));
  if (found == context.end()) found = context.find(std::string(key.substr(kContextPrefix.size())));
  return found == context.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace

Result<Condition> parse_condition(std::string_view text) {
  Condition out;
  out.text = trim(text);
  if (out.text.empty()) return out;
  for (const std::string_view part : clauses_of(out.text)) {
    const std::string_view clause = trim(part);
    if (clause.empty()) return wrong(out.text, "there is nothing on one side of &&");
    if (out.clauses.size() == kClausesMax) {
      return wrong(out.text, "more than " + std::to_string(kClausesMax) + " clauses");
    }
    TRY_INTO(Condition::Clause parsed, parse_clause(clause));
    out.clauses.push_back(std::move(parsed));
  }
  return out;
}

bool holds(const Condition& condition, const NodeFinished& finished,
           const std::map<std::string, std::string>& context) {
  for (const Condition::Clause& clause : condition.clauses) {
    std::string_view value;
    if (clause.key == "outcome") {
      value = name_of(finished.outcome);
    } else if (clause.key == "preferred_label") {
      value = finished.preferred_label;
    } else {
      value = value_in(context, clause.key);
    }
    if ((value == clause.value) != clause.equals) return false;
  }
  return true;
}

}  // namespace nightjar::workflow
