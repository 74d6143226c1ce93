#include "audit/base64.h"

#include <gtest/gtest.h>

namespace nightjar::audit {
namespace {

// RFC 4648, section 10.
TEST(Base64, GivesTheStandardsExamples) {
  for (const auto& [bytes, text] : {std::pair<const char*, const char*>{"", ""},
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"foob", "Zm9vYg=="},
                                    {"fooba", "Zm9vYmE="},
                                    {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text).value(), bytes);
  }
}

TEST(Base64, HoldsEveryByte) {
  std::string bytes;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
    bytes += 'x';
    EXPECT_EQ(from_base64(to_base64(bytes)).value(), bytes);
  }
}

TEST(Base64, IsReadInEitherAlphabetButNotInBoth) {
  EXPECT_EQ(from_base64("+/+/").value(), from_base64("-_-_").value());
  EXPECT_FALSE(from_base64("+/-_"));
}

TEST(Base64, HasOneTextForOneValue) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Z===", "=", "====", "Zh==", "Zm9=", "Zm9v=",
                           "Z g=", "Zg==Zg==", "Zm9v\n", "Zm\xff!"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

}  // namespace
}  // namespace nightjar::audit
