// Evidence from strangers: any bytes are refused with a reason, or what was read is written as it
// was. The first byte chooses the reader. Signatures cannot be guessed, so what lies behind them is
// reached without.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "audit/base64.h"
#include "audit/bundle.h"
#include "audit/ed25519.h"
#include "audit/envelope.h"
#include "base/check.h"

namespace {

using namespace nightjar;
using namespace nightjar::audit;

// RFC 8032, section 7.1, test 2.
constexpr const char* kPublicKey =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n"
    "-----END PUBLIC KEY-----\n";

void check_file(std::string_view text) {
  const auto checked = check_evidence(text, {kPublicKey});
  if (!checked) return;
  CHECK(checked->evidence.has_value() == checked->findings.empty());
  CHECK(!checked->evidence.has_value());  // Nobody has the private key.
}

void check_envelope(std::string_view text) {
  const auto envelope = parse_envelope(text);
  if (!envelope) return;
  CHECK(!envelope->signatures.empty());
  CHECK(!verify(text, {kPublicKey}));
}

void check_statement(std::string_view text) {
  const auto json = parse_json(text);
  const auto statement = json ? statement_from(*json) : Result<Statement>(json.error());
  if (!statement) return;
  const auto again = statement_from(to_json(*statement));
  CHECK(again.has_value() && again->subjects == statement->subjects);
  if (const auto summary = summary_from(statement->predicate)) {
    const Json written = verification_summary(*summary);
    const auto read = summary_from(written);
    CHECK(read.has_value() && verification_summary(*read) == written);
  }
  if (const auto result = test_result_from(statement->predicate)) {
    const Json written = test_result(*result);
    const auto read = test_result_from(written);
    CHECK(read.has_value() && test_result(*read) == written);
  }
}

void check_base64(std::string_view text) {
  const auto bytes = from_base64(text);
  if (bytes && text.find_first_of("-_") == std::string_view::npos) CHECK(to_base64(*bytes) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0: check_file(text); break;
    case 1: check_envelope(text); break;
    case 2: check_statement(text); break;
    case 3: check_base64(text); break;
    default: (void)PublicKey::parse(text);
  }
  return 0;
}
