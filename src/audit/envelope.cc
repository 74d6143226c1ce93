#include "audit/envelope.h"

#include <algorithm>
#include <utility>

#include "audit/base64.h"
#include "audit/bundle.h"
#include "audit/evidence.h"
#include "base/bytes.h"
#include "base/json.h"

namespace nightjar::audit {
namespace {

constexpr std::size_t kSignaturesMax = 16;
constexpr std::size_t kTypeBytesMax = 256;

Error not_an_envelope(std::string message) {
  return {ErrorCode::invalid_input, std::move(message)};
}

Result<Envelope::Signature> signature_from(const Json& json) {
  TRY_INTO(const std::string sig, json.get_string("sig"));
  Result<std::string> bytes = from_base64(sig);
  if (!bytes) return std::move(bytes).with_context("sig").error();
  return Envelope::Signature{.key_id = json.string_or("keyid", ""), .bytes = *std::move(bytes)};
}

/// The id of the key for which some signature holds over the payload as one of this type.
std::string key_that_signed(const Envelope& envelope, std::string_view type,
                            const std::vector<PublicKey>& keys) {
  const std::string message = pre_authentication_encoding(type, envelope.payload);
  for (const Envelope::Signature& signature : envelope.signatures) {
    for (const PublicKey& key : keys) {
      if (key.verifies(message, signature.bytes)) return key.id();
    }
  }
  return {};
}

/// A refusal by its class, as an error.
Error refused(Tampering kind, const std::string& why) {
  const ErrorCode code = kind == Tampering::untrusted_key ? ErrorCode::denied
                         : kind == Tampering::not_an_envelope || kind == Tampering::unknown_version
                             ? ErrorCode::invalid_input
                             : ErrorCode::corrupt;
  return {code, std::string(name_of(kind)) + ": " + why};
}

}  // namespace

Result<Envelope> parse_envelope(std::string_view line) {
  if (line.size() > kEnvelopeBytesMax) return not_an_envelope("larger than 16 MiB");
  TRY_INTO(const Json json, parse_json(line));
  if (!json.is_object()) return not_an_envelope("not a JSON object");
  Envelope envelope;
  TRY_INTO(envelope.payload_type, json.get_string("payloadType"));
  if (envelope.payload_type.size() > kTypeBytesMax) return not_an_envelope("a long payloadType");
  TRY_INTO(const std::string payload, json.get_string("payload"));
  Result<std::string> bytes = from_base64(payload);
  if (!bytes) return std::move(bytes).with_context("payload").error();
  envelope.payload = *std::move(bytes);
  const Json* signatures = json.find("signatures");
  if (signatures == nullptr || !signatures->is_array() || signatures->as_array().empty() ||
      signatures->as_array().size() > kSignaturesMax) {
    return not_an_envelope("\"signatures\" must be a list of 1 to 16");
  }
  for (const Json& item : signatures->as_array()) {
    TRY_INTO(Envelope::Signature signature, signature_from(item));
    envelope.signatures.push_back(std::move(signature));
  }
  return envelope;
}

std::string pre_authentication_encoding(std::string_view type, std::string_view payload) {
  std::string encoded = "DSSEv1 " + std::to_string(type.size()) + " ";
  encoded.append(type).append(" ").append(std::to_string(payload.size())).append(" ");
  return encoded.append(payload);
}

SignatureState check_signatures(const Envelope& envelope, const std::vector<PublicKey>& keys) {
  using Kind = SignatureState::Kind;
  std::string key_id = key_that_signed(envelope, envelope.payload_type, keys);
  if (!key_id.empty()) return {.kind = Kind::holds, .key_id = std::move(key_id)};
  if (envelope.payload_type != kPayloadType) {
    key_id = key_that_signed(envelope, kPayloadType, keys);
    if (!key_id.empty()) return {.kind = Kind::holds_for_our_type, .key_id = std::move(key_id)};
  }
  for (const Envelope::Signature& signature : envelope.signatures) {
    const bool known = std::any_of(keys.begin(), keys.end(), [&](const PublicKey& key) {
      return key.id() == signature.key_id;
    });
    if (known || signature.key_id.empty())
      return {.kind = Kind::broken, .key_id = signature.key_id};
  }
  return {.kind = Kind::untrusted, .key_id = envelope.signatures.front().key_id};
}

Result<std::string> sign(const Statement& statement, const SigningKey& key) {
  const std::string payload = to_json(statement).dump();
  TRY_INTO(const std::string signature,
           key.signature_of(pre_authentication_encoding(kPayloadType, payload)));
  Json signatures = Json::array();
  signatures.push(Json::object({{"keyid", key.key_id()}, {"sig", to_base64(signature)}}));
  std::string line = Json::object({{"payloadType", kPayloadType},
                                   {"payload", to_base64(payload)},
                                   {"signatures", std::move(signatures)}})
                         .dump();
  if (line.size() > kEnvelopeBytesMax) {
    return {ErrorCode::exhausted, "a statement whose envelope is larger than 16 MiB"};
  }
  return line;
}

Result<Verified> verify(std::string_view envelope,
                        const std::vector<std::string>& public_keys_pem) {
  TRY_INTO(const std::vector<PublicKey> keys, parse_keys(public_keys_pem));
  const Result<Envelope> parsed = parse_envelope(envelope);
  if (!parsed) return refused(Tampering::not_an_envelope, parsed.error().message);
  SignatureState state = check_signatures(*parsed, keys);
  switch (state.kind) {
    case SignatureState::Kind::holds: break;
    case SignatureState::Kind::holds_for_our_type:
      return refused(Tampering::payload_type_altered,
                     "it was signed as " + std::string(kPayloadType));
    case SignatureState::Kind::untrusted:
      return refused(Tampering::untrusted_key, "it claims the key " + printable(state.key_id, 80));
    case SignatureState::Kind::broken:
      return refused(Tampering::altered, "payload or signature are not what was signed");
  }
  if (parsed->payload_type != kPayloadType) {
    return refused(Tampering::unknown_version, "its payloadType is none of evidence");
  }
  Result<Json> json = parse_json(parsed->payload);
  Result<Statement> statement = json ? statement_from(*json) : Result<Statement>(json.error());
  if (!statement) return refused(Tampering::unknown_version, statement.error().message);
  return Verified{.statement = *std::move(statement), .key_id = std::move(state.key_id)};
}

}  // namespace nightjar::audit
