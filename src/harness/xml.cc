#include "harness/xml.h"

#include <algorithm>

#include <pugixml.hpp>

namespace nightjar::harness {
namespace {

constexpr std::int64_t kTagsMax = 4'000'000;

bool has_doctype(const pugi::xml_document& document) {
  const auto children = document.children();
  return std::any_of(children.begin(), children.end(),
                     [](const pugi::xml_node& node) { return node.type() == pugi::node_doctype; });
}

}  // namespace

std::string load_xml(std::string_view xml, pugi::xml_document& document) {
  if (xml.size() > kXmlBytesMax) {
    return "it is larger than " + std::to_string(kXmlBytesMax >> 20U) + " MiB";
  }
  // A tag of three bytes becomes a node of a hundred.
  if (std::count(xml.begin(), xml.end(), '<') > kTagsMax) {
    return "it has more than " + std::to_string(kTagsMax) + " tags";
  }
  const pugi::xml_parse_result parsed =
      document.load_buffer(xml.data(), xml.size(), pugi::parse_default | pugi::parse_doctype);
  if (has_doctype(document)) {
    document.reset();
    return "it has a document type, which no test tool writes";
  }
  if (parsed) return {};
  return "no XML at byte " + std::to_string(parsed.offset) + " (" + parsed.description() + ")";
}

}  // namespace nightjar::harness
