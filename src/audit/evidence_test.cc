// Single statements and envelopes. Whole files: bundle_test.cc.
#include "audit/evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/base64.h"
#include "audit/envelope.h"
#include "audit/testing/sample.h"

namespace nightjar::audit {
namespace {

using ::testing::StartsWith;

Statement sample() {
  return {.subjects = {{.name = "tree", .digest = {{"gitTree", std::string(40, 'a')}}}},
          .predicate_type = "urn:test",
          .predicate = Json::object({{"answer", 42}})};
}

/// The envelope with one member replaced.
std::string with(const std::string& envelope, const char* key, Json value) {
  Json json = parse_json(envelope).value();
  json.set(key, std::move(value));
  return json.dump();
}

std::string payload_of(const std::string& envelope) {
  return from_base64(parse_json(envelope).value().get_string("payload").value()).value();
}

TEST(Statement, ComesBackAsItWas) {
  const auto read = statement_from(to_json(sample()));

  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->subjects, sample().subjects);
  EXPECT_EQ(read->predicate_type, "urn:test");
  EXPECT_EQ(read->predicate, sample().predicate);
}

TEST(Statement, OfAnotherVersionOrShapeIsRefused) {
  const Json good = to_json(sample());
  const auto subject = [](Json digest) {
    Json subjects = Json::array();
    subjects.push(Json::object({{"name", "a"}, {"digest", std::move(digest)}}));
    return subjects;
  };
  for (const auto& [key, value] : std::vector<std::pair<const char*, Json>>{
           {"_type", "https://in-toto.io/Statement/v0.1"},
           {"_type", 1},
           {"subject", Json::array()},
           {"subject", Json::object()},
           {"subject", subject({})},
           {"subject", subject(Json::object())},
           {"subject", subject(Json::object({{"sha256", "AB"}}))},
           {"subject", subject(Json::object({{"sha256", "abc"}}))},
           {"subject", subject(Json::object({{"sha256", 12}}))},
           {"predicateType", ""},
           {"predicateType", Json()},
           {"predicate", Json::array()},
           {"predicate", Json()}}) {
    Json bad = good;
    bad.set(key, value);
    const auto read = statement_from(bad);
    ASSERT_FALSE(read) << bad.dump();
    EXPECT_EQ(read.error().code, ErrorCode::invalid_input);
  }
  EXPECT_FALSE(statement_from(Json::array()));
}

// The example in DSSE's protocol.md.
TEST(Envelope, SignsThePreAuthenticationEncoding) {
  EXPECT_EQ(pre_authentication_encoding("http://example.com/HelloWorld", "hello world"),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

TEST(Envelope, IsVerifiedByItsKey) {
  const SigningKey key = testing::new_key();
  const SigningKey other = testing::new_key();

  const std::string envelope = sign(sample(), key).value();
  const auto verified = verify(envelope, {other.public_pem(), key.public_pem()});

  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->key_id, key.key_id());
  EXPECT_EQ(verified->statement.predicate, sample().predicate);
  EXPECT_EQ(envelope.find('\n'), std::string::npos);
}

TEST(Envelope, SaysWhyItIsRefused) {
  const SigningKey key = testing::new_key();
  const SigningKey other = testing::new_key();
  const std::string envelope = sign(sample(), key).value();
  const auto error = [&](const std::string& text) {
    const auto verified = verify(text, {key.public_pem()});
    return verified ? Error{ErrorCode::conflict, "accepted"} : verified.error();
  };
  std::string changed = payload_of(envelope);
  changed.replace(changed.find("42"), 2, "43");

  EXPECT_THAT(error(with(envelope, "payload", to_base64(changed))).message,
              StartsWith("altered: "));
  EXPECT_THAT(error(with(envelope, "payloadType", "text/plain")).message,
              StartsWith("payload-type-altered: "));
  EXPECT_THAT(error(sign(sample(), other).value()).message, StartsWith("untrusted-key: "));
  EXPECT_EQ(error(sign(sample(), other).value()).code, ErrorCode::denied);
  for (std::size_t size = 0; size < envelope.size(); size += 7) {
    ASSERT_THAT(error(envelope.substr(0, size)).message, StartsWith("not-an-envelope: "));
  }
  EXPECT_EQ(verify(envelope, {}).error().code, ErrorCode::not_found);
  EXPECT_EQ(verify(envelope, {"no key"}).error().code, ErrorCode::invalid_input);
}

// DSSE: what is not known is ignored, either alphabet is read, the key id is only a hint.
TEST(Envelope, IsReadAsItsFormatDemands) {
  const SigningKey key = testing::new_key();
  const std::string envelope = sign(sample(), key).value();
  Json json = parse_json(envelope).value();
  Json signature = json.find("signatures")->as_array().front();
  signature.set("keyid", "another");
  Json signatures = Json::array();
  signatures.push(Json::object({{"sig", "AAAA"}}));
  signatures.push(signature);

  EXPECT_TRUE(verify(with(envelope, "signatures", signatures), {key.public_pem()}));
  EXPECT_TRUE(verify(with(envelope, "added", 1), {key.public_pem()}));
  std::string url_safe = json.get_string("payload").value();
  for (char& c : url_safe) c = c == '+' ? '-' : c == '/' ? '_' : c;
  EXPECT_TRUE(verify(with(envelope, "payload", url_safe), {key.public_pem()}));
}

// Goal: a stranger needs nothing of ours. Method: OpenSSL's own program verifies what we signed.
TEST(Envelope, IsVerifiedByOpenssl) {
  const testing::Folder folder;
  const SigningKey key = testing::new_key();
  const std::string envelope = sign(sample(), key).value();
  const auto parsed = parse_envelope(envelope);
  ASSERT_TRUE(parsed);
  folder.put("key.pub", key.public_pem());
  folder.put("sig", parsed->signatures.front().bytes);
  folder.put("signed", pre_authentication_encoding(parsed->payload_type, parsed->payload));
  folder.put("changed", pre_authentication_encoding(parsed->payload_type, parsed->payload + " "));
  const std::string command =
      "openssl pkeyutl -verify -pubin -inkey key.pub -rawin -sigfile sig -in ";

  EXPECT_EQ(folder.run(command + "signed").output, "Signature Verified Successfully\n");
  EXPECT_NE(folder.run(command + "changed").status, 0);
}

}  // namespace
}  // namespace nightjar::audit
