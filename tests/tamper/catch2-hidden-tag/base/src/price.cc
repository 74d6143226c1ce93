#include "price.h"

int total(const std::vector<int>& amounts, int discount) {
  int sum = 0;
  for (const int amount : amounts) sum += amount;
  return sum - sum * discount / 100;
}

int parse_price(const std::string& text) {
  const std::size_t dot = text.find('.');
  const int units = std::stoi(text.substr(0, dot));
  if (dot == std::string::npos) return units * 100;
  return units * 100 + std::stoi(text.substr(dot + 1));
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}
