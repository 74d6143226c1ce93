package org.example;

/** Prices in cents. */
public final class Price {
  private Price() {}

  public static long total(long[] amounts, int discount) {
    long sum = 0;
    for (long amount : amounts) sum += amount;
    return sum - sum * discount / 100;
  }

  public static long parse(String text) {
    int dot = text.indexOf('.');
    if (dot < 0) return Long.parseLong(text) * 100;
    return Long.parseLong(text.substring(0, dot)) * 100 + Long.parseLong((text.substring(dot + 1) + "0").substring(0, 2));
  }
}
