#include "reason/lines.h"

#include <algorithm>
#include <map>
#include <set>

#include "reason/grammar.h"

namespace nightjar::reason {
namespace {

// What a definition passes on: it is a little less suspicious than its use.
constexpr double kDefinitionShare = 0.9;

bool owns_lines(const SyntaxTree& tree, NodeIndex node) {
  if (is_statement(tree, node)) {
    return tree.language() == Language::python || function_around(tree, node) != kNoNode;
  }
  const Node& at = tree[node];
  if (tree.language() == Language::python) return at.kind == "elif_clause";
  static const std::set<std::string_view> kBodies = {
      "if_statement",       "expression_statement", "return_statement", "break_statement",
      "continue_statement", "for_statement",        "while_statement",  "do_statement"};
  return kBodies.contains(at.kind) && function_around(tree, node) != kNoNode;
}

// For each name: the highest score of a line with a statement that mentions it.
std::map<std::string, double> scores_of_names(const SourceFile& file,
                                              const std::vector<int>& statement_line,
                                              const std::vector<double>& scores) {
  std::map<std::string, double> out;
  for (NodeIndex at = 0; at < file.tree.size(); ++at) {
    const std::string_view kind = file.tree[at].kind;
    if (kind != "identifier" && kind != "type_identifier" && kind != "field_identifier") continue;
    const auto line = static_cast<std::size_t>(file.tree[at].line);
    if (line >= statement_line.size() || statement_line[line] == 0) continue;
    double& score = out[file.tree.text_of(at)];
    score = std::max(score, scores[line]);
  }
  return out;
}

void spread_over_head(const SyntaxTree& tree, NodeIndex function, std::vector<double>& scores) {
  const NodeIndex body = tree.child(function, "body");
  if (body == kNoNode) return;
  double highest = 0;
  for (int line = tree[body].line; line <= tree[body].end_line; ++line) {
    highest = std::max(highest, scores[static_cast<std::size_t>(line)]);
  }
  for (int line = tree[function].line; line <= tree[body].line; ++line) {
    double& score = scores[static_cast<std::size_t>(line)];
    score = std::max(score, kDefinitionShare * highest);
  }
}

}  // namespace

std::vector<int> statement_lines(const SyntaxTree& tree) {
  const auto count =
      static_cast<std::size_t>(std::count(tree.text().begin(), tree.text().end(), '\n') + 2);
  std::vector<int> out(count, 0);
  for (NodeIndex node = 0; node < tree.size(); ++node) {
    if (!owns_lines(tree, node)) continue;
    const Node& at = tree[node];
    for (int line = at.line; line <= at.end_line; ++line)
      out[static_cast<std::size_t>(line)] = at.line;
  }
  return out;
}

void spread_scores(const SourceFile& file, const std::vector<int>& statement_line,
                   std::vector<double>& scores) {
  const SyntaxTree& tree = file.tree;
  const auto by_name = scores_of_names(file, statement_line, scores);
  for (NodeIndex node = 0; node < tree.size(); ++node) {
    const Node& at = tree[node];
    if (at.kind == "function_definition") spread_over_head(tree, node, scores);
    const bool top = tree.language() == Language::c &&
                     (at.kind == "declaration" || at.kind == "preproc_def" ||
                      at.kind == "preproc_function_def" || at.kind == "struct_specifier" ||
                      at.kind == "enum_specifier");
    if (!top || function_around(tree, node) != kNoNode) continue;
    double highest = 0;
    for (const std::string& name : names_below(tree, node)) {
      const auto found = by_name.find(name);
      if (found != by_name.end()) highest = std::max(highest, found->second);
    }
    for (int line = at.line; line <= at.end_line; ++line) {
      double& score = scores[static_cast<std::size_t>(line)];
      if (statement_line[static_cast<std::size_t>(line)] == 0) {
        score = std::max(score, kDefinitionShare * highest);
      }
    }
  }
}

}  // namespace nightjar::reason
