#include <openssl/evp.h>

#include <array>

#include "audit/evidence.h"
#include "base/bytes.h"
#include "base/check.h"

namespace nightjar::audit {

std::string sha256_hex(std::string_view bytes) {
  std::array<char, 32> digest{};
  unsigned int size = 0;
  const int done =
      EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 EVP_sha256(), nullptr);
  CHECK(done == 1 && size == digest.size());
  return to_hex({digest.data(), digest.size()});
}

}  // namespace nightjar::audit
