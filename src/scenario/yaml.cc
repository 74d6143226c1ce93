#include "scenario/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_set>
#include <utility>

#include "base/bytes.h"
#include "scenario/scenario.h"

namespace nightjar::scenario {
namespace {

/// Builds the nodes from the library's events with a stack of its own. An event handler cannot stop
/// the library, so after the first refusal the rest of the events is ignored.
class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(std::string_view source) : source_(source) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    // Without this check `} x` after a document would begin another one.
    if (!documents_.empty() && !separated_from_last(mark)) {
      refuse(mark, "text after the end of the document; separate documents by a line \"---\"");
    }
    root_ = YamlNode{};
    root_.line = line_of(mark);
  }
  void OnDocumentEnd() override {
    if (!failure_.empty()) return;
    documents_.push_back(std::exchange(root_, YamlNode{}));
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (!accept(mark, "", anchor)) return;
    if (wants_key()) return refuse(mark, "a key is missing or null here; write a text as the key");
    put(node_at(mark, YamlNode::Kind::null));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "an alias (*name) stands here; aliases are not allowed, write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (!accept(mark, tag, anchor)) return;
    const bool plain = tag == "?";
    if (wants_key()) return take_key(mark, value, plain);
    YamlNode node = node_at(mark, plain ? YamlNode::Kind::plain : YamlNode::Kind::quoted);
    node.text = value;
    put(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

  const std::string& failure() const { return failure_; }
  int failure_line() const { return failure_line_; }
  bool failed_by_size() const { return nodes_ > kYamlNodesMax; }
  std::vector<YamlNode> take_documents() { return std::move(documents_); }

 private:
  struct Open {
    YamlNode node;
    std::string key;
    int key_line = 0;
    bool has_key = false;
    std::unordered_set<std::string> keys;
  };

  static int line_of(const YAML::Mark& mark) { return mark.line + 1; }
  static YamlNode node_at(const YAML::Mark& mark, YamlNode::Kind kind) {
    YamlNode node;
    node.kind = kind;
    node.line = line_of(mark);
    return node;
  }

  void refuse(const YAML::Mark& mark, std::string why) {
    if (!failure_.empty()) return;
    failure_ = std::move(why);
    failure_line_ = line_of(mark);
  }

  bool separated_from_last(const YAML::Mark& mark) const {
    const auto at = static_cast<std::size_t>(std::max(mark.pos, 0));
    const std::size_t separator = source_.rfind("\n---", at);
    return separator != std::string_view::npos && separator + 1 >= last_position_;
  }

  /// False when the event is refused or a refusal came before.
  bool accept(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (!failure_.empty()) return false;
    if (anchor != 0) {
      refuse(mark, "an anchor (&name) stands here; anchors are not allowed, remove it");
    } else if (!tag.empty() && tag != "?" && !(tag == "!" && is_quote(mark))) {
      refuse(mark, "a tag (!name) stands here; tags are not allowed, remove it");
    } else if (++nodes_ > kYamlNodesMax) {
      refuse(mark, "more than " + std::to_string(kYamlNodesMax) + " values; split the file");
    }
    if (mark.pos >= 0) last_position_ = static_cast<std::size_t>(mark.pos);
    return failure_.empty();
  }

  /// The library gives a quoted scalar the same tag as one with an explicit "!".
  bool is_quote(const YAML::Mark& mark) const {
    const auto at = static_cast<std::size_t>(std::max(mark.pos, 0));
    return at < source_.size() && std::string_view("\"'|>").find(source_[at]) != std::string::npos;
  }

  bool wants_key() const {
    return !open_.empty() && open_.back().node.kind == YamlNode::Kind::map && !open_.back().has_key;
  }

  void take_key(const YAML::Mark& mark, const std::string& key, bool plain) {
    if (plain && key == "<<") {
      return refuse(mark, "a merge key (<<) stands here; write the values out");
    }
    Open& top = open_.back();
    if (!top.keys.insert(key).second) {
      return refuse(mark, "key \"" + printable(key, 60) + "\" stands twice; remove one");
    }
    top.key = key;
    top.key_line = line_of(mark);
    top.has_key = true;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlNode::Kind kind) {
    if (!accept(mark, tag, anchor)) return;
    if (wants_key()) return refuse(mark, "a list or map cannot be a key; write a text");
    if (open_.size() >= static_cast<std::size_t>(kYamlDepthMax)) {
      return refuse(mark, "nested deeper than " + std::to_string(kYamlDepthMax) + " levels");
    }
    open_.push_back({.node = node_at(mark, kind), .key = {}, .keys = {}});
  }

  void close() {
    if (!failure_.empty()) return;
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    put(std::move(node));
  }

  void put(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& top = open_.back();
    if (top.node.kind == YamlNode::Kind::list) {
      top.node.items.push_back(std::move(node));
      return;
    }
    top.node.members.push_back({std::move(top.key), top.key_line, std::move(node)});
    top.has_key = false;
  }

  std::string_view source_;
  std::vector<Open> open_;
  std::vector<YamlNode> documents_;
  YamlNode root_;
  std::size_t last_position_ = 0;
  std::size_t nodes_ = 0;
  std::string failure_;
  int failure_line_ = 0;
};

Result<> check_bytes(std::string_view text, std::string_view file_name) {
  if (text.size() > kFileBytesMax) {
    return {ErrorCode::exhausted, std::string(file_name) + ": larger than the limit of " +
                                      std::to_string(kFileBytesMax) + " bytes; split the file"};
  }
  int line = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto code = static_cast<unsigned char>(text[i]);
    if (code == '\n') ++line;
    if (code == '\r' && text.substr(i + 1, 1) != "\n") {
      return refuse_at(file_name, line,
                       "a carriage return without a line feed; end lines with \\n");
    }
    if ((code < 0x20 && code != '\n' && code != '\t' && code != '\r') || code == 0x7F) {
      return refuse_at(file_name, line,
                       "a control byte stands here; write it as \"\\x00\" in a quoted text");
    }
  }
  if (is_utf8(text)) return ok;
  line = 1;
  for (const std::string& part : split(text, '\n')) {
    if (!is_utf8(part)) break;
    ++line;
  }
  return refuse_at(file_name, line, "not UTF-8; save the file as UTF-8");
}

bool is_ambiguous(std::string_view text) {
  for (const std::string_view word :
       {"yes", "no", "on", "off", "true", "false", "null", ".inf", "+.inf", "-.inf", ".nan"}) {
    if (text.size() != word.size()) continue;
    bool same = true;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char lower =
          text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
      same = same && lower == word[i];
    }
    if (same) return true;
  }
  // Numbers that JSON does not write this way: 012, +1, .5, 1., 1_000, 0x1F, 0o17.
  std::string_view rest = text;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) rest.remove_prefix(1);
  const bool digit = rest.find_first_of("0123456789") != std::string_view::npos;
  if (rest.starts_with("0x") || rest.starts_with("0o") || rest.starts_with("0b")) {
    return rest.find_first_not_of("0123456789abcdefABCDEF_", 2) == std::string_view::npos;
  }
  return digit && (rest[0] == '.' || (rest[0] >= '0' && rest[0] <= '9')) &&
         rest.find_first_not_of("0123456789._eE+-") == std::string_view::npos &&
         rest.find_first_of("+-") == std::string_view::npos &&
         rest.find("..") == std::string::npos && rest.find('.') == rest.rfind('.');
}

Result<Json> json_of_plain(const YamlNode& node, std::string_view file_name) {
  if (node.text == "true") return Json(true);
  if (node.text == "false") return Json(false);
  if (!node.text.empty() && (node.text[0] == '-' || (node.text[0] >= '0' && node.text[0] <= '9'))) {
    if (Result<Json> number = parse_json(node.text)) return number;
  }
  if (is_ambiguous(node.text)) {
    return refuse_at(file_name, node.line,
                     printable(node.text, 60) +
                         " means different things to YAML readers; quote it, or "
                         "write true, false or a number as JSON does");
  }
  return Json(node.text);
}

}  // namespace

const YamlMember* YamlNode::find(std::string_view key) const {
  for (const YamlMember& member : members) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

std::string_view name_of(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::null: return "nothing";
    case YamlNode::Kind::plain:
    case YamlNode::Kind::quoted: return "a text";
    case YamlNode::Kind::list: return "a list";
    case YamlNode::Kind::map: break;
  }
  return "a map";
}

Error refuse_at(std::string_view file_name, int line, const std::string& what) {
  return {ErrorCode::invalid_input,
          std::string(file_name) + ":" + std::to_string(line) + ": " + what};
}

Result<std::vector<YamlNode>> parse_yaml(std::string_view text, std::string_view file_name) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  TRY(check_bytes(text, file_name));
  std::istringstream stream{std::string(text)};
  Builder builder(text);
  std::string failure;
  int line = 0;
  try {
    YAML::Parser parser(stream);
    while (builder.failure().empty() && parser.HandleNextDocument(builder)) {}
  } catch (const YAML::Exception& error) {
    failure = error.msg;
    line = error.mark.line + 1;
  }
  // What the builder refused comes before what stopped the library.
  if (builder.failed_by_size()) {
    return {ErrorCode::exhausted,
            refuse_at(file_name, builder.failure_line(), builder.failure()).message};
  }
  if (!builder.failure().empty()) {
    return refuse_at(file_name, builder.failure_line(), builder.failure());
  }
  if (!failure.empty()) {
    return refuse_at(file_name, line,
                     "not YAML: " + printable(failure, 200) +
                         "; check the indentation, and quote texts with special characters");
  }
  return builder.take_documents();
}

Result<Json> json_of(const YamlNode& node, std::string_view file_name) {
  switch (node.kind) {
    case YamlNode::Kind::null: return Json();
    case YamlNode::Kind::quoted: return Json(node.text);
    case YamlNode::Kind::plain: return json_of_plain(node, file_name);
    case YamlNode::Kind::list: {
      Json out = Json::array();
      for (const YamlNode& item : node.items) {
        TRY_INTO(Json value, json_of(item, file_name));
        out.push(std::move(value));
      }
      return out;
    }
    case YamlNode::Kind::map: break;
  }
  if (node.members.size() > kYamlJsonMembersMax) {
    return refuse_at(file_name, node.line,
                     "more than " + std::to_string(kYamlJsonMembersMax) + " members in one map");
  }
  Json out = Json::object();
  for (const YamlMember& member : node.members) {
    TRY_INTO(Json value, json_of(member.value, file_name));
    out.set(member.key, std::move(value));
  }
  return out;
}

}  // namespace nightjar::scenario
