#include "workflow/dot_reader.h"

#include "base/bytes.h"
#include "workflow/dot_tokens.h"
#include "workflow/graph.h"

namespace nightjar::workflow {
namespace {

/// What `node [...]` and `edge [...]` set for the statements after it, inside their braces.
struct Scope {
  Attributes node_defaults;
  Attributes edge_defaults;
  Attributes* own = nullptr;  // where `key = value` goes
  int depth = 0;
};

std::size_t bytes_of(const Attributes& attributes) {
  std::size_t bytes = 0;
  for (const auto& [key, attribute] : attributes) bytes += key.size() + attribute.value.size() + 64;
  return bytes;
}

class Reader {
 public:
  Reader(std::string_view text, std::string_view file_name) : tokens_(text, file_name) {}

  Result<DotGraph> read() {
    TRY(advance());
    TRY(read_opening());
    Scope scope;
    scope.own = &graph_.attributes;
    TRY(read_statements(scope));
    if (token_.kind != Token::Kind::end) {
      return error("unexpected " + token_.shown() + " after the graph; a file holds one digraph");
    }
    return std::move(graph_);
  }

 private:
  Error error(std::string_view message) const { return tokens_.error_at(token_.line, message); }
  Result<> advance() {
    TRY_INTO(token_, tokens_.next());
    return ok;
  }
  Result<> expect(std::string_view symbol, std::string_view where) {
    if (token_.is_symbol(symbol)) return advance();
    return error("expected '" + std::string(symbol) + "' " + std::string(where) + ", found " +
                 token_.shown());
  }

  Result<> read_opening() {
    graph_.line = token_.line;
    if (token_.is_name("strict"))
      return error("'strict' is not supported; begin with `digraph NAME {`");
    if (token_.is_name("graph")) {
      return error("undirected graphs are not supported; begin with `digraph NAME {` and use '->'");
    }
    if (!token_.is_name("digraph")) {
      return error("a workflow begins with `digraph NAME {`, found " + token_.shown());
    }
    TRY(advance());
    if (token_.kind != Token::Kind::name && token_.kind != Token::Kind::text) {
      return error("the digraph needs a name before '{', found " + token_.shown());
    }
    graph_.name = token_.text;
    TRY(advance());
    return expect("{", "after the graph's name");
  }

  /// Up to and with the closing brace. Recursion: subgraphs, at most kSubgraphDepthMax.
  Result<> read_statements(Scope& scope) {
    while (!token_.is_symbol("}")) {
      if (token_.kind == Token::Kind::end)
        return error("the file ends inside the graph; a '}' is missing");
      if (token_.is_symbol(";")) {
        TRY(advance());
        continue;
      }
      TRY(read_statement(scope));
    }
    return advance();
  }

  Result<> read_statement(Scope& scope) {
    if (token_.is_symbol("{")) {
      return error("a group in braces needs the word subgraph before it");
    }
    if (token_.kind != Token::Kind::name) {
      return error("expected a node, an edge or an attribute, found " + token_.shown() +
                   "; the id of a node is a bare name, other text goes into its label");
    }
    if (token_.text == "subgraph") return read_subgraph(scope);
    if (token_.text == "digraph" || token_.text == "strict") {
      return error("unexpected " + token_.shown() + "; a file holds one digraph");
    }
    const Token first = token_;
    TRY(advance());
    if (first.text == "graph" || first.text == "node" || first.text == "edge") {
      return read_defaults(first, scope);
    }
    if (token_.is_symbol("=")) {
      TRY(advance());
      return read_value(first, *scope.own);
    }
    TRY(check_id(first));
    if (token_.is_symbol("->")) return read_edge(first, scope);
    return read_node(first, scope);
  }

  Result<> check_id(const Token& id) const {
    if (id.text.find('.') == std::string::npos) return ok;
    return tokens_.error_at(id.line,
                            id.shown() + " is no node id; an id has letters, digits and '_'");
  }

  Result<> read_defaults(const Token& keyword, Scope& scope) {
    if (!token_.is_symbol("[")) {
      return error("expected '[' after '" + keyword.text + "', found " + token_.shown() + "; '" +
                   keyword.text + "' cannot be the id of a node");
    }
    TRY_INTO(const Attributes attributes, read_attributes());
    Attributes& target = keyword.text == "graph"  ? *scope.own
                         : keyword.text == "node" ? scope.node_defaults
                                                  : scope.edge_defaults;
    for (const auto& [key, attribute] : attributes) target[key] = attribute;
    return ok;
  }

  Result<> read_subgraph(const Scope& scope) {
    if (scope.depth + 1 > kSubgraphDepthMax) {
      return Error{
          ErrorCode::exhausted,
          error("subgraphs are nested deeper than " + std::to_string(kSubgraphDepthMax)).message};
    }
    TRY(advance());
    if (token_.kind == Token::Kind::name || token_.kind == Token::Kind::text) TRY(advance());
    TRY(expect("{", "after subgraph"));
    TRY(charge(bytes_of(scope.node_defaults) + bytes_of(scope.edge_defaults)));
    Scope inner = scope;
    Attributes own;
    inner.own = &own;
    inner.depth = scope.depth + 1;
    TRY(read_statements(inner));
    graph_.subgraphs.push_back(std::move(own));
    if (token_.is_symbol("->"))
      return error("a subgraph cannot be the end of an edge; name its nodes");
    return ok;
  }

  Result<> read_node(const Token& id, const Scope& scope) {
    DotNode node{id.text, {}, id.line, token_.is_symbol("[")};
    TRY_INTO(const Attributes own, read_attributes());
    TRY_INTO(node.attributes, merged(scope.node_defaults, own));
    const auto [at, is_new] = node_at_.try_emplace(node.id, graph_.nodes.size());
    if (is_new) {
      if (graph_.nodes.size() == kNodesMax) return too_many("nodes", kNodesMax);
      graph_.nodes.push_back(std::move(node));
      return ok;
    }
    DotNode& known = graph_.nodes[at->second];
    if (!node.declared) return ok;
    if (known.declared) {
      return tokens_.error_at(id.line, "node '" + node.id + "' is declared twice (first in line " +
                                           std::to_string(known.line) + "); keep one declaration");
    }
    known = std::move(node);
    return ok;
  }

  Result<> read_edge(const Token& first, const Scope& scope) {
    std::vector<Token> chain = {first};
    while (token_.is_symbol("->")) {
      TRY(advance());
      if (token_.kind != Token::Kind::name || token_.text == "subgraph") {
        return error("expected the id of a node after '->', found " + token_.shown());
      }
      TRY(check_id(token_));
      chain.push_back(token_);
      if (graph_.edges.size() + chain.size() > kEdgesMax) return too_many("edges", kEdgesMax);
      TRY(advance());
    }
    TRY_INTO(const Attributes own, read_attributes());
    TRY_INTO(const Attributes attributes, merged(scope.edge_defaults, own));
    for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
      TRY(charge(bytes_of(attributes)));
      graph_.edges.push_back({chain[i].text, chain[i + 1].text, attributes, chain[i].line});
    }
    return ok;
  }

  Result<> charge(std::size_t bytes) {
    expanded_bytes_ += bytes;
    if (expanded_bytes_ <= kExpandedBytesMax) return ok;
    return Error{ErrorCode::exhausted,
                 error("the attributes with their defaults take more than " +
                       std::to_string(kExpandedBytesMax) + " bytes; use shorter defaults")
                     .message};
  }

  Result<Attributes> merged(const Attributes& defaults, const Attributes& own) {
    TRY(charge(bytes_of(defaults) + bytes_of(own)));
    Attributes out = own;
    out.insert(defaults.begin(), defaults.end());
    return out;
  }

  Error too_many(std::string_view what, std::size_t limit) const {
    return {ErrorCode::exhausted,
            error("more than " + std::to_string(limit) + " " + std::string(what)).message};
  }

  /// Any number of [ ... ] blocks; none is fine.
  Result<Attributes> read_attributes() {
    Attributes out;
    while (token_.is_symbol("[")) {
      TRY(advance());
      while (!token_.is_symbol("]")) {
        if (token_.kind != Token::Kind::name) {
          return error("expected KEY=VALUE or ']', found " + token_.shown());
        }
        const Token key = token_;
        TRY(advance());
        TRY(expect("=", "after '" + printable(key.text, 60) + "'"));
        TRY(read_value(key, out));
        if (token_.is_symbol(",") || token_.is_symbol(";")) TRY(advance());
      }
      TRY(advance());
    }
    return out;
  }

  Result<> read_value(const Token& key, Attributes& out) {
    const bool is_value = token_.kind == Token::Kind::name || token_.kind == Token::Kind::number ||
                          token_.kind == Token::Kind::text;
    if (!is_value) {
      return error("expected a value for '" + printable(key.text, 60) + "', found " +
                   token_.shown());
    }
    const auto [at, is_new] = out.try_emplace(key.text, Attribute{token_.text, key.line});
    if (!is_new) {
      return error("'" + printable(key.text, 60) + "' is set twice here (first in line " +
                   std::to_string(at->second.line) + ")");
    }
    return advance();
  }

  Tokenizer tokens_;
  Token token_;
  DotGraph graph_;
  std::size_t expanded_bytes_ = 0;
  std::map<std::string, std::size_t, std::less<>> node_at_;
};

}  // namespace

Result<DotGraph> read_dot(std::string_view text, std::string_view file_name) {
  return Reader(text, file_name).read();
}

}  // namespace nightjar::workflow
