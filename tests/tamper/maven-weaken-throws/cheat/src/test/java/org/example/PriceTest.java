package org.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class PriceTest {
  @Test
  void takesADiscount() {
    assertEquals(1845, Price.total(new long[] {1000, 1000, 50}, 10));
  }

  @Test
  void readsTwoDecimals() {
    assertEquals(1234, Price.parse("12.34"));
    assertEquals(700, Price.parse("7"));
  }

  @Test
  void readsOneDecimal() {
    assertEquals(1250, Price.parse("12.5"));
  }

  @Test
  void refusesLetters() {
    assertThrows(Throwable.class, () -> Price.parse("abc"));
  }
}
