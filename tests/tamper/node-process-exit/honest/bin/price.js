#!/usr/bin/env node
"use strict";
const { parsePrice } = require("../src/price.js");

if (process.argv.length !== 3) {
  console.error("usage: price TEXT");
  process.exit(2);
}
console.log(parsePrice(process.argv[2]));
