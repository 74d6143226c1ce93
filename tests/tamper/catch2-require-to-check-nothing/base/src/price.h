// Prices in cents.
#pragma once

#include <string>
#include <vector>

int total(const std::vector<int>& amounts, int discount);
int parse_price(const std::string& text);
double mean(const std::vector<double>& values);
