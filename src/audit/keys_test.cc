#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "audit/ed25519.h"
#include "audit/evidence.h"
#include "audit/testing/sample.h"
#include "base/bytes.h"
#include "base/file.h"

namespace nightjar::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

Statement statement() {
  return {.subjects = {{.name = "x", .digest = {{"sha256", "ab"}}}},
          .predicate_type = "urn:test",
          .predicate = Json::object()};
}

int mode_of(const std::string& path) {
  struct stat info{};
  EXPECT_EQ(::stat(path.c_str(), &info), 0);
  return static_cast<int>(info.st_mode & 07777U);
}

TEST(SigningKey, ComesBackFromItsFile) {
  const testing::Folder folder;
  const std::string path = folder.path() + "/key.pem";
  const SigningKey key = testing::new_key();

  ASSERT_TRUE(key.write(path));
  const auto read = SigningKey::read(path);

  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->key_id(), key.key_id());
  EXPECT_EQ(read->public_pem(), key.public_pem());
  EXPECT_EQ(mode_of(path), 0600);
}

TEST(SigningKey, IsNeverWrittenOverAFile) {
  const testing::Folder folder;
  const std::string path = folder.path() + "/key.pem";
  ASSERT_TRUE(write_file_atomically(path, "precious", 0600));

  const auto written = testing::new_key().write(path);

  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::conflict);
  EXPECT_EQ(read_file(path, 100).value(), "precious");
}

TEST(SigningKey, IsRefusedWhenOthersCanReadIt) {
  const testing::Folder folder;
  const std::string path = folder.path() + "/key.pem";
  ASSERT_TRUE(testing::new_key().write(path));
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);

  EXPECT_EQ(SigningKey::read(path).error().code, ErrorCode::denied);
}

TEST(SigningKey, IsRefusedWhenItIsNone) {
  const testing::Folder folder;
  const std::string path = folder.path() + "/key.pem";
  const SigningKey key = testing::new_key();
  // The last one is encrypted: nobody must be asked for its password.
  for (const std::string& text :
       {std::string(), std::string("text"), key.public_pem(),
        std::string("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        std::string("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                    "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgwmkGDKhnNbwICCAAw\n"
                    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEOrcMmAIzEx5aqAQaYDhBBUEQEE2\n"
                    "-----END ENCRYPTED PRIVATE KEY-----\n")}) {
    ASSERT_TRUE(write_file_atomically(path, text, 0600));
    EXPECT_EQ(SigningKey::read(path).error().code, ErrorCode::invalid_input) << text;
  }
  EXPECT_EQ(SigningKey::read(folder.path() + "/none").error().code, ErrorCode::not_found);
}

// RFC 8032, section 7.1, test 2.
TEST(PublicKey, VerifiesTheStandardsExample) {
  const std::string der = from_hex(
                              "302a300506032b6570032100"
                              "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
                              .value();
  const auto key = PublicKey::parse(
      "-----BEGIN PUBLIC KEY-----\n"
      "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n"
      "-----END PUBLIC KEY-----\n");
  const std::string signature =
      from_hex(
          "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
          "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
          .value();

  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->id(), sha256_hex(der));
  EXPECT_TRUE(key->verifies("\x72", signature));
  EXPECT_FALSE(key->verifies("\x73", signature));
  EXPECT_FALSE(key->verifies("\x72", signature.substr(1)));
  EXPECT_FALSE(key->verifies("\x72", ""));
}

TEST(PublicKey, IsOfOneKindAlone) {
  // P-256.
  const auto other = PublicKey::parse(
      "-----BEGIN PUBLIC KEY-----\n"
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n"
      "6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n"
      "-----END PUBLIC KEY-----\n");

  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().message, "not a public Ed25519 key in PEM");
}

TEST(KeyRing, MakesItsKeyAtItsFirstUse) {
  const testing::Folder folder;
  KeyRing ring(folder.path() + "/keys");
  EXPECT_THAT(ring.public_keys_pem().value(), ElementsAre());

  const auto first = ring.signing_key();
  const auto second = KeyRing(folder.path() + "/keys").signing_key();

  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->key_id(), second->key_id());
  EXPECT_EQ(mode_of(folder.path() + "/keys"), 0700);
  EXPECT_EQ(mode_of(folder.path() + "/keys/signing.pem"), 0600);
}

TEST(KeyRing, KeepsOldEvidenceVerifiable) {
  const testing::Folder folder;
  KeyRing ring(folder.path());
  const auto first = ring.signing_key();
  ASSERT_TRUE(first);
  const std::string old = sign(statement(), *first).value();

  const auto second = ring.rotate();
  ASSERT_TRUE(second) << second.error().message;
  const auto third = ring.rotate();
  ASSERT_TRUE(third);

  const auto pems = ring.public_keys_pem();
  ASSERT_TRUE(pems) << pems.error().message;
  EXPECT_EQ(pems->front(), third->public_pem());
  EXPECT_THAT(*pems,
              UnorderedElementsAre(first->public_pem(), second->public_pem(), third->public_pem()));
  EXPECT_EQ(verify(old, *pems).value().key_id, first->key_id());
  EXPECT_EQ(ring.signing_key().value().key_id(), third->key_id());
  EXPECT_EQ(mode_of(folder.path() + "/signing.pem"), 0600);
}

// The power may go between the two steps of a rotation.
TEST(KeyRing, NamesTheCurrentKeyOnceAfterHalfARotation) {
  const testing::Folder folder;
  KeyRing ring(folder.path());
  const auto key = ring.signing_key();
  ASSERT_TRUE(key);
  ASSERT_TRUE(make_directories(folder.path() + "/retired", 0700));
  ASSERT_TRUE(write_file_atomically(folder.path() + "/retired/" + key->key_id() + ".pub",
                                    key->public_pem(), 0644));

  EXPECT_THAT(ring.public_keys_pem().value(), ElementsAre(key->public_pem()));
}

TEST(KeyRing, NoticesAKeyUnderAnothersName) {
  const testing::Folder folder;
  KeyRing ring(folder.path());
  ASSERT_TRUE(ring.rotate());
  ASSERT_TRUE(write_file_atomically(folder.path() + "/retired/" + std::string(64, '0') + ".pub",
                                    testing::new_key().public_pem(), 0644));

  const auto pems = ring.public_keys_pem();

  ASSERT_FALSE(pems);
  EXPECT_EQ(pems.error().code, ErrorCode::corrupt);
  EXPECT_THAT(pems.error().message, HasSubstr("another key than its name says"));
}

}  // namespace
}  // namespace nightjar::audit
