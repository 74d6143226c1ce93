#include "workflow/graph.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.h"
#include "base/check.h"
#include "workflow/condition.h"
#include "workflow/dot_reader.h"

namespace nightjar::workflow {
namespace {

constexpr int kNumberMax = 1'000'000;  // of max_visits and weight

struct OutcomeName {
  std::string_view name;
  NodeOutcome outcome;
};
// Attractor's words first, in the order of the enumeration; then Fabro's.
constexpr std::array<OutcomeName, 7> kOutcomes = {{
    {"success", NodeOutcome::success},
    {"partial_success", NodeOutcome::partial_success},
    {"fail", NodeOutcome::fail},
    {"skipped", NodeOutcome::skipped},
    {"succeeded", NodeOutcome::success},
    {"partially_succeeded", NodeOutcome::partial_success},
    {"failed", NodeOutcome::fail},
}};

struct ShapeType {
  std::string_view shape;
  std::string_view type;
};
// attractor-spec §2.8.
constexpr std::array<ShapeType, 9> kShapes = {{{"Mdiamond", "start"},
                                               {"Msquare", "exit"},
                                               {"box", "codergen"},
                                               {"hexagon", "wait.human"},
                                               {"diamond", "conditional"},
                                               {"component", "parallel"},
                                               {"tripleoctagon", "parallel.fan_in"},
                                               {"parallelogram", "tool"},
                                               {"house", "stack.manager_loop"}}};

const std::vector<std::string> kGraphAttributes = {"goal", "label"};
const std::vector<std::string> kNodeAttributes = {"label", "shape", "type", "max_visits"};
const std::vector<std::string> kEdgeAttributes = {"label", "condition", "weight"};
// What only changes the picture (https://graphviz.org/doc/info/attrs.html).
const std::vector<std::string> kVisualAttributes = {
    "URL",      "arrowhead",     "arrowsize",     "arrowtail", "bgcolor",     "center",
    "class",    "color",         "comment",       "compound",  "concentrate", "constraint",
    "dir",      "dpi",           "fillcolor",     "fixedsize", "fontcolor",   "fontname",
    "fontsize", "gradientangle", "group",         "headlabel", "height",      "href",
    "id",       "labelangle",    "labeldistance", "labeljust", "labelloc",    "layout",
    "margin",   "minlen",        "newrank",       "nodesep",   "ordering",    "orientation",
    "overlap",  "pad",           "pencolor",      "penwidth",  "peripheries", "rank",
    "rankdir",  "ranksep",       "ratio",         "samehead",  "sametail",    "sep",
    "size",     "splines",       "style",         "taillabel", "tooltip",     "width",
    "xlabel"};

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string quoted(std::string_view text) { return "'" + printable(text, 60) + "'"; }

class Builder {
 public:
  Builder(std::string_view file_name, const std::vector<std::string>& known_types)
      : file_name_(printable(file_name, 300)), known_types_(known_types) {
    for (const char* always : {"start", "exit"}) {
      if (!contains(known_types_, always)) known_types_.emplace_back(always);
    }
  }

  Result<Graph> build(const DotGraph& dot) {
    graph_.name = dot.name;
    TRY(check_attributes(dot.attributes, kGraphAttributes, "the graph"));
    for (const Attributes& subgraph : dot.subgraphs) {
      TRY(check_attributes(subgraph, {"label"}, "a subgraph"));
    }
    graph_.goal = value_of(dot.attributes, "goal");
    for (const DotNode& node : dot.nodes) TRY(add_node(node));
    for (const DotNode& node : dot.nodes) names_.push_back(node.id);
    graph_.index();
    for (const DotEdge& edge : dot.edges) TRY(add_edge(edge));
    graph_.index();
    TRY(find_ends(dot.line));
    TRY(check_reach());
    return std::move(graph_);
  }

 private:
  Error error(int line, const std::string& message) const {
    return {ErrorCode::invalid_input, file_name_ + ":" + std::to_string(line) + ": " + message};
  }

  static std::string value_of(const Attributes& attributes, const std::string& key) {
    const auto found = attributes.find(key);
    return found == attributes.end() ? "" : found->second.value;
  }

  /// What is neither supported nor only visual would change the run if it were honoured, so that
  /// passing over it would run another workflow than the one that was written.
  Result<> check_attributes(const Attributes& attributes, const std::vector<std::string>& supported,
                            const std::string& owner) const {
    for (const auto& [key, attribute] : attributes) {
      if (contains(supported, key) || contains(kVisualAttributes, key)) continue;
      std::string message = "attribute " + quoted(key) + " of " + owner + " is not supported";
      const std::string near = nearest_name(key, supported);
      message += near.empty() ? "; supported: " + join(supported, ", ") +
                                    " and what only changes the picture"
                              : "; did you mean '" + near + "'?";
      return error(attribute.line, message);
    }
    return ok;
  }

  Result<int> number_of(const Attributes& attributes, const std::string& key, int least,
                        const std::string& owner) const {
    const auto found = attributes.find(key);
    if (found == attributes.end()) return 0;
    const std::string& text = found->second.value;
    int value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end != text.data() + text.size() || value < least ||
        value > kNumberMax) {
      return error(found->second.line, key + "=" + quoted(text) + " of " + owner +
                                           " must be a whole number from " + std::to_string(least) +
                                           " to " + std::to_string(kNumberMax));
    }
    return value;
  }

  /// attractor-spec §4.2: the type as written, else what the shape stands for, else by the id of
  /// the ends, else a box.
  Result<std::string> type_of(const DotNode& node) const {
    const std::string written = value_of(node.attributes, "type");
    const std::string shape = value_of(node.attributes, "shape");
    std::string type = written;
    std::string from = "type " + quoted(written);
    if (type.empty() && shape.empty() && (node.id == "start" || node.id == "Start"))
      return std::string("start");
    if (type.empty() && shape.empty() && (node.id == "exit" || node.id == "Exit"))
      return std::string("exit");
    if (type.empty()) {
      const std::string drawn = shape.empty() ? "box" : shape;
      const auto* known = std::find_if(kShapes.begin(), kShapes.end(),
                                       [&](const ShapeType& row) { return row.shape == drawn; });
      if (known == kShapes.end()) {
        return error(node.line, "node " + quoted(node.id) + " has no type, and shape " +
                                    quoted(drawn) + " stands for none; add type=\"…\"");
      }
      type = known->type;
      from = "shape " + drawn + ", which is type '" + type + "'";
    }
    if (contains(known_types_, type)) return type;
    const std::string near = nearest_name(type, known_types_);
    return error(node.line, "node " + quoted(node.id) + " has " + from +
                                "; this type is not supported" +
                                (near.empty() ? "; supported: " + join(known_types_, ", ")
                                              : "; did you mean '" + near + "'?"));
  }

  Result<> add_node(const DotNode& dot) {
    const std::string owner = "node " + quoted(dot.id);
    TRY(check_attributes(dot.attributes, kNodeAttributes, owner));
    Node node;
    node.id = dot.id;
    node.line = dot.line;
    TRY_INTO(node.type, type_of(dot));
    node.label = dot.attributes.contains("label") ? value_of(dot.attributes, "label") : dot.id;
    TRY_INTO(node.visits_max, number_of(dot.attributes, "max_visits", 1, owner));
    for (const auto& [key, attribute] : dot.attributes) {
      if (!contains(kNodeAttributes, key)) node.attributes[key] = attribute.value;
    }
    graph_.nodes.push_back(std::move(node));
    return ok;
  }

  Result<> add_edge(const DotEdge& dot) {
    const std::string owner = "edge " + dot.from + " -> " + dot.to;
    TRY(check_attributes(dot.attributes, kEdgeAttributes, owner));
    for (const std::string& end : {dot.from, dot.to}) {
      if (graph_.find(end) != nullptr) continue;
      const std::string near = names_.size() <= 1000 ? nearest_name(end, names_) : "";
      return error(dot.line, owner + " names node " + quoted(end) + ", which is not declared" +
                                 (near.empty() ? "; add `" + printable(end, 60) + " [type=…]`"
                                               : "; did you mean '" + near + "'?"));
    }
    Edge edge;
    edge.from = dot.from;
    edge.to = dot.to;
    edge.line = dot.line;
    edge.label = value_of(dot.attributes, "label");
    TRY_INTO(edge.weight, number_of(dot.attributes, "weight", -kNumberMax, owner));
    auto condition = parse_condition(value_of(dot.attributes, "condition"));
    if (!condition) return error(dot.line, owner + ": " + condition.error().message);
    edge.condition = *std::move(condition);
    graph_.edges.push_back(std::move(edge));
    return ok;
  }

  Result<> find_end(std::string_view type, std::string_view shape, int graph_line,
                    std::string& id) const {
    for (const Node& node : graph_.nodes) {
      if (node.type != type) continue;
      if (!id.empty()) {
        return error(node.line, "node " + quoted(node.id) + " is a second " + std::string(type) +
                                    " beside " + quoted(id) + "; a workflow has exactly one");
      }
      id = node.id;
    }
    if (!id.empty()) return ok;
    return error(graph_line, "no " + std::string(type) + " node; add one: `" + std::string(type) +
                                 " [shape=" + std::string(shape) + "]`");
  }

  Result<> find_ends(int graph_line) {
    TRY(find_end("start", "Mdiamond", graph_line, graph_.start));
    TRY(find_end("exit", "Msquare", graph_line, graph_.exit));
    for (const Edge& edge : graph_.edges) {
      const std::string owner = "edge " + edge.from + " -> " + edge.to;
      if (edge.to == graph_.start)
        return error(edge.line, owner + " leads back into the start; begin the loop after it");
      if (edge.from == graph_.exit)
        return error(edge.line, owner + " leads out of the exit; nothing comes after it");
    }
    return ok;
  }

  /// Marks what can be reached from `from`, forwards or backwards.
  enum class Direction { forwards, backwards };
  std::vector<bool> reached(const std::string& from, Direction direction) const {
    std::unordered_map<std::string_view, std::size_t> at;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) at[graph_.nodes[i].id] = i;
    std::vector<std::vector<std::size_t>> next(graph_.nodes.size());
    for (const Edge& edge : graph_.edges) {
      const std::size_t a = at.at(edge.from);
      const std::size_t b = at.at(edge.to);
      direction == Direction::forwards ? next[a].push_back(b) : next[b].push_back(a);
    }
    std::vector<bool> seen(graph_.nodes.size());
    std::vector<std::size_t> open = {at.at(from)};
    seen[open.front()] = true;
    while (!open.empty()) {
      const std::size_t node = open.back();
      open.pop_back();
      for (const std::size_t target : next[node]) {
        if (!seen[target]) open.push_back(target);
        seen[target] = true;
      }
    }
    return seen;
  }

  Result<> check_reach() const {
    const std::vector<bool> from_start = reached(graph_.start, Direction::forwards);
    const std::vector<bool> to_exit = reached(graph_.exit, Direction::backwards);
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      if (!from_start[i]) {
        return error(node.line, "node " + quoted(node.id) +
                                    " cannot be reached from the start; add an edge to it"
                                    " or remove it");
      }
      if (!to_exit[i]) {
        return error(node.line,
                     "no way leads from node " + quoted(node.id) + " to the exit; add an edge");
      }
    }
    return ok;
  }

  const std::string file_name_;
  std::vector<std::string> known_types_;
  std::vector<std::string> names_;
  Graph graph_;
};

}  // namespace

std::string_view name_of(NodeOutcome outcome) {
  return kOutcomes.at(static_cast<std::size_t>(outcome)).name;
}

std::optional<NodeOutcome> node_outcome_from(std::string_view name) {
  for (const OutcomeName& row : kOutcomes) {
    if (row.name == name) return row.outcome;
  }
  return std::nullopt;
}

const Node* Graph::find(std::string_view id) const {
  const std::size_t at = position_of(id);
  return at == nodes.size() ? nullptr : &nodes[at];
}

std::size_t Graph::position_of(std::string_view id) const {
  const auto found = node_at_.find(id);
  return found == node_at_.end() ? nodes.size() : found->second;
}

std::span<const std::size_t> Graph::edges_from(std::size_t node_at) const {
  return std::span(by_source_).subspan(first_[node_at], first_[node_at + 1] - first_[node_at]);
}

std::span<const std::size_t> Graph::edges_from(std::string_view id) const {
  const std::size_t at = position_of(id);
  if (at == nodes.size()) return {};
  return edges_from(at);
}

void Graph::index() {
  node_at_.clear();
  for (std::size_t i = 0; i < nodes.size(); ++i) node_at_.emplace(nodes[i].id, i);
  targets_.clear();
  by_source_.clear();
  first_.assign(nodes.size() + 1, 0);
  std::vector<std::pair<std::size_t, std::size_t>> edges_by_source;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    targets_.push_back(position_of(edges[i].to));
    const std::size_t from = position_of(edges[i].from);
    CHECK(from < nodes.size() && targets_.back() < nodes.size());
    edges_by_source.emplace_back(from, i);
    ++first_[from + 1];
  }
  std::sort(edges_by_source.begin(), edges_by_source.end());
  for (const auto& [from, edge] : edges_by_source) by_source_.push_back(edge);
  for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
}

Result<Graph> parse_graph(std::string_view dot, std::string_view file_name,
                          const std::vector<std::string>& known_types) {
  const std::string name = printable(file_name, 300);
  if (dot.size() > kGraphBytesMax) {
    return {ErrorCode::exhausted,
            name + ": larger than " + std::to_string(kGraphBytesMax) + " bytes"};
  }
  if (trim(dot).empty()) {
    return {ErrorCode::invalid_input,
            name + ":1: the file is empty; a workflow begins with `digraph NAME {`"};
  }
  if (!is_utf8(dot) || dot.find('\0') != std::string_view::npos) {
    const std::vector<std::string> lines = split_lines(dot);
    std::size_t line = 0;
    while (line + 1 < lines.size() && is_utf8(lines[line]) &&
           lines[line].find('\0') == std::string::npos)
      ++line;
    return {ErrorCode::invalid_input,
            name + ":" + std::to_string(line + 1) + ": not UTF-8 text; save the file as UTF-8"};
  }
  TRY_INTO(const DotGraph read, read_dot(dot, file_name));
  return Builder(file_name, known_types).build(read);
}

}  // namespace nightjar::workflow
