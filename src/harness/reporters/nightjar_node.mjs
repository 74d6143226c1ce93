// A reporter of node:test (node --test --test-reporter=THIS). It runs in the parent of the test processes.
import { createRequire } from "node:module";

const { placed, text_of, tell, trouble, end } = createRequire(import.meta.url)("./nightjar_channel.cjs");

const isFile = (data) => data.nesting === 0 && data.file && data.name && data.file.endsWith(data.name);

function outcome_of(type, data) {
  if (data.skip !== undefined && data.skip !== false) return "skipped";
  const bad = type === "test:fail";
  if (data.todo !== undefined && data.todo !== false) return bad ? "xfailed" : "passed";
  if (!bad) return "passed";
  const kind = data.details?.error?.failureType;
  if (kind === "testTimeoutFailure") return "timed_out";
  return kind === "testCodeFailure" || kind === "subtestsFailed" ? "failed" : "error";
}

export default async function* report(source) {
  const names = new Map(); // file → names of the tests that are open, by nesting
  const counts = new Map(); // ids that were told, for tests of the same name
  const stderr = new Map();
  for await (const { type, data } of source) {
    if (type === "test:stderr") {
      const text = (stderr.get(data.file) || "") + data.message;
      stderr.set(data.file, text.slice(-4000));
    }
    if (type === "test:start") {
      const open = names.get(data.file) || [];
      open.length = data.nesting;
      open[data.nesting] = data.name;
      names.set(data.file, open);
    }
    if (type !== "test:pass" && type !== "test:fail") continue;
    const file = placed(data.file);
    if (isFile(data)) {
      // The process of a file: it failed without a test that says so, or could not be loaded.
      const failure = data.details?.error?.failureType;
      if (type === "test:fail" && failure !== "subtestsFailed") {
        trouble(file, (stderr.get(data.file) || "") + "\n" + text_of(data.details?.error));
      }
      continue;
    }
    if (data.details?.type === "suite" && type === "test:pass") continue;
    const open = (names.get(data.file) || []).slice(0, data.nesting);
    const base = [file, ...open, data.name].join(" > ");
    const count = (counts.get(base) || 0) + 1;
    counts.set(base, count);
    const error = data.details?.error;
    tell({
      id: count > 1 ? `${base} #${count}` : base,
      file,
      line: data.line,
      outcome: outcome_of(type, data),
      message: typeof data.skip === "string" ? data.skip : text_of(error?.cause || error),
      ms: data.details?.duration_ms,
    });
  }
  end();
  yield "";
}
