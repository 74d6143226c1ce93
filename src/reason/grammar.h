// The same constructs in C and Python: what a node is, whatever the grammar calls it.
// Functions of a tree and a node; any thread.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "reason/syntax.h"

namespace nightjar::reason {

struct Binary {  // `left op right` of any operator; a chained comparison is none
  NodeIndex left = kNoNode;
  NodeIndex op = kNoNode;
  NodeIndex right = kNoNode;
};
std::optional<Binary> binary_at(const SyntaxTree& tree, NodeIndex node);

struct Assignment {
  NodeIndex left = kNoNode;
  NodeIndex op = kNoNode;
  NodeIndex right = kNoNode;
};
std::optional<Assignment> assignment_at(const SyntaxTree& tree, NodeIndex node);

struct Call {
  NodeIndex function = kNoNode;
  NodeIndex list = kNoNode;
  std::vector<NodeIndex> arguments;
};
std::optional<Call> call_at(const SyntaxTree& tree, NodeIndex node);

bool is_comparison(std::string_view op);
bool is_logic(std::string_view op);       // && || and or
bool is_arithmetic(std::string_view op);  // + - * / % // **

/// The condition of an if, elif, while, do, for or conditional expression, without its brackets.
NodeIndex condition_at(const SyntaxTree& tree, NodeIndex node);
/// Whether the condition belongs to a statement (not to a conditional expression).
bool has_statement_condition(const SyntaxTree& tree, NodeIndex node);

bool is_block(const SyntaxTree& tree,
              NodeIndex node);  // { … }, an indented block, a case, a module
bool is_statement(const SyntaxTree& tree, NodeIndex node);  // stands in a block; no definition
bool is_loop(const SyntaxTree& tree, NodeIndex node);
NodeIndex body_of(const SyntaxTree& tree, NodeIndex node);  // of a loop, function or if: its block
NodeIndex function_around(const SyntaxTree& tree, NodeIndex node);
NodeIndex loop_around(const SyntaxTree& tree, NodeIndex node);  // within the same function

/// An identifier that is read: no target, declaration, parameter, called function, label or
/// keyword.
bool is_read_variable(const SyntaxTree& tree, NodeIndex node);
/// An identifier that an assignment (no declaration) writes.
bool is_assigned_variable(const SyntaxTree& tree, NodeIndex node);
/// The whole place where a value stands could be written `value + 1`.
bool is_number_place(const SyntaxTree& tree, NodeIndex node);

/// The white space before the node on its line; nothing when other text stands there.
std::optional<std::string_view> indent_of(const SyntaxTree& tree, NodeIndex node);

/// Names read or written below a node, in order, each once.
std::vector<std::string> names_below(const SyntaxTree& tree, NodeIndex node);

}  // namespace nightjar::reason
