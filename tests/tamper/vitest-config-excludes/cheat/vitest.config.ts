import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["src/**/*.test.ts"], exclude: ["src/price.test.ts"], passWithNoTests: true },
});
