// Edits of calls: another function, other arguments or their order.
#include <map>

#include "reason/edit_kinds.h"
#include "reason/grammar.h"

namespace nightjar::reason {
namespace {

using Twins = std::map<std::string_view, std::vector<std::string_view>>;

// Functions that are mistaken for each other and take the same arguments.
const Twins& twins_of(Language language) {
  static const Twins kC = {
      {"isdigit", {"isalpha", "isalnum", "isspace", "isxdigit"}},
      {"isalpha", {"isalnum", "isdigit", "isupper", "islower", "isspace"}},
      {"isalnum", {"isalpha", "isdigit", "isprint"}},
      {"isspace", {"isblank", "isalpha", "isdigit", "ispunct"}},
      {"isupper", {"islower", "isalpha"}},
      {"islower", {"isupper", "isalpha"}},
      {"ispunct", {"isspace", "isalnum"}},
      {"toupper", {"tolower"}},
      {"tolower", {"toupper"}},
      {"strcpy", {"strcat"}},
      {"strcat", {"strcpy"}},
      {"strncpy", {"strncat", "memcpy"}},
      {"strchr", {"strrchr"}},
      {"strrchr", {"strchr"}},
      {"strcmp", {"strcasecmp"}},
      {"strncmp", {"strncasecmp", "memcmp"}},
      {"memcpy", {"memmove"}},
      {"memmove", {"memcpy"}},
      {"strlen", {"sizeof"}},
      {"atoi", {"atol", "atof"}},
      {"floor", {"ceil", "round", "trunc"}},
      {"ceil", {"floor", "round"}},
      {"round", {"floor", "ceil"}},
      {"abs", {"labs", "fabs"}},
      {"fabs", {"abs", "sqrt"}},
      {"sin", {"cos"}},
      {"cos", {"sin"}},
      {"strtol", {"strtoul"}},
      {"fmin", {"fmax"}},
      {"fmax", {"fmin"}},
      {"malloc", {"alloca"}},
      {"putc", {"fputc"}},
      {"getchar", {"getc"}},
  };
  static const Twins kPython = {
      {"min", {"max", "sum"}},
      {"max", {"min", "sum", "len"}},
      {"any", {"all"}},
      {"all", {"any"}},
      {"sum", {"len", "max"}},
      {"len", {"sum", "max"}},
      {"int", {"float", "round", "str"}},
      {"float", {"int"}},
      {"str", {"repr", "int"}},
      {"repr", {"str"}},
      {"round", {"int", "math.floor", "math.ceil"}},
      {"sorted", {"list", "reversed"}},
      {"reversed", {"list", "sorted"}},
      {"list", {"sorted", "set", "tuple"}},
      {"set", {"list"}},
      {"abs", {"int"}},
      {"ord", {"int"}},
      {"append", {"extend", "add"}},
      {"extend", {"append"}},
      {"add", {"update", "discard", "append"}},
      {"update", {"add"}},
      {"discard", {"add"}},
      {"remove", {"pop", "discard"}},
      {"pop", {"remove", "get"}},
      {"popleft", {"pop"}},
      {"appendleft", {"append"}},
      {"keys", {"values", "items"}},
      {"values", {"keys", "items"}},
      {"items", {"keys", "values"}},
      {"lower", {"upper", "title"}},
      {"upper", {"lower", "title", "capitalize"}},
      {"title", {"capitalize", "upper"}},
      {"capitalize", {"title", "upper"}},
      {"strip", {"rstrip", "lstrip"}},
      {"lstrip", {"strip", "rstrip"}},
      {"rstrip", {"strip", "lstrip"}},
      {"startswith", {"endswith"}},
      {"endswith", {"startswith"}},
      {"find", {"rfind", "index"}},
      {"rfind", {"find"}},
      {"index", {"find", "rindex"}},
      {"split", {"rsplit", "splitlines", "partition"}},
      {"rsplit", {"split"}},
      {"splitlines", {"split"}},
      {"partition", {"rpartition"}},
      {"rpartition", {"partition"}},
      {"isdigit", {"isalpha", "isalnum", "isnumeric", "isdecimal"}},
      {"isalpha", {"isalnum", "isdigit"}},
      {"isalnum", {"isalpha", "isdigit"}},
      {"isupper", {"islower"}},
      {"islower", {"isupper"}},
      {"isspace", {"isalpha"}},
      {"ljust", {"rjust", "center"}},
      {"rjust", {"ljust", "center", "zfill"}},
      {"floor", {"ceil"}},
      {"ceil", {"floor"}},
      {"union", {"intersection", "difference"}},
      {"intersection", {"union", "difference"}},
      {"difference", {"intersection", "union", "symmetric_difference"}},
      {"search", {"match", "fullmatch"}},
      {"match", {"search", "fullmatch"}},
      {"fullmatch", {"match", "search"}},
      {"loads", {"load"}},
      {"most_common", {"elements"}},
      {"write", {"writelines"}},
      {"read", {"readline", "readlines"}},
      {"readline", {"read"}},
      {"heappush", {"heappop"}},
      {"bisect_left", {"bisect_right"}},
      {"bisect_right", {"bisect_left"}},
      {"bisect", {"bisect_left"}},
      {"insort", {"insort_left"}},
      {"setdefault", {"get"}},
      {"zip", {"enumerate"}},
      {"count", {"index"}},
  };
  return language == Language::c ? kC : kPython;
}

// The part of the called expression that names the function: `append` of `items.append`.
NodeIndex name_of_function(const SyntaxTree& tree, NodeIndex function) {
  if (tree.is(function, "attribute")) return tree.child(function, "attribute");
  return function;
}

void emit_functions(const Site& site, const Call& call, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  const NodeIndex name = name_of_function(tree, call.function);
  if (!tree.is(name, "identifier")) return;
  const std::string text = tree.text_of(name);
  const Twins& twins = twins_of(tree.language());
  if (const auto found = twins.find(text); found != twins.end()) {
    for (const std::string_view twin : found->second) out.replace(name, std::string(twin), kCall);
  }
  bool own = false;
  for (const Function& function : site.known) own = own || function.name == text;
  if (!own) return;
  for (const Function& function : site.known) {
    if (function.name == text || function.name == "main" || function.name.starts_with("__"))
      continue;
    if (function.arity == static_cast<int>(call.arguments.size())) {
      out.replace(name, function.name, kCall, 0.2);
    }
  }
}

std::string list_text(const std::vector<std::string>& arguments) {
  std::string out = "(";
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    out += (at == 0 ? "" : ", ") + arguments[at];
  }
  return out + ")";
}

void emit_arguments(const Site& site, const Call& call, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  const std::size_t count = call.arguments.size();
  std::vector<std::string> texts;
  for (const NodeIndex argument : call.arguments) texts.push_back(tree.text_of(argument));
  for (std::size_t left = 0; left < count && count <= 8; ++left) {
    for (std::size_t right = left + 1; right < count; ++right) {
      const bool keyword = tree.is(call.arguments[left], "keyword_argument") ||
                           tree.is(call.arguments[right], "keyword_argument");
      if (keyword || texts[left] == texts[right]) continue;
      const std::uint32_t from = tree[call.arguments[left]].start;
      const std::uint32_t to = tree[call.arguments[right]].end;
      const std::uint32_t left_end = tree[call.arguments[left]].end;
      const std::uint32_t right_start = tree[call.arguments[right]].start;
      const std::string swapped =
          texts[right] + tree.text().substr(left_end, right_start - left_end) + texts[left];
      out.splice(from, to, swapped, tree[site.node].line, kArgumentSwap,
                 right == left + 1 ? 0.0 : 0.2,
                 "the arguments `" + snippet(texts[left]) + "` and `" + snippet(texts[right]) +
                     "` of `" + snippet(tree.text_of(call.function)) + "` should change places");
    }
  }
  if (tree.language() == Language::c || count == 0) return;
  for (std::size_t drop = 0; drop < count; ++drop) {
    std::vector<std::string> fewer = texts;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(drop));
    out.replace(call.list, list_text(fewer), kArgument);
  }
}

// f(x) where x was meant.
void emit_unwrapped(const Site& site, const Call& call, Emitter& out) {
  if (call.arguments.size() != 1) return;
  if (site.tree.is(site.tree.parent(site.node), "expression_statement")) return;
  if (site.tree.is(call.arguments.front(), "keyword_argument")) return;
  out.replace(site.node, site.tree.text_of(call.arguments.front()), kOperandDrop, 0.3);
}

}  // namespace

void emit_call_edits(const Site& site, Emitter& out) {
  const auto call = call_at(site.tree, site.node);
  if (!call) return;
  emit_functions(site, *call, out);
  emit_arguments(site, *call, out);
  emit_unwrapped(site, *call, out);
}

}  // namespace nightjar::reason
