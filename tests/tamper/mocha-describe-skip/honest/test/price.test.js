const assert = require("assert");
const { total, parsePrice, mean } = require("../src/price.js");

describe("total", function () {
  it("is 0 of nothing", function () {
    assert.strictEqual(total([]), 0);
  });

  it("takes a discount", function () {
    assert.strictEqual(total([1000, 1000, 50], 10), 1845);
  });
});

describe("parsePrice()", function () {
  it("reads two decimals", function () {
    assert.strictEqual(parsePrice("12.34"), 1234);
  });

  it("reads one decimal", function () {
    assert.strictEqual(parsePrice("12.5"), 1250);
  });
});
