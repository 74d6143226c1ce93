#include "audit/ed25519.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <limits>
#include <utility>

#include "audit/evidence.h"

namespace nightjar::audit {
namespace {

constexpr std::size_t kPemBytesMax = 16'384;
constexpr std::size_t kKeysMax = 256;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

/// What OpenSSL has to say goes with the error, and nothing of it stays in the thread's queue.
Error failed(ErrorCode code, std::string_view what) {
  std::string message(what);
  if (const char* reason = ERR_reason_error_string(ERR_peek_last_error())) {
    message += ": " + std::string(reason);
  }
  ERR_clear_error();
  return {code, message};
}

/// Instead of OpenSSL's own, which would ask at the terminal.
int no_password(char*, int, int, void*) { return 0; }

Result<Bio> memory_with(std::string_view pem) {
  if (pem.size() > kPemBytesMax) return {ErrorCode::invalid_input, "a key of more than 16 KiB"};
  Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) return failed(ErrorCode::exhausted, "read a key");
  return bio;
}

template <typename Write>
Result<std::string> written_to_memory(Write write) {
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (!bio || write(bio.get()) != 1) return failed(ErrorCode::unavailable, "write a key");
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return std::string(bytes, static_cast<std::size_t>(size));
}

Result<KeyHandle> only_ed25519(KeyHandle key, std::string_view kind) {
  const std::string what = "not a " + std::string(kind) + " Ed25519 key in PEM";
  if (!key) return failed(ErrorCode::invalid_input, what);
  if (EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) return Error{ErrorCode::invalid_input, what};
  return key;
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

Result<PublicKey> PublicKey::parse(std::string_view pem) {
  TRY_INTO(const Bio bio, memory_with(pem));
  KeyHandle read(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_password, nullptr));
  TRY_INTO(KeyHandle key, only_ed25519(std::move(read), "public"));
  TRY_INTO(std::string id, id_of(key.get()));
  return PublicKey(std::move(key), std::move(id));
}

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
  const Context context(EVP_MD_CTX_new());
  if (!context || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1) {
    ERR_clear_error();
    return false;
  }
  const int holds = EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(),
                                     bytes_of(message), message.size());
  ERR_clear_error();
  return holds == 1;
}

Result<std::vector<PublicKey>> parse_keys(const std::vector<std::string>& pems) {
  if (pems.empty()) return {ErrorCode::not_found, "no public key to verify with"};
  if (pems.size() > kKeysMax) return {ErrorCode::exhausted, "more than 256 public keys"};
  std::vector<PublicKey> keys;
  for (std::size_t i = 0; i < pems.size(); ++i) {
    Result<PublicKey> key = PublicKey::parse(pems[i]);
    if (!key) return std::move(key).with_context("key " + std::to_string(i + 1)).error();
    keys.push_back(*std::move(key));
  }
  return keys;
}

Result<KeyHandle> generate_private_key() {
  KeyHandle key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (!key) return failed(ErrorCode::unavailable, "make a key");
  return key;
}

Result<KeyHandle> parse_private_key(std::string_view pem) {
  TRY_INTO(const Bio bio, memory_with(pem));
  KeyHandle read(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  return only_ed25519(std::move(read), "private");
}

Result<std::string> private_pem_of(EVP_PKEY* key) {
  return written_to_memory([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

Result<std::string> public_pem_of(EVP_PKEY* key) {
  return written_to_memory([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, key); });
}

Result<std::string> id_of(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size <= 0) return failed(ErrorCode::unavailable, "name a key");
  std::string id = sha256_hex({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return id;
}

Result<std::string> sign_bytes(EVP_PKEY* key, std::string_view message) {
  const Context context(EVP_MD_CTX_new());
  std::string signature(kSignatureBytes, '\0');
  std::size_t size = signature.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes_of(message), message.size()) != 1 ||
      size != kSignatureBytes) {
    return failed(ErrorCode::unavailable, "sign");
  }
  return signature;
}

}  // namespace nightjar::audit
