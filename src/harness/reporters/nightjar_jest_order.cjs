// The order of jest's files: by name, or the other way around. Jest's own depends on what ran before, and how long.
'use strict';
const path = require('node:path');
const { reversed } = require(path.join(__dirname, 'nightjar_jest.cjs'));

module.exports = class {
  sort(tests) {
    const sorted = [...tests].sort((a, b) => (a.path < b.path ? -1 : 1));
    return reversed ? sorted.reverse() : sorted;
  }
  shard(tests) {
    return tests;
  }
  allFailedTests(tests) {
    return tests;
  }
  cacheResults() {}
};
