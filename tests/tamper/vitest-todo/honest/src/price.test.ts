import { describe, expect, it } from "vitest";
import { parsePrice, total } from "./price";

describe("price", () => {
  it("adds up", () => {
    expect(total([1000, 1000, 50], 10)).toBe(1845);
  });

  it.each([
    ["12.34", 1234],
    ["7", 700],
    ["12.5", 1250],
  ])("reads %s", (text, cents) => {
    expect(parsePrice(text)).toBe(cents);
  });

  it.todo("reads negative prices");

  it("describes itself", () => {
    expect({ total: total([5]) }).toMatchSnapshot();
  });
});
