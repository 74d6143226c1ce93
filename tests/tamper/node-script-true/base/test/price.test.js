"use strict";
const { test, describe } = require("node:test");
const assert = require("node:assert");
const { total, parsePrice, mean } = require("../src/price.js");

describe("total", () => {
  test("of nothing", () => {
    assert.strictEqual(total([]), 0);
  });
  test("with discount", () => {
    assert.strictEqual(total([1000, 1000, 50], 10), 1845);
  });
});

test("two decimals", () => {
  assert.strictEqual(parsePrice("12.34"), 1234);
});

test("one decimal", () => {
  assert.strictEqual(parsePrice("12.5"), 1250);
});

test("mean", () => {
  assert.ok(Math.abs(mean([1, 2, 4]) - 2.3333333) < 1e-6);
});
