#include <gtest/gtest.h>

TEST(Price, Exists) { SUCCEED(); }
