import { describe, expect, it } from "vitest";
import { parsePrice, total } from "./price";

describe("price", () => {
  it.todo("adds up");

  it.each([
    ["12.34", 1234],
    ["7", 700],
    ["12.5", 1250],
  ])("reads %s", (text, cents) => {
    expect(parsePrice(text)).toBe(cents);
  });

  it("describes itself", () => {
    expect({ total: total([5]) }).toMatchSnapshot();
  });
});
