#include "reason/c/instrument.h"

#include <algorithm>
#include <set>
#include <vector>

#include "reason/grammar.h"

namespace nightjar::reason::c {
namespace {

struct Insertion {
  std::uint32_t at = 0;
  std::string text;
};

// The names of libc are bound by assembler labels: no header is included, so no macro, declaration
// or feature test of the project changes.
std::string prologue(std::uint32_t map_bytes) {
  const std::string size = std::to_string(map_bytes) + "UL";
  return "#ifndef NIGHTJAR_HIT\n"
         "#define NIGHTJAR_HIT\n"
         "extern char *nightjar_getenv(const char *) __asm__(\"getenv\");\n"
         "extern int nightjar_open(const char *, int, ...) __asm__(\"open\");\n"
         "extern int nightjar_close(int) __asm__(\"close\");\n"
         "extern void *nightjar_mmap(void *, unsigned long, int, int, int, long) "
         "__asm__(\"mmap\");\n"
         "__attribute__((unused)) static void nightjar_hit(unsigned place) {\n"
         "  static volatile unsigned char *map;\n"
         "  static char tried;\n"
         "  if (!map) {\n"
         "    const char *path;\n"
         "    void *at;\n"
         "    int fd;\n"
         "    if (tried) return;\n"
         "    tried = 1;\n"
         "    path = nightjar_getenv(\"NIGHTJAR_COVERAGE\");\n"
         "    if (!path) return;\n"
         "    fd = nightjar_open(path, 2);\n"
         "    if (fd < 0) return;\n"
         "    at = nightjar_mmap(0, " +
         size +
         ", 3, 1, fd, 0);\n"
         "    nightjar_close(fd);\n"
         "    if (at == (void *)-1) return;\n"
         "    map = (volatile unsigned char *)at;\n"
         "  }\n"
         "  map[place] = 1;\n"
         "  *(volatile unsigned *)map = place;\n"
         "}\n"
         "#endif\n"
         "#line 1\n";
}

class Instrumenter {
 public:
  Instrumenter(const SyntaxTree& tree, std::uint32_t base, Depth depth)
      : tree_(tree), base_(base), depth_(depth) {}

  std::vector<Insertion> insertions() {
    for (NodeIndex node = 0; node < tree_.size(); ++node) {
      if (function_around(tree_, node) != kNoNode && !in_macro(node)) visit(node);
    }
    std::stable_sort(out_.begin(), out_.end(), [](const Insertion& left, const Insertion& right) {
      return left.at < right.at;
    });
    return std::move(out_);
  }

 private:
  bool in_macro(NodeIndex node) const {
    return tree_.ancestor(node, {"preproc_function_def", "preproc_def", "ERROR"}) != kNoNode;
  }

  std::string hit(int line) const {
    return "nightjar_hit(" + std::to_string(base_ + static_cast<std::uint32_t>(line)) + "U)";
  }

  void visit(NodeIndex node) {
    const Node& at = tree_[node];
    if (is_statement(tree_, node)) {
      const bool skip = at.kind == "compound_statement" || at.kind == "labeled_statement" ||
                        at.kind.starts_with("preproc") ||
                        (at.kind == "declaration" && depth_ == Depth::statements_only);
      if (!skip) out_.push_back({at.start, hit(at.line) + "; "});
    } else if (is_bare_body(node)) {
      out_.push_back({at.start, "{ " + hit(at.line) + "; "});
      out_.push_back({at.end, " }"});
    }
    const NodeIndex condition = condition_at(tree_, node);
    if (condition == kNoNode || !has_statement_condition(tree_, node)) return;
    out_.push_back({tree_[condition].start, "(" + hit(tree_[node].line) + ", "});
    out_.push_back({tree_[condition].end, ")"});
  }

  // The body of an if, else or loop without braces.
  bool is_bare_body(NodeIndex node) const {
    static const std::set<std::string_view> kOwners = {
        "if_statement", "for_statement", "while_statement", "else_clause", "do_statement"};
    const Node& at = tree_[node];
    if (!at.named || at.parent == kNoNode || !kOwners.contains(tree_[at.parent].kind)) return false;
    const bool body =
        at.field == "body" || at.field == "consequence" || tree_.is(at.parent, "else_clause");
    return body && at.kind != "compound_statement" && at.kind != "comment" &&
           !at.kind.starts_with("preproc");
  }

  const SyntaxTree& tree_;
  std::uint32_t base_;
  Depth depth_;
  std::vector<Insertion> out_;
};

}  // namespace

std::string instrumented(const SyntaxTree& tree, std::uint32_t base, std::uint32_t map_bytes,
                         Depth depth) {
  std::string out = prologue(map_bytes);
  std::uint32_t done = 0;
  for (const Insertion& insertion : Instrumenter(tree, base, depth).insertions()) {
    out += tree.text().substr(done, insertion.at - done) + insertion.text;
    done = insertion.at;
  }
  return out + tree.text().substr(done);
}

}  // namespace nightjar::reason::c
