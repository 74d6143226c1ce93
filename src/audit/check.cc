// What was done to a file of evidence, found out from the file and the public keys alone.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "audit/bundle.h"
#include "audit/envelope.h"
#include "audit/index.h"
#include "base/bytes.h"

namespace nightjar::audit {
namespace {

using Kind = SignatureState::Kind;

struct Line {
  int number = 0;
  std::string problem = {};  // why it is no envelope
  Envelope envelope = {};
  std::string sha256 = {};  // of the payload
  SignatureState signature = {};
  std::optional<Statement> statement = {};  // if the payload reads as one, whoever signed it
  std::string not_a_statement = {};         // why it does not

  bool is_envelope() const { return problem.empty(); }
  /// The payload is what a key of ours signed.
  bool authentic() const {
    return is_envelope() &&
           (signature.kind == Kind::holds || signature.kind == Kind::holds_for_our_type);
  }
  bool is_a(std::string_view type) const { return statement && statement->predicate_type == type; }
};

Line read_line(std::string_view text, int number, const std::vector<PublicKey>& keys) {
  Line line{.number = number};
  Result<Envelope> envelope = parse_envelope(text);
  if (!envelope) {
    line.problem = envelope.error().message;
    return line;
  }
  line.envelope = *std::move(envelope);
  line.sha256 = sha256_hex(line.envelope.payload);
  line.signature = check_signatures(line.envelope, keys);
  const Result<Json> json = parse_json(line.envelope.payload);
  Result<Statement> statement = json ? statement_from(*json) : Result<Statement>(json.error());
  if (statement) {
    line.statement = *std::move(statement);
  } else {
    line.not_a_statement = statement.error().message;
  }
  return line;
}

/// Goes over the file once for each question; what it found is in findings().
class Judge {
 public:
  explicit Judge(std::vector<Line> lines) : lines_(std::move(lines)) {}

  Checked judge(bool ends_with_newline) {
    for (const Line& line : lines_) judge_envelope(line, ends_with_newline);
    find_index();
    const std::optional<Index> index = judge_index();
    if (index) {
      judge_by_index(*index);
    } else {
      for (const Line& line : lines_) judge_alone(line);
    }
    for (const Line& line : lines_) judge_statement(line);
    if (findings_.empty()) collect();
    if (findings_.empty()) judge_together();
    std::sort(findings_.begin(), findings_.end(), [](const Finding& a, const Finding& b) {
      return std::tie(a.line, a.kind, a.why) < std::tie(b.line, b.kind, b.why);
    });
    Checked checked{.evidence = {}, .key_id = {}, .findings = std::move(findings_)};
    if (!checked.findings.empty()) return checked;
    checked.key_id = index_->signature.key_id;
    checked.evidence = std::move(evidence_);
    return checked;
  }

 private:
  void find(Tampering kind, int line, std::string why) {
    findings_.push_back({.kind = kind, .line = line, .why = std::move(why)});
  }

  /// What a line shows by itself, whatever the others are.
  void judge_envelope(const Line& line, bool ends_with_newline) {
    if (!line.is_envelope()) {
      const bool cut = line.number == static_cast<int>(lines_.size()) && !ends_with_newline;
      find(Tampering::not_an_envelope, line.number,
           (cut ? "cut off: " : "") + printable(line.problem, 200));
    } else if (line.signature.kind == Kind::holds_for_our_type) {
      find(Tampering::payload_type_altered, line.number,
           "it was signed as " + std::string(kPayloadType) + ", and says " +
               printable(line.envelope.payload_type, 80));
    } else if (line.signature.kind == Kind::untrusted) {
      find(Tampering::untrusted_key, line.number,
           "signed by the key " + printable(line.signature.key_id, 80) +
               ", which is none of those to trust");
    }
  }

  void find_index() {
    for (const Line& line : lines_) {
      if (!line.is_a(kIndexType)) continue;
      if (index_ == nullptr || line.authentic() || !index_->authentic()) index_ = &line;
    }
  }

  /// The entries, if they are what was signed.
  std::optional<Index> judge_index() {
    if (index_ == nullptr) {
      // A last line that cannot be read was the index, and is told about already.
      const bool unreadable = !lines_.empty() && !lines_.back().statement;
      if (!unreadable) find(Tampering::envelope_missing, 0, "the index, its last line, is missing");
      return std::nullopt;
    }
    if (!index_->authentic()) {
      if (index_->signature.kind == Kind::broken) judge_broken_index();
      return std::nullopt;
    }
    Result<Index> index = index_from(*index_->statement);
    if (!index) {
      find(Tampering::unknown_version, index_->number, index.error().message);
      return std::nullopt;
    }
    return *std::move(index);
  }

  /// An index says nothing that does not follow from the other lines.
  void judge_broken_index() {
    std::vector<IndexEntry> entries;
    std::string run;
    bool all_authentic = true;
    for (const Line& line : lines_) {
      if (&line == index_) continue;
      all_authentic = all_authentic && line.authentic() && line.statement;
      if (!line.statement) continue;
      entries.push_back({.type = line.statement->predicate_type, .sha256 = line.sha256});
      if (line.is_a(kSummaryType)) run = run_of(line);
    }
    if (!all_authentic || entries.empty()) {
      return find(Tampering::altered, index_->number,
                  "the index does not hold, and other lines that could tell why do not either");
    }
    const bool same = to_json(index_statement(entries, run)).dump() == index_->envelope.payload;
    find(same ? Tampering::signature_altered : Tampering::payload_altered, index_->number,
         same ? "the index names the other lines as they are, so its signature was changed"
              : "the index does not name the other lines, and its signature does not hold");
  }

  static std::string run_of(const Line& line) {
    const Json* extension = line.statement->predicate.find(kExtension);
    return extension == nullptr ? "" : extension->string_or("run", "");
  }

  /// Without an index that could tell.
  void judge_alone(const Line& line) {
    if (!line.is_envelope() || line.signature.kind != Kind::broken || &line == index_) return;
    if (!line.statement) {
      return find(Tampering::payload_altered, line.number, line.not_a_statement);
    }
    find(Tampering::altered, line.number, "its payload or its signature is not what was signed");
  }

  void judge_by_index(const Index& index) {
    std::map<std::string, std::size_t> place_of;
    for (std::size_t i = 0; i < index.entries.size(); ++i) place_of[index.entries[i].sha256] = i;
    std::set<std::size_t> present;
    std::set<std::size_t> replaced;  // lines that stand where an entry's own line is missing
    std::size_t next = 0;
    for (std::size_t at = 0; at < lines_.size(); ++at) {
      const Line& line = lines_[at];
      if (&line == index_) continue;
      const auto place = line.is_envelope() ? place_of.find(line.sha256) : place_of.end();
      if (place == place_of.end()) {
        if (judge_unnamed(line)) replaced.insert(at);
        continue;
      }
      if (line.signature.kind == Kind::broken) {
        find(Tampering::signature_altered, line.number, "the index names its payload as it is");
      }
      if (!present.insert(place->second).second) {
        find(Tampering::envelope_duplicated, line.number, "the same line stands there before");
      } else if (place->second < next) {
        find(Tampering::envelopes_reordered, line.number,
             "the index names it as number " + std::to_string(place->second + 1));
      } else {
        next = place->second + 1;
      }
    }
    for (std::size_t i = 0; i < index.entries.size(); ++i) {
      if (present.count(i) > 0 || replaced.count(i) > 0) continue;
      find(Tampering::envelope_missing, 0,
           "number " + std::to_string(i + 1) + " (" + printable(index.entries[i].type, 100) +
               ") is missing");
    }
    if (index_ != &lines_.back()) {
      find(Tampering::envelopes_reordered, index_->number, "the index is not the last line");
    }
  }

  /// A line that the index does not name. True: it was another one before.
  bool judge_unnamed(const Line& line) {
    if (!line.is_envelope() || line.signature.kind == Kind::untrusted) return true;
    if (line.signature.kind == Kind::broken) {
      find(Tampering::payload_altered, line.number, "the index names another payload");
      return true;
    }
    const bool second = line.is_a(kIndexType);
    find(Tampering::envelope_foreign, line.number,
         second ? "a second index, of another file" : "well signed, and no part of this file");
    return false;
  }

  void judge_statement(const Line& line) {
    if (!line.is_envelope() || line.signature.kind != Kind::holds) return;
    if (line.envelope.payload_type != kPayloadType) {
      return find(Tampering::unknown_version, line.number,
                  "well signed as " + printable(line.envelope.payload_type, 80));
    }
    if (!line.statement) {
      return find(Tampering::unknown_version, line.number, printable(line.not_a_statement, 200));
    }
    if (line.is_a(kIndexType) || line.is_a(kSummaryType) || line.is_a(kTestResultType)) return;
    find(Tampering::unknown_predicate, line.number,
         "it says " + printable(line.statement->predicate_type, 100));
  }

  /// Reads what every line says, all of them being authentic.
  void collect() {
    Evidence evidence;
    int summaries = 0;
    for (const Line& line : lines_) {
      if (line.is_a(kTestResultType)) {
        Result<TestResult> result = test_result_from(line.statement->predicate);
        if (!result) return find(Tampering::unknown_version, line.number, result.error().message);
        evidence.results.push_back(*std::move(result));
      } else if (line.is_a(kSummaryType)) {
        Result<Summary> summary = summary_from(line.statement->predicate);
        if (!summary) return find(Tampering::unknown_version, line.number, summary.error().message);
        evidence.summary = *std::move(summary);
        evidence.subjects = line.statement->subjects;
        ++summaries;
      }
    }
    if (summaries == 0) return find(Tampering::envelope_missing, 0, "it has no summary");
    if (summaries > 1) return find(Tampering::envelope_duplicated, 0, "it has two summaries");
    evidence_ = std::move(evidence);
  }

  /// Signed as they are, the lines still have to be about the same thing.
  void judge_together() {
    std::vector<std::string> results;
    const std::vector<Subject> known = all_subjects(evidence_);
    std::size_t at = 0;
    for (const Line& line : lines_) {
      if (!line.is_a(kTestResultType)) continue;
      const TestResult& result = evidence_.results[at++];
      results.push_back(line.sha256);
      if (result.run != evidence_.summary.run) {
        find(Tampering::envelope_foreign, line.number, "a result of another run");
      }
      for (const Subject& subject : line.statement->subjects) {
        if (std::find(known.begin(), known.end(), subject) != known.end() &&
            subject.name == result.tree) {
          continue;
        }
        find(Tampering::subjects_differ, line.number,
             "it is about \"" + printable(subject.name, 80) + "\", which the summary is not");
      }
    }
    if (results != evidence_.summary.input_attestations) {
      find(Tampering::envelope_missing, 0, "the summary rests on other results than these");
    }
  }

  std::vector<Line> lines_;
  const Line* index_ = nullptr;  // in lines_
  std::vector<Finding> findings_;
  Evidence evidence_;
};

}  // namespace

Result<Checked> check_evidence(std::string_view text,
                               const std::vector<std::string>& public_keys_pem) {
  TRY_INTO(const std::vector<PublicKey> keys, parse_keys(public_keys_pem));
  if (text.size() > kEvidenceBytesMax) return {ErrorCode::exhausted, "evidence over 64 MiB"};
  const bool ends_with_newline = text.ends_with('\n');
  if (ends_with_newline) text.remove_suffix(1);
  if (static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) >= kEvidenceLinesMax) {
    return {ErrorCode::exhausted, "evidence of more than 1024 lines"};
  }
  std::vector<Line> lines;
  for (const std::string& line : split(text, '\n')) {
    lines.push_back(read_line(line, static_cast<int>(lines.size()) + 1, keys));
  }
  return Judge(std::move(lines)).judge(ends_with_newline);
}

}  // namespace nightjar::audit
