// DOT text to nodes, edges and attributes as written, with defaults and subgraphs resolved. What
// the attributes mean is graph.cc's business. Not for other parts. Errors: invalid_input
// (file:line), exhausted (the limits below and kNodesMax).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nightjar::workflow {

inline constexpr std::size_t kEdgesMax = 100'000;
inline constexpr int kSubgraphDepthMax = 32;
/// Of all attributes after defaults are filled in: a short file can give one long default to many.
inline constexpr std::size_t kExpandedBytesMax = std::size_t{64} << 20;

struct Attribute {
  std::string value;
  int line = 0;
};
using Attributes = std::map<std::string, Attribute>;

struct DotNode {
  std::string id;
  Attributes attributes;
  int line = 0;
  bool declared = false;  // with attributes; a bare mention gives way to such a declaration
};
struct DotEdge {
  std::string from;
  std::string to;
  Attributes attributes;
  int line = 0;
};
struct DotGraph {
  std::string name;
  Attributes attributes;
  std::vector<Attributes> subgraphs;  // their own attributes
  std::vector<DotNode> nodes;         // in order of their first mention
  std::vector<DotEdge> edges;
  int line = 1;
};

Result<DotGraph> read_dot(std::string_view text, std::string_view file_name);

}  // namespace nightjar::workflow
