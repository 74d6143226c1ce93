// The report channel of our JavaScript reporters: one JSON object a line (src/harness/events.h).
//
// Orders come on standard input; the descriptor that they name is closed in children by node itself. What is
// needed later is bound here, before any code under test is loaded.
"use strict";
const fs = require("fs");
const path = require("path");

const { writeSync, realpathSync } = fs;
const stringify = JSON.stringify;

const orders = JSON.parse(fs.readFileSync(0, "utf8"));
const { fd, nonce } = orders;
delete orders.nonce;
const wanted = orders.only === null ? null : new Set(orders.only);
const project = realpathSync(orders.project);
let told = 0;

function say(event, members) {
  let line = Buffer.from(stringify({ n: nonce, e: event, ...members }) + "\n");
  try {
    while (line.length > 0) line = line.subarray(writeSync(fd, line));
  } catch {
    // Without its end, the report is not believed.
  }
}

/// Relative to the project; "" for what is outside of it.
function placed(file) {
  if (!file) return "";
  let real = file;
  try {
    real = realpathSync(file);
  } catch {
    // A name that is no file.
  }
  const relative = path.relative(project, real);
  return relative.startsWith("..") ? "" : relative;
}

function text_of(error) {
  if (!error) return "";
  const text = typeof error === "string" ? error : error.stack || error.message || String(error);
  return text.replace(/\x1b\[[0-9;]*m/g, "").slice(0, 1900);
}

/// The package whose absence is behind the text; a path is the project's own.
function missing_in(text) {
  const found = /Cannot find (?:module|package) '([^'./][^']*)'/.exec(text) ||
    /Failed to resolve import "([^"./][^"]*)"/.exec(text);
  if (!found || found[1].startsWith("node:")) return "";
  const parts = found[1].split("/");
  return found[1].startsWith("@") ? parts.slice(0, 2).join("/") : parts[0];
}

const asked = (id) => wanted === null || wanted.has(id);

/// One test from its start to its end.
function tell(test) {
  if (!asked(test.id)) return;
  say("start", { id: test.id, file: test.file, line: test.line || 0 });
  told += 1;
  say("finish", { id: test.id, outcome: test.outcome, message: test.message || "", ms: Math.round(test.ms || 0) });
}

function trouble(file, error) {
  const text = text_of(error);
  if (wanted === null || [...wanted].some((id) => id === file || id.startsWith(file + " > "))) {
    say("trouble", { id: file, message: text, missing: missing_in(text) });
  }
}

module.exports = {
  orders,
  placed,
  text_of,
  tell,
  trouble,
  asked,
  listed: (id, file) => asked(id) && say("listed", { id, file, selected: true }),
  started: (id) => asked(id) && say("start", { id }),
  note: (text) => say("note", { text }),
  end: () => say("end", { tests: told }),
  finished: (id, outcome, message, ms) => {
    if (!asked(id)) return;
    told += 1;
    say("finish", { id, outcome, message, ms: Math.round(ms || 0) });
  },
};
