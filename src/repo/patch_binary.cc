#include "repo/patch_binary.h"

#include <zlib.h>

#include <array>
#include <memory>

namespace nightjar::repo {
namespace {

Error damaged(const char* what) {
  return {ErrorCode::invalid_input, std::string("its binary patch is damaged: ") + what};
}

constexpr std::string_view kAlphabet =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
static_assert(kAlphabet.size() == 85);

constexpr std::array<int, 256> kValues = [] {
  std::array<int, 256> values{};
  for (int& value : values) value = -1;
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<int>(i);
  }
  return values;
}();

/// A line is a letter for its number of bytes (A-Z: 1-26, a-z: 27-52), then five digits for each
/// four bytes, the last of them filled up.
Result<> decode_line(std::string_view line, std::string& out) {
  const char letter = line.front();
  std::size_t count = 0;
  if (letter >= 'A' && letter <= 'Z') count = static_cast<std::size_t>(letter - 'A') + 1;
  if (letter >= 'a' && letter <= 'z') count = static_cast<std::size_t>(letter - 'a') + 27;
  line.remove_prefix(1);
  if (count == 0 || line.size() != (count + 3) / 4 * 5) return damaged("a line of another length");
  for (; !line.empty(); line.remove_prefix(5)) {
    std::uint64_t value = 0;
    for (const char digit : line.substr(0, 5)) {
      const int known = kValues[static_cast<unsigned char>(digit)];
      if (known < 0) return damaged("a digit that is none");
      value = value * 85 + static_cast<std::uint64_t>(known);
    }
    if (value > 0xFFFF'FFFFU) return damaged("a number out of range");
    for (int shift = 24; shift >= 0 && count > 0; shift -= 8, --count) {
      out += static_cast<char>(value >> shift & 0xFFU);
    }
  }
  return ok;
}

/// Exactly `bytes` bytes, whatever the stream holds: a small stream may inflate to anything.
Result<std::string> inflate_exactly(std::string_view packed, std::uint64_t bytes) {
  z_stream stream{};
  if (::inflateInit(&stream) != Z_OK) return {ErrorCode::unavailable, "zlib cannot start"};
  const std::unique_ptr<z_stream, decltype(&::inflateEnd)> guard(&stream, &::inflateEnd);
  std::string out(bytes + 1, '\0');  // One more tells a stream that is longer.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int code = ::inflate(&stream, Z_FINISH);
  if (code != Z_STREAM_END || stream.total_out != bytes) {
    return damaged("its content has another length than it says");
  }
  out.resize(bytes);
  return out;
}

/// A delta of git (gitformat-pack(5)): two sizes, then copies from the old file and new bytes.
class Delta {
 public:
  Delta(std::string_view delta, std::string_view before) : delta_(delta), before_(before) {}

  Result<std::string> apply(std::uint64_t bytes_max) {
    TRY_INTO(const std::uint64_t before_bytes, size());
    TRY_INTO(const std::uint64_t after_bytes, size());
    if (before_bytes != before_.size()) {
      return {ErrorCode::invalid_input,
              "its binary patch was made for another version of the file"};
    }
    if (after_bytes > bytes_max) {
      return {ErrorCode::exhausted, "its binary patch makes a file of " +
                                        std::to_string(after_bytes) + " bytes; the limit is " +
                                        std::to_string(bytes_max)};
    }
    std::string out;
    while (!delta_.empty()) {
      TRY_INTO(const std::string_view piece, next());
      if (piece.size() > after_bytes - out.size()) return damaged("it makes more than it says");
      out += piece;
    }
    if (out.size() != after_bytes) return damaged("it makes less than it says");
    return out;
  }

 private:
  Result<std::uint8_t> byte() {
    if (delta_.empty()) return damaged("it is cut");
    const auto value = static_cast<std::uint8_t>(delta_.front());
    delta_.remove_prefix(1);
    return value;
  }

  Result<std::uint64_t> size() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 56; shift += 7) {
      TRY_INTO(const std::uint8_t next, byte());
      value |= std::uint64_t{next & 0x7FU} << shift;
      if ((next & 0x80U) == 0) return value;
    }
    return damaged("a size out of range");
  }

  Result<std::string_view> next() {
    TRY_INTO(const std::uint8_t command, byte());
    if (command == 0) return damaged("a command that is none");
    if ((command & 0x80U) == 0) {
      if (command > delta_.size()) return damaged("it is cut");
      const std::string_view piece = delta_.substr(0, command);
      delta_.remove_prefix(command);
      return piece;
    }
    std::uint64_t offset = 0;
    std::uint64_t count = 0;
    for (unsigned bit = 0; bit < 7; ++bit) {
      if ((command >> bit & 1U) == 0) continue;
      TRY_INTO(const std::uint8_t part, byte());
      (bit < 4 ? offset : count) |= std::uint64_t{part} << (bit < 4 ? bit : bit - 4) * 8;
    }
    if (count == 0) count = 0x10000;
    if (offset > before_.size() || count > before_.size() - offset) {
      return damaged("it copies from outside of the file");
    }
    return before_.substr(offset, count);
  }

  std::string_view delta_;
  std::string_view before_;
};

}  // namespace

Result<std::string> apply_binary(const BinaryPatch& patch, std::string_view before,
                                 std::uint64_t bytes_max) {
  if (patch.bytes > bytes_max) {
    return {ErrorCode::exhausted, "its binary patch holds " + std::to_string(patch.bytes) +
                                      " bytes; the limit is " + std::to_string(bytes_max)};
  }
  std::string packed;
  for (const std::string_view line : patch.lines) TRY(decode_line(line, packed));
  TRY_INTO(std::string content, inflate_exactly(packed, patch.bytes));
  if (patch.kind == BinaryPatch::Kind::literal) return content;
  return Delta(content, before).apply(bytes_max);
}

}  // namespace nightjar::repo
