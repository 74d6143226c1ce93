// The kinds of edits and how likely each is; the generators and what they write to.
//
// A new kind is a row here and a call of Emitter in the generator that visits its nodes.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "reason/edits.h"

namespace nightjar::reason {

struct EditKind {
  std::string_view name;  // in results
  std::string_view noun;  // in the sentence about the cause
  double prior;
};

inline constexpr EditKind kComparison{"comparison operator", "comparison", 0.9};
inline constexpr EditKind kArithmetic{"arithmetic operator", "operator", 1.1};
inline constexpr EditKind kLogic{"logic operator", "operator", 1.0};
inline constexpr EditKind kAssignment{"assignment operator", "assignment", 1.1};
inline constexpr EditKind kUnary{"unary operator", "expression", 1.3};
inline constexpr EditKind kConstant{"constant", "constant", 1.1};
inline constexpr EditKind kOffByOne{"off by one", "expression", 1.2};
inline constexpr EditKind kVariable{"variable", "variable", 1.2};
inline constexpr EditKind kField{"field", "field", 1.4};
inline constexpr EditKind kText{"text", "text", 1.6};
inline constexpr EditKind kNegation{"negated condition", "condition", 1.2};
inline constexpr EditKind kOperandSwap{"operand swap", "expression", 1.2};
inline constexpr EditKind kGrouping{"grouping", "expression", 1.4};
inline constexpr EditKind kOperandDrop{"operand drop", "expression", 1.5};
inline constexpr EditKind kArgumentSwap{"argument swap", "call", 1.3};
inline constexpr EditKind kArgument{"argument", "call", 1.7};
inline constexpr EditKind kCall{"call swap", "call", 1.3};
inline constexpr EditKind kWrap{"missing conversion", "expression", 1.8};
inline constexpr EditKind kCondition{"condition", "condition", 1.7};
inline constexpr EditKind kGuard{"guard", "guard", 1.6};
inline constexpr EditKind kStatementDrop{"statement drop", "statement", 1.6};
inline constexpr EditKind kStatementMove{"statement move", "statement", 1.5};
inline constexpr EditKind kStatementCopy{"missing statement", "statement", 2.0};
inline constexpr EditKind kReturn{"missing return", "return", 1.3};
inline constexpr EditKind kJump{"missing jump", "jump", 1.7};
inline constexpr EditKind kBranch{"branch", "branch", 1.5};

/// Collects the edits of one file.
class Emitter {
 public:
  Emitter(const SourceFile& file, const LineFilter& wanted);

  const SyntaxTree& tree() const { return file_.tree; }
  const Names& names() const { return file_.names; }
  bool wants(NodeIndex node) const;

  /// "the NOUN `old` should be `new`". `extra` is added to the kind's prior.
  void replace(NodeIndex node, std::string text, const EditKind& kind, double extra = 0);
  /// A replacement with its own sentence.
  void splice(std::uint32_t start, std::uint32_t end, std::string text, int line,
              const EditKind& kind, double extra, std::string because);

  std::vector<Edit> take();

 private:
  const SourceFile& file_;
  const LineFilter& wanted_;
  const bool windows_lines_;  // New lines end as the file's do.
  std::vector<Edit> edits_;
  /// What remains of an edit without common ends → its index: the cheapest of equal ones stays.
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::string>, std::size_t> seen_;
};

/// What a generator sees.
struct Site {
  const SyntaxTree& tree;
  const Names& names;
  const std::vector<Function>& known;  // functions of this and the other files
  NodeIndex node;
};

// Each looks at one node and emits the edits of its kinds there.
void emit_operator_edits(const Site& site, Emitter& out);
void emit_value_edits(const Site& site, Emitter& out);
void emit_condition_edits(const Site& site, Emitter& out);
void emit_call_edits(const Site& site, Emitter& out);
void emit_statement_edits(const Site& site, Emitter& out);
void emit_insertion_edits(const Site& site, Emitter& out);
void emit_update_edits(const Site& site, Emitter& out);
namespace c {
void emit_edits(const Site& site, Emitter& out);
}
namespace python {
void emit_edits(const Site& site, Emitter& out);
}

/// Source text for a sentence: white space folded, cut at 60 bytes.
std::string snippet(std::string_view text);

}  // namespace nightjar::reason
