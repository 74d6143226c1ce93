// Commitments: a Merkle tree as of RFC 6962, section 2.1, over salted leaves.
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "audit/evidence.h"
#include "base/bytes.h"
#include "base/check.h"

namespace nightjar::audit {
namespace {

using Hash = std::array<char, 32>;

Hash sha256(std::string_view bytes) {
  Hash digest{};
  unsigned int size = 0;
  const int done =
      EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 EVP_sha256(), nullptr);
  CHECK(done == 1 && size == digest.size());
  return digest;
}

/// The salt goes in with its length, so that no content can pass for a part of it.
Hash leaf_of(std::string_view salt, std::string_view content) {
  std::string bytes(1, '\0');
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes +=
        static_cast<char>((std::uint64_t{salt.size()} >> static_cast<unsigned>(shift)) & 0xffU);
  }
  bytes.append(salt).append(content);
  return sha256(bytes);
}

Hash node_of(const Hash& left, const Hash& right) {
  std::string bytes(1, '\1');
  bytes.append(left.data(), left.size()).append(right.data(), right.size());
  return sha256(bytes);
}

/// Level by level; an odd last one moves up as it is. That is RFC 6962's tree: its left sub-trees
/// are the largest full ones.
Hash root_of(std::vector<Hash> level) {
  CHECK(!level.empty());
  while (level.size() > 1) {
    std::vector<Hash> above;
    for (std::size_t i = 0; i + 1 < level.size(); i += 2) {
      above.push_back(node_of(level[i], level[i + 1]));
    }
    if (level.size() % 2 == 1) above.push_back(level.back());
    level = std::move(above);
  }
  return level.front();
}

std::string hex_of(const Hash& hash) { return to_hex({hash.data(), hash.size()}); }

}  // namespace

std::string sha256_hex(std::string_view bytes) { return hex_of(sha256(bytes)); }

std::string commit_to(const std::vector<std::string>& contents, std::string_view salt) {
  std::vector<Hash> leaves;
  leaves.reserve(contents.size() + 1);
  for (const std::string& content : contents) leaves.push_back(leaf_of(salt, content));
  std::sort(leaves.begin(), leaves.end());  // A set: the order in which it was listed is no part.
  // Without a leaf that is always there, nothing at all would have the same root for every salt.
  leaves.insert(leaves.begin(), leaf_of(salt, ""));
  return hex_of(root_of(std::move(leaves)));
}

Result<std::string> new_salt() {
  std::array<char, 32> bytes{};
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) !=
      1) {
    return {ErrorCode::unavailable, "this machine gives no random bytes"};
  }
  return to_hex({bytes.data(), bytes.size()});
}

}  // namespace nightjar::audit
