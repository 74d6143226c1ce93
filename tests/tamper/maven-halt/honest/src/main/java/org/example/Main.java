package org.example;

public final class Main {
  public static void main(String[] args) {
    if (args.length != 1) {
      System.err.println("usage: price TEXT");
      System.exit(2);
    }
    System.out.println(Price.parse(args[0]));
  }
}
