#include "reason/edits.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>

#include "base/bytes.h"
#include "reason/edit_kinds.h"

namespace nightjar::reason {
namespace {

// A kind that offers many replacements at one place spreads its likelihood over them.
constexpr double kCrowdWeight = 0.12;

bool is_word(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
}

int count_tokens(std::string_view text) {
  int count = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (std::isspace(static_cast<unsigned char>(text[at])) != 0) continue;
    if (at > 0 && is_word(text[at]) && is_word(text[at - 1])) continue;
    ++count;
  }
  return count;
}

// The part of an edit that differs: without what old and new text share at both ends.
struct Core {
  std::uint32_t start = 0;
  std::uint32_t end = 0;
  std::string replacement;
};

Core core_of(const std::string& text, std::uint32_t start, std::uint32_t end,
             std::string_view replacement) {
  while (start < end && !replacement.empty() && text[start] == replacement.front()) {
    ++start;
    replacement.remove_prefix(1);
  }
  while (start < end && !replacement.empty() && text[end - 1] == replacement.back()) {
    --end;
    replacement.remove_suffix(1);
  }
  return {start, end, std::string(replacement)};
}

// The first two replacements of a kind at a place (one more, one less) cost nothing extra, the
// hundredth half a point.
void add_crowd_cost(std::vector<Edit>& edits) {
  std::stable_sort(edits.begin(), edits.end(),
                   [](const Edit& left, const Edit& right) { return left.prior < right.prior; });
  std::map<std::tuple<std::uint32_t, std::string_view>, int> crowd;
  for (Edit& edit : edits) {
    const int position = ++crowd[{edit.start, edit.kind}];
    edit.prior += kCrowdWeight * std::log(static_cast<double>(std::max(1, position - 1)));
  }
}

bool has_windows_lines(const std::string& text) { return text.find("\r\n") != std::string::npos; }

std::string with_windows_lines(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\n' && (at == 0 || text[at - 1] != '\r')) out += '\r';
    out += text[at];
  }
  return out;
}

}  // namespace

std::string snippet(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    const bool space = std::isspace(static_cast<unsigned char>(letter)) != 0;
    if (space && (out.empty() || out.back() == ' ')) continue;
    out += space ? ' ' : letter;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return printable(out, 60);
}

Result<SourceFile> read_source(std::string path, std::string text) {
  const std::optional<Language> language = language_of(path, text);
  if (!language) return Error{ErrorCode::invalid_input, path + " is no C or Python source"};
  TRY_INTO(SyntaxTree tree, parse_source(*language, std::move(text)));
  Names names = names_of(tree);
  return SourceFile{std::move(path), false, std::move(tree), std::move(names)};
}

std::string apply_edit(const std::string& text, const Edit& edit) {
  return text.substr(0, edit.start) + edit.replacement + text.substr(edit.end);
}

int changed_tokens(const std::string& text, const Edit& edit) {
  const Core core = core_of(text, edit.start, edit.end, edit.replacement);
  return count_tokens(std::string_view(text).substr(core.start, core.end - core.start)) +
         count_tokens(core.replacement);
}

bool still_parses(const SourceFile& file, const Edit& edit) {
  const std::string changed = apply_edit(file.tree.text(), edit);
  return count_mistakes(file.tree.language(), changed) <= file.tree.mistakes();
}

Emitter::Emitter(const SourceFile& file, const LineFilter& wanted)
    : file_(file), wanted_(wanted), windows_lines_(has_windows_lines(file.tree.text())) {}

bool Emitter::wants(NodeIndex node) const { return wanted_(file_.tree[node].line); }

void Emitter::replace(NodeIndex node, std::string text, const EditKind& kind, double extra) {
  const Node& old = file_.tree[node];
  std::string because = "the " + std::string(kind.noun) + " `" + snippet(file_.tree.text_of(node)) +
                        "` should be `" + snippet(text) + "`";
  splice(old.start, old.end, std::move(text), old.line, kind, extra, std::move(because));
}

void Emitter::splice(std::uint32_t start, std::uint32_t end, std::string text, int line,
                     const EditKind& kind, double extra, std::string because) {
  if (edits_.size() >= kEditsOfFileMax) return;
  if (windows_lines_) text = with_windows_lines(text);
  Core core = core_of(file_.tree.text(), start, end, text);
  if (core.start == core.end && core.replacement.empty()) return;
  Edit edit{.start = start,
            .end = end,
            .replacement = std::move(text),
            .kind = kind.name,
            .prior = kind.prior + extra,
            .line = line,
            .because = std::move(because)};
  const auto [place, fresh] = seen_.try_emplace(
      std::make_tuple(core.start, core.end, std::move(core.replacement)), edits_.size());
  if (fresh) {
    edits_.push_back(std::move(edit));
  } else if (edit.prior < edits_[place->second].prior) {
    edits_[place->second] = std::move(edit);
  }
}

std::vector<Edit> Emitter::take() { return std::move(edits_); }

std::vector<Edit> single_site_edits(const SourceFile& file, const std::vector<Function>& known,
                                    const LineFilter& wanted) {
  Emitter out(file, wanted);
  for (NodeIndex node = 0; node < file.tree.size(); ++node) {
    if (!out.wants(node)) continue;
    const Site site{file.tree, file.names, known, node};
    emit_operator_edits(site, out);
    emit_value_edits(site, out);
    emit_condition_edits(site, out);
    emit_call_edits(site, out);
    emit_statement_edits(site, out);
    emit_insertion_edits(site, out);
    emit_update_edits(site, out);
    if (file.tree.language() == Language::c) c::emit_edits(site, out);
    if (file.tree.language() == Language::python) python::emit_edits(site, out);
  }
  std::vector<Edit> edits = out.take();
  add_crowd_cost(edits);
  std::stable_sort(edits.begin(), edits.end(),
                   [](const Edit& left, const Edit& right) { return left.prior < right.prior; });
  return edits;
}

}  // namespace nightjar::reason
