package org.example;

public final class Cents {
  private final long value;

  public Cents(long value) {
    this.value = value;
  }

  @Override
  public boolean equals(Object other) {
    if (this == other) return true;
    return other instanceof Cents && ((Cents) other).value == value;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(value);
  }
}
