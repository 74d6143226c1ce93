#include "event/event.h"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "event/payload.h"

namespace nightjar::event {
namespace {

constexpr std::uint64_t kPositionMax = std::numeric_limits<std::int64_t>::max();

template <typename Unsigned>
void put(std::string& out, Unsigned value) {
  static_assert(std::is_unsigned_v<Unsigned>);
  char bytes[sizeof(value)];
  for (std::size_t i = 0; i < sizeof(value); ++i) {
    bytes[i] = static_cast<char>((value >> (8 * i)) & 0xFFU);
  }
  out.append(bytes, sizeof(value));
}

/// Takes fields from the front of a record; once something is missing, all later fields are empty.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}

  std::string_view take(std::size_t size) {
    if (size > rest_.size()) {
      short_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view field = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return field;
  }
  template <typename Unsigned>
  Unsigned number() {
    const std::string_view field = take(sizeof(Unsigned));
    Unsigned value = 0;
    for (std::size_t i = field.size(); i > 0; --i) {
      value = static_cast<Unsigned>(value << 8U | static_cast<std::uint8_t>(field[i - 1]));
    }
    return value;
  }
  bool ended_exactly() const { return !short_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool short_ = false;
};

bool is_type(std::string_view type) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
  };
  return !type.empty() && type.size() <= kTypeBytesMax &&
         std::all_of(type.begin(), type.end(), allowed);
}

bool is_principal(std::string_view principal) {
  return !principal.empty() && principal.size() <= kPrincipalBytesMax && is_utf8(principal);
}

/// What is wrong with the fields beside the payload; empty when nothing is.
std::string_view fault_of(const Envelope& envelope) {
  if (!is_type(envelope.type)) return "the type is not 1 to 128 bytes of a-z, 0-9, '.' and '_'";
  if (!is_principal(envelope.principal)) return "the principal is not 1 to 256 bytes of UTF-8";
  if (envelope.version == 0) return "the version is 0";
  if (envelope.run_seq == 0 || envelope.run_seq > kPositionMax)
    return "the position is out of range";
  if (envelope.cause >= envelope.run_seq) return "the cause is not an earlier event";
  if (envelope.payload.size() > kPayloadBytesMax) return "the payload is larger than 1 MiB";
  return {};
}

Error not_a_record(std::string_view why) {
  return {ErrorCode::corrupt, "not an event record: " + std::string(why)};
}

}  // namespace

Result<Envelope> seal(const Draft& draft, const RunId& run, std::uint64_t run_seq,
                      const Digest& prev_hash) {
  const auto refuse = [&](ErrorCode code, std::string_view why) {
    return Error{code, "event " + printable(draft.type, 80) + ": " + std::string(why)};
  };
  Result<std::string> payload = payload_text(draft.payload);
  if (!payload) return refuse(payload.error().code, payload.error().message);
  Envelope envelope{.run = run,
                    .run_seq = run_seq,
                    .type = draft.type,
                    .version = draft.version,
                    .at_utc_ns = draft.at_utc_ns,
                    .principal = draft.principal,
                    .cause = draft.cause,
                    .payload = *std::move(payload),
                    .prev_hash = prev_hash};
  if (envelope.payload.size() > kPayloadBytesMax) {
    return refuse(ErrorCode::exhausted, "the payload has " +
                                            std::to_string(envelope.payload.size()) +
                                            " bytes, over the limit of 1 MiB; store it as a blob");
  }
  if (const std::string_view fault = fault_of(envelope); !fault.empty()) {
    return refuse(ErrorCode::invalid_input, fault);
  }
  return envelope;
}

Digest hash_of(const Envelope& envelope) { return blake3(encode(envelope)); }

Result<Json> to_json(const Envelope& envelope) {
  Result<Json> payload = parse_json(envelope.payload);
  if (!payload || !payload->is_object()) {
    return {ErrorCode::corrupt, "event " + std::to_string(envelope.run_seq) + " of run " +
                                    envelope.run.str() + ": the payload is no JSON object"};
  }
  if (envelope.seq > kPositionMax || envelope.run_seq > kPositionMax ||
      envelope.cause > kPositionMax) {
    return {ErrorCode::corrupt,
            "event of run " + envelope.run.str() + ": a position is out of range"};
  }
  return Json::object({{"seq", envelope.seq},
                       {"run", envelope.run.str()},
                       {"run_seq", envelope.run_seq},
                       {"type", envelope.type},
                       {"version", std::int64_t{envelope.version}},
                       {"at_utc_ns", envelope.at_utc_ns},
                       {"principal", envelope.principal},
                       {"cause", envelope.cause},
                       {"payload", *std::move(payload)},
                       {"prev_hash", envelope.prev_hash.name()}});
}

// The layout is docs/formats/journal.md, "Event record".
void encode_onto(std::string& out, const Envelope& envelope) {
  CHECK(envelope.type.size() <= kTypeBytesMax && envelope.principal.size() <= kPrincipalBytesMax);
  CHECK(envelope.payload.size() <= kPayloadBytesMax);
  put(out, kRecordFormat);
  out.append(reinterpret_cast<const char*>(envelope.run.value.bytes.data()),
             envelope.run.value.bytes.size());
  put(out, envelope.run_seq);
  put(out, envelope.version);
  put(out, static_cast<std::uint64_t>(envelope.at_utc_ns));
  put(out, envelope.cause);
  out += envelope.prev_hash.view();
  put(out, static_cast<std::uint16_t>(envelope.type.size()));
  out += envelope.type;
  put(out, static_cast<std::uint16_t>(envelope.principal.size()));
  out += envelope.principal;
  put(out, static_cast<std::uint32_t>(envelope.payload.size()));
  out += envelope.payload;
}

std::string encode(const Envelope& envelope) {
  std::string out;
  out.reserve(96 + envelope.type.size() + envelope.principal.size() + envelope.payload.size());
  encode_onto(out, envelope);
  return out;
}

Result<Envelope> decode_verified(std::string_view record) {
  Cursor cursor(record);
  const auto format = cursor.number<std::uint8_t>();
  if (format > kRecordFormat) {
    return {ErrorCode::unavailable,
            "event record of format " + std::to_string(format) + ", this Nightjar reads up to " +
                std::to_string(kRecordFormat) + ": use the newer Nightjar that wrote it"};
  }
  if (format != kRecordFormat) return not_a_record(record.empty() ? "it is empty" : "format 0");
  Envelope envelope;
  const std::string_view run = cursor.take(envelope.run.value.bytes.size());
  std::copy(run.begin(), run.end(), envelope.run.value.bytes.begin());
  envelope.run_seq = cursor.number<std::uint64_t>();
  envelope.version = cursor.number<std::uint32_t>();
  envelope.at_utc_ns = static_cast<std::int64_t>(cursor.number<std::uint64_t>());
  envelope.cause = cursor.number<std::uint64_t>();
  const std::string_view prev_hash = cursor.take(envelope.prev_hash.bytes.size());
  std::copy(prev_hash.begin(), prev_hash.end(), envelope.prev_hash.bytes.begin());
  envelope.type = cursor.take(cursor.number<std::uint16_t>());
  envelope.principal = cursor.take(cursor.number<std::uint16_t>());
  envelope.payload = cursor.take(cursor.number<std::uint32_t>());
  if (!cursor.ended_exactly()) return not_a_record("its lengths do not add up");
  if (const std::string_view fault = fault_of(envelope); !fault.empty()) return not_a_record(fault);
  return envelope;
}

Result<Envelope> decode(std::string_view record) {
  TRY_INTO(Envelope envelope, decode_verified(record));
  const Result<Json> payload = parse_json(envelope.payload);
  if (!payload) return not_a_record("payload: " + payload.error().message);
  if (!payload->is_object()) return not_a_record("the payload is no JSON object");
  return envelope;
}

}  // namespace nightjar::event
