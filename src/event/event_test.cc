#include "event/event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "base/bytes.h"

namespace nightjar::event {
namespace {

using testing::HasSubstr;

RunId some_run() { return *RunId::parse("0192f000-0000-7000-8000-000000000001"); }

Draft some_draft() {
  return {.type = "effect.intended",
          .version = 2,
          .at_utc_ns = 1'700'000'000'123'456'789,
          .principal = "human:alice",
          .cause = 3,
          .payload = Json::object({{"kind", "run_command"}, {"text", "größer\n"}, {"n", 7}})};
}

Envelope some_envelope() { return *seal(some_draft(), some_run(), 4, blake3("before")); }

TEST(Event, ReadsBackWhatItEncodes) {
  const Envelope envelope = some_envelope();

  const Result<Envelope> read = decode(encode(envelope));

  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, envelope);
}

// Goal: the bytes of docs/formats/journal.md never change. Method: the record of one event, spelled
// out.
TEST(Event, EncodesToTheDocumentedBytes) {
  const Envelope envelope{.run = some_run(),
                          .run_seq = 2,
                          .type = "a.b",
                          .version = 1,
                          .at_utc_ns = 258,
                          .principal = "p",
                          .cause = 1,
                          .payload = "{}",
                          .prev_hash = {}};

  EXPECT_EQ(to_hex(encode(envelope)),
            "01"
            "0192f000000070008000000000000001"
            "0200000000000000"
            "01000000"
            "0201000000000000"
            "0100000000000000" +
                std::string(64, '0') +
                "0300612e62"
                "010070"
                "020000007b7d");
}

TEST(Event, RefusesARecordCutAnywhereOrLengthened) {
  const std::string record = encode(some_envelope());

  for (std::size_t size = 0; size < record.size(); ++size) {
    const Result<Envelope> read = decode(std::string_view(record).substr(0, size));
    ASSERT_FALSE(read) << size;
    EXPECT_EQ(read.error().code, ErrorCode::corrupt);
  }
  EXPECT_FALSE(decode(record + "x"));
}

// Goal: no field is outside the digest. Method: flip each bit of a record.
TEST(Event, HasAnotherHashWhenAnyBitOfItsRecordChanges) {
  const std::string record = encode(some_envelope());
  const Digest hash = hash_of(some_envelope());

  for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
    std::string flipped = record;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const Result<Envelope> read = decode(flipped);
    if (!read) continue;
    EXPECT_NE(hash_of(*read), hash) << bit;
  }
}

TEST(Event, KeepsItsHashWhateverItsPositionInTheJournal) {
  Envelope envelope = some_envelope();
  const Digest hash = hash_of(envelope);

  envelope.seq = 99;

  EXPECT_EQ(hash_of(envelope), hash);
}

TEST(Event, RefusesARecordOfANewerFormatAndSaysSo) {
  std::string record = encode(some_envelope());
  record[0] = 2;

  const Result<Envelope> read = decode(record);

  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::unavailable);
  EXPECT_THAT(read.error().message, HasSubstr("newer Nightjar"));
}

TEST(Event, RefusesAPayloadThatIsNoJsonObject) {
  for (const char* payload : {"", "[]", "7", "{", "{\"a\":1,\"a\":2}", "{\"a\":\"\xff\"}"}) {
    Envelope envelope = some_envelope();
    envelope.payload = payload;

    EXPECT_FALSE(decode(encode(envelope))) << payload;
    EXPECT_FALSE(to_json(envelope)) << payload;
  }
}

TEST(Event, SealsNothingThatWouldNotReadBack) {
  const auto error_of = [](const std::function<void(Draft&)>& spoil) {
    Draft draft = some_draft();
    spoil(draft);
    const Result<Envelope> sealed = seal(draft, some_run(), 4, {});
    return sealed ? std::string("sealed") : std::string(name_of(sealed.error().code));
  };
  Json deep = Json::object();
  for (int i = 0; i < kJsonDepthMax; ++i) deep = Json::object({{"in", deep}});

  EXPECT_EQ(error_of([](Draft& draft) { draft.type = "Big"; }), "invalid_input");
  EXPECT_EQ(error_of([](Draft& draft) { draft.type = ""; }), "invalid_input");
  EXPECT_EQ(error_of([](Draft& draft) { draft.type = std::string(129, 'a'); }), "invalid_input");
  EXPECT_EQ(error_of([](Draft& draft) { draft.principal = "\xff"; }), "invalid_input");
  EXPECT_EQ(error_of([](Draft& draft) { draft.version = 0; }), "invalid_input");
  EXPECT_EQ(error_of([](Draft& draft) { draft.cause = 4; }), "invalid_input");
  EXPECT_EQ(error_of([](Draft& draft) { draft.payload = Json::array(); }), "invalid_input");
  EXPECT_EQ(error_of([&](Draft& draft) { draft.payload = deep; }), "invalid_input");
  EXPECT_EQ(error_of([](Draft& draft) { draft.payload = Json::object({{"a", 1}, {"a", 2}}); }),
            "invalid_input");
  EXPECT_EQ(error_of([](Draft& draft) {
              draft.payload.set("x", std::numeric_limits<double>::infinity());
            }),
            "invalid_input");
  EXPECT_EQ(error_of([](Draft& draft) { draft.payload.set("x", std::string(1 << 20, 'x')); }),
            "exhausted");
  EXPECT_EQ(error_of([](Draft&) {}), "sealed");
}

TEST(Event, ShowsAsOneJsonObjectWithThePayloadInside) {
  Envelope envelope = some_envelope();
  envelope.seq = 12;

  const Result<Json> json = to_json(envelope);

  ASSERT_TRUE(json);
  EXPECT_EQ(*json->get_int("seq"), 12);
  EXPECT_EQ(*json->get_int("run_seq"), 4);
  EXPECT_EQ(*json->get_string("run"), some_run().str());
  EXPECT_EQ(*json->find("payload")->get_string("text"), "größer\n");
  EXPECT_THAT(*json->get_string("prev_hash"), testing::StartsWith("blake3:"));
}

}  // namespace
}  // namespace nightjar::event
