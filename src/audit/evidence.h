// Evidence that a stranger can check: in-toto statements in signed DSSE envelopes.
//
// Statement: in-toto Attestation Framework v1 (https://github.com/in-toto/attestation). Envelope:
// DSSE v1.0.2 (https://github.com/secure-systems-lab/dsse), payloadType
// application/vnd.in-toto+json, signed with Ed25519 (RFC 8032). Predicates: SLSA Verification
// Summary v1 and in-toto test-result v0.1 (audit/predicates.h); one envelope each, one JSON object
// a line in the file (audit/bundle.h). Docs: docs/evidence.md, docs/formats/evidence.md. Threads:
// any. Errors: corrupt (which class of tampering), invalid_input (not an envelope, unknown
// version), not_found (no key), denied (signed by another key).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace nightjar::audit {

inline constexpr std::size_t kEnvelopeBytesMax = std::size_t{16} << 20;
inline constexpr const char* kPayloadType = "application/vnd.in-toto+json";
inline constexpr const char* kStatementType = "https://in-toto.io/Statement/v1";

/// A named thing with its digests: {"name": "base tree", "digest": {"gitTree": HEX}}.
struct Subject {
  std::string name;
  std::map<std::string, std::string> digest;  // algorithm → lower-case hex
  friend bool operator==(const Subject&, const Subject&) = default;
};

Json to_json(const Subject& subject);
/// invalid_input: no digest, or one that is no lower-case hex.
Result<Subject> subject_from(const Json& json);

struct Statement {
  std::vector<Subject> subjects;
  std::string predicate_type;  // a URI
  Json predicate;              // an object
};
Json to_json(const Statement& statement);
/// invalid_input: another version of statements, no subject, a digest that is none.
Result<Statement> statement_from(const Json& json);

class SigningKey;

/// The envelope as one line of JSON.
Result<std::string> sign(const Statement& statement, const SigningKey& key);

struct Verified {
  Statement statement;
  std::string key_id;  // of the key whose signature holds
};
/// `public_keys_pem`: every key that may have signed; one signature that holds is enough. A message
/// begins with the name of the class of tampering (audit/bundle.h). Alone, an envelope does not
/// tell whether its payload or its signature was altered; a file of evidence does.
Result<Verified> verify(std::string_view envelope, const std::vector<std::string>& public_keys_pem);

/// Ed25519; files are PEM (PKCS #8, SubjectPublicKeyInfo). The private one has mode 0600.
class SigningKey {
 public:
  static Result<SigningKey> generate();
  static Result<SigningKey> read(const std::string& path);
  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  Result<> write(const std::string& path) const;  // never over a file that exists
  const std::string& public_pem() const;
  const std::string& key_id() const;  // hex of SHA-256 of the DER SubjectPublicKeyInfo

 private:
  friend Result<std::string> sign(const Statement&, const SigningKey&);
  friend class KeyRing;
  Result<std::string> signature_of(std::string_view message) const;
  struct Impl;
  explicit SigningKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The keys of a factory: keys/signing.pem, and keys/retired/<key id>.pub of each that was rotated.
class KeyRing {
 public:
  explicit KeyRing(std::string dir) : dir_(std::move(dir)) {}
  /// Made at its first use.
  Result<SigningKey> signing_key();
  Result<std::vector<std::string>> public_keys_pem() const;  // the current one first
  Result<std::vector<std::string>> retired_key_ids() const;
  /// A new signing key; the old public one stays, so that old evidence can be verified.
  Result<SigningKey> rotate();

 private:
  std::string dir_;
};

/// SHA-256 of bytes, lower-case hex.
std::string sha256_hex(std::string_view bytes);

/// A commitment to a set of files that may be opened later: the root of a Merkle tree (RFC 6962
/// hashing, SHA-256) over salted leaves. Without the salt nobody can tell what was committed to,
/// not even whether it was nothing; with salt and contents everybody can. The order does not
/// matter.
std::string commit_to(const std::vector<std::string>& contents, std::string_view salt);
/// 32 random bytes as hex.
Result<std::string> new_salt();

}  // namespace nightjar::audit
