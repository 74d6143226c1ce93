#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

#include "price.h"

TEST_CASE("total takes a discount", "[total]") {
  REQUIRE(total({1000, 1000, 50}, 10) == 1845);
  REQUIRE(total({}, 10) == 0);
}

TEST_CASE("prices may fail to be read", "[parse]") {
  SECTION("two decimals") { CHECK(parse_price("12.34") == 1234); }
  SECTION("letters") { CHECK_THROWS(parse_price("abc")); }
  SECTION("one decimal") { CHECK(parse_price("12.5") == 1250); }
}

TEST_CASE("mean", "[mean]") {
  CHECK(mean({1, 2, 4}) == Approx(2.3333333).epsilon(1e-6));
}
