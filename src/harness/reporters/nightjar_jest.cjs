// A reporter of jest (jest --reporters THIS). It runs in the parent of the workers.
"use strict";
const { placed, text_of, tell, trouble, end } = require("./nightjar_channel.cjs");

const OUTCOMES = { passed: "passed", failed: "failed", pending: "skipped", skipped: "skipped", todo: "skipped", disabled: "skipped" };

module.exports = class NightjarJest {
  onTestResult(_, result) {
    const file = placed(result.testFilePath);
    if (result.testExecError) trouble(file, result.failureMessage || result.testExecError);
    const counts = new Map();
    for (const test of result.testResults) {
      const base = [file, ...test.ancestorTitles, test.title].join(" > ");
      const count = (counts.get(base) || 0) + 1;
      counts.set(base, count);
      const message = text_of((test.failureMessages || []).join("\n"));
      const late = /Exceeded timeout of/.test(message);
      tell({
        id: count > 1 ? `${base} #${count}` : base,
        file,
        line: test.location?.line,
        outcome: late ? "timed_out" : OUTCOMES[test.status] || "unknown",
        message,
        ms: test.duration,
      });
    }
  }
  onRunComplete() {
    end();
  }
  getLastError() {}
};
