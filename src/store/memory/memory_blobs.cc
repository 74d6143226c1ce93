#include "store/memory/memory_blobs.h"

#include <map>

#include "base/guarded.h"

namespace nightjar::store {
namespace {

class MemoryBlobs final : public Blobs {
 public:
  Result<Digest> put(std::string_view content) override {
    if (content.size() > kBlobBytesMax) {
      return {ErrorCode::exhausted,
              "a blob holds at most 1 GiB, not " + std::to_string(content.size()) + " bytes"};
    }
    const Digest name = blake3(content);
    contents_.with([&](auto& contents) { contents.emplace(name, content); });
    return name;
  }

  Result<std::vector<Digest>> put_all(const std::vector<std::string_view>& contents) override {
    std::vector<Digest> names;
    for (const std::string_view content : contents) {
      TRY_INTO(const Digest name, put(content));
      names.push_back(name);
    }
    return names;
  }

  Result<std::string> get(const Digest& name, std::size_t bytes_max) const override {
    return contents_.with([&](const auto& contents) -> Result<std::string> {
      const auto found = contents.find(name);
      if (found == contents.end()) return {ErrorCode::not_found, "no blob " + name.name()};
      if (found->second.size() > bytes_max) {
        return {ErrorCode::exhausted, "blob " + name.name() + ": larger than the limit of " +
                                          std::to_string(bytes_max) + " bytes"};
      }
      return found->second;
    });
  }

 private:
  Guarded<std::map<Digest, std::string>> contents_;
};

}  // namespace

std::unique_ptr<Blobs> make_memory_blobs() { return std::make_unique<MemoryBlobs>(); }

}  // namespace nightjar::store
