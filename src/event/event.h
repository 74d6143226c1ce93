// The envelope that every recorded fact travels in, and the hash chain of a run.
//
// Bytes on disk and the digest's input: docs/formats/journal.md. Values; any thread.
// Readers upgrade old versions of a payload; an unknown newer one refuses to open and says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/id.h"
#include "base/json.h"
#include "base/result.h"

namespace nightjar::event {

/// Larger content is a blob, named by its digest.
inline constexpr std::size_t kPayloadBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kTypeBytesMax = 128;       // of a-z 0-9 . _
inline constexpr std::size_t kPrincipalBytesMax = 256;  // of UTF-8
/// The first byte of a record: its layout. Newer ones are refused.
inline constexpr std::uint8_t kRecordFormat = 1;

/// What somebody wants recorded; the journal adds the rest.
struct Draft {
  std::string type;           // "effect.intended"
  std::uint32_t version = 1;  // of the payload's shape
  std::int64_t at_utc_ns = 0;
  std::string principal;    // who: "factory", "human:alice", "engineer:reasoner"
  std::uint64_t cause = 0;  // run_seq of the event that led to this one; 0: none
  Json payload;             // an object of at most kPayloadBytesMax as text
};

struct Envelope {
  std::uint64_t seq = 0;  // position in the journal, from 1, no gaps
  RunId run;
  std::uint64_t run_seq = 0;  // position in the run, from 1, no gaps
  std::string type;
  std::uint32_t version = 1;
  std::int64_t at_utc_ns = 0;
  std::string principal;
  std::uint64_t cause = 0;
  std::string payload;  // JSON text exactly as recorded; parsed on demand
  Digest prev_hash;     // digest of the run's event before this one; zero for the first

  friend bool operator==(const Envelope&, const Envelope&) = default;
};

/// The draft as the event at `run_seq` of `run`, with seq still 0. Errors: invalid_input (names the
/// field), exhausted (payload over the limit).
Result<Envelope> seal(const Draft& draft, const RunId& run, std::uint64_t run_seq,
                      const Digest& prev_hash);

/// BLAKE3 over the canonical encoding of every field but `seq`.
Digest hash_of(const Envelope& envelope);

/// The envelope as one JSON object with the payload inline, for --json and people.
Result<Json> to_json(const Envelope& envelope);

/// The journal's binary record of an envelope without `seq`; also the digest's input.
std::string encode(const Envelope& envelope);
void encode_onto(std::string& out, const Envelope& envelope);
/// Errors: corrupt (not such a record: too short, bad lengths, bad UTF-8, payload no JSON object);
/// unavailable (a newer Nightjar wrote it). Accepted bytes encode to themselves.
Result<Envelope> decode(std::string_view record);
/// The same without parsing the payload: for records whose digest was verified.
Result<Envelope> decode_verified(std::string_view record);

}  // namespace nightjar::event
