#include "price.h"

#include <gtest/gtest.h>

TEST(Total, IsNothingOfNothing) { EXPECT_EQ(total({}, 0), 0); }

TEST(Total, TakesADiscount) {
  EXPECT_EQ(total({1000, 1000, 50}, 10), 1845);
}

TEST(ParsePrice, ReadsTwoDecimals) {
  EXPECT_EQ(parse_price("12.34"), 1234);
  EXPECT_EQ(parse_price("7"), 700);
}

TEST(ParsePrice, ReadsOneDecimal) {
  EXPECT_EQ(parse_price("12.5"), 1250);
}

TEST(Mean, IsTheMiddle) {
  EXPECT_NEAR(mean({1, 2, 4}), 2.3333333, 1e-6);
}
