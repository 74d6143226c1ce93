// XML that a test tool wrote, and so perhaps the program under test: no entity is expanded, a
// document type is refused, size and tags have limits.
// Pure; any thread; never fails: what is wrong is the answer.
#pragma once

#include <string>
#include <string_view>

namespace pugi {
class xml_document;
}

namespace nightjar::harness {

inline constexpr std::size_t kXmlBytesMax = std::size_t{64} << 20;

/// Why `xml` cannot be read, "" if it could. Of a document that ends too early, `document` holds
/// what came before its end.
std::string load_xml(std::string_view xml, pugi::xml_document& document);

}  // namespace nightjar::harness
