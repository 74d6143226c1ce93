// Ed25519 (RFC 8032) over OpenSSL's EVP: the one place that knows it. Keys are PEM outside.
// Values move; any thread. Errors: invalid_input (not PEM, another kind of key).
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nightjar::audit {

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using KeyHandle = std::unique_ptr<EVP_PKEY, FreeKey>;

inline constexpr std::size_t kSignatureBytes = 64;

class PublicKey {
 public:
  /// The first key of a PEM text (SubjectPublicKeyInfo).
  static Result<PublicKey> parse(std::string_view pem);

  const std::string& id() const { return id_; }
  bool verifies(std::string_view message, std::string_view signature) const;

 private:
  PublicKey(KeyHandle key, std::string id) : key_(std::move(key)), id_(std::move(id)) {}
  KeyHandle key_;
  std::string id_;
};

/// At least one key and at most 256; invalid_input names the one that is none.
Result<std::vector<PublicKey>> parse_keys(const std::vector<std::string>& pems);

Result<KeyHandle> generate_private_key();
Result<KeyHandle> parse_private_key(std::string_view pem);
/// PKCS #8, not encrypted. Whoever has it wipes it after use.
Result<std::string> private_pem_of(EVP_PKEY* key);
Result<std::string> public_pem_of(EVP_PKEY* key);
/// Hex of SHA-256 of the DER SubjectPublicKeyInfo.
Result<std::string> id_of(EVP_PKEY* key);
Result<std::string> sign_bytes(EVP_PKEY* key, std::string_view message);

}  // namespace nightjar::audit
