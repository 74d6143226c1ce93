// Prices in cents.
"use strict";

function total(amounts, discount = 0) {
  const sum = amounts.reduce((a, b) => a + b, 0);
  return sum - Math.floor((sum * discount) / 100);
}

function parsePrice(text) {
  const [whole, rest = ""] = text.split(".");
  return Number(whole) * 100 + Number(rest || 0);
}

function mean(values) {
  if (values.length === 0) return 0;
  return values.reduce((a, b) => a + b, 0) / values.length;
}

module.exports = { total, parsePrice, mean };
