/** Prices in cents. */
export function total(amounts: number[], discount = 0): number {
  const sum = amounts.reduce((a, b) => a + b, 0);
  return sum - Math.floor((sum * discount) / 100);
}

export function parsePrice(text: string): number {
  const [whole, rest = ""] = text.split(".");
  return Number(whole) * 100 + Number(rest || 0);
}
