// Lines from the block coverage that V8 leaves (NODE_V8_COVERAGE): node THIS FOLDER PROJECT FILE… prints one
// {"file", "executable", "executed"} a line. Only of files that ran as they are, without a transformation.
"use strict";
const fs = require("fs");
const path = require("path");
const { fileURLToPath } = require("url");

const [folder, project, ...wanted] = process.argv.slice(2);
const real = fs.realpathSync(project);
const found = new Map();

/// Counts by character: what is inside overrides what is around.
function executed_characters(text, functions) {
  const counts = new Int8Array(text.length).fill(-1);
  const ranges = functions.flatMap((one) => one.ranges);
  ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  for (const { startOffset, endOffset, count } of ranges) counts.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  return counts;
}

function add(name, text, functions) {
  const counts = executed_characters(text, functions);
  const file = found.get(name) || { executable: new Set(), executed: new Set() };
  let at = 0;
  text.split("\n").forEach((line, index) => {
    const first = line.search(/\S/);
    if (first >= 0 && !/^\s*(?:\/\/|\/?\*|[{}()[\];,]*\s*$)/.test(line) && counts[at + first] >= 0) {
      file.executable.add(index + 1);
      if (counts[at + first] > 0) file.executed.add(index + 1);
    }
    at += line.length + 1;
  });
  found.set(name, file);
}

for (const entry of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
  let report;
  try {
    report = JSON.parse(fs.readFileSync(path.join(folder, entry), "utf8"));
  } catch {
    continue;
  }
  for (const script of report.result || []) {
    if (!script.url.startsWith("file:")) continue;
    const name = path.relative(real, fileURLToPath(script.url));
    if (wanted.includes(name)) add(name, fs.readFileSync(path.join(real, name), "utf8"), script.functions);
  }
}
for (const [file, { executable, executed }] of found) {
  process.stdout.write(JSON.stringify({ file, executable: [...executable], executed: [...executed] }) + "\n");
}
