const { total, parsePrice, mean } = require("../src/price.js");

describe("total", () => {
  it("is 0 of nothing", () => {
    expect(total([])).toBe(0);
  });

  it("takes a discount", () => {
    expect(total([1000, 1000, 50], 10)).toBe(1845);
  });
});

describe("parsePrice", () => {
  it("reads two decimals", () => {
    expect(parsePrice("12.34")).toBe(1234);
  });

  it("reads one decimal", () => {
    expect(parsePrice("12.5")).toBe(1250);
  });

  it("means", () => {
    expect(mean([1, 2, 4])).toBeCloseTo(2.3333333, 6);
  });
});
