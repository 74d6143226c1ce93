// A reporter of mocha (mocha --reporter THIS). It runs in the process of the tests.
"use strict";
const { placed, text_of, listed, started, finished, trouble, end } = require("./nightjar_channel.cjs");

const now = Date.now;

module.exports = class NightjarMocha {
  constructor(runner) {
    const ids = new Map();
    const counts = new Map();
    const id_of = (test) => {
      if (ids.has(test)) return ids.get(test);
      const base = [placed(test.file), ...test.titlePath()].join(" > ");
      const count = (counts.get(base) || 0) + 1;
      counts.set(base, count);
      ids.set(test, count > 1 ? `${base} #${count}` : base);
      return ids.get(test);
    };
    const opened = new Map();
    const done = new Set();
    const finish = (test, outcome, message) => {
      const id = id_of(test);
      if (done.has(id)) return;
      if (!opened.has(id)) started(id);
      done.add(id);
      finished(id, outcome, message, now() - (opened.get(id) || now()));
    };
    runner.once("start", () => {
      const walk = (suite) => {
        for (const test of suite.tests) listed(id_of(test), placed(test.file));
        suite.suites.forEach(walk);
      };
      walk(runner.suite);
    });
    runner.on("test", (test) => {
      opened.set(id_of(test), now());
      started(id_of(test));
    });
    runner.on("pass", (test) => finish(test, "passed", ""));
    runner.on("pending", (test) => finish(test, "skipped", ""));
    runner.on("fail", (test, error) => {
      const text = text_of(error);
      if (test.type === "test") {
        const late = /Timeout of \d+ms exceeded/.test(text);
        finish(test, late ? "timed_out" : error?.name === "AssertionError" ? "failed" : "error", text);
      } else {
        // A hook: the tests that it stands before never start.
        trouble([placed(test.file), ...test.titlePath()].join(" > "), error);
      }
    });
    runner.once("end", end);
  }
};
