// One DSSE envelope, taken apart: what stands in it, and what its signatures are worth. For those
// who judge a whole file (audit/bundle.h); others use verify(). Pure; any thread.
// Format: https://github.com/secure-systems-lab/dsse/blob/master/envelope.md
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "audit/ed25519.h"
#include "base/result.h"

namespace nightjar::audit {

struct Envelope {
  struct Signature {
    std::string key_id;  // a hint that nothing protects
    std::string bytes;
  };
  std::string payload;
  std::string payload_type;
  std::vector<Signature> signatures;
};

/// invalid_input: not JSON, a member is missing, not base64. Unknown members are ignored, as DSSE
/// demands.
Result<Envelope> parse_envelope(std::string_view line);

/// What is signed: DSSE's pre-authentication encoding.
std::string pre_authentication_encoding(std::string_view type, std::string_view payload);

struct SignatureState {
  enum class Kind {
    holds,
    holds_for_our_type,  // were payloadType what it is in evidence
    untrusted,           // claims a key that is none of the given ones
    broken               // claims one of them, or none
  } kind = Kind::broken;
  std::string key_id;  // of the key that it holds for; else the one claimed
};
SignatureState check_signatures(const Envelope& envelope, const std::vector<PublicKey>& keys);

}  // namespace nightjar::audit
