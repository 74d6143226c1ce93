// Lines that ran, from what NODE_V8_COVERAGE left in a folder: node THIS FOLDER
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { fileURLToPath } = require('node:url');
const { orders, say, fileOf } = require('./nightjar_channel.cjs');

/** Whether each character ran: inner ranges stand above outer ones. */
function paint(length, functions) {
  const ran = new Uint8Array(length).fill(1);
  const ranges = functions.flatMap((one) => one.ranges);
  ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  for (const { startOffset, endOffset, count } of ranges) ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  return ran;
}

/** A line that holds nothing but comment or a closing bracket cannot run. */
function linesOf(text, ran, seen) {
  let offset = 0;
  let comment = false;
  text.split('\n').forEach((line, index) => {
    const code = line.trim();
    const inside = comment;
    if (!inside && code.startsWith('/*')) comment = true;
    const was = comment;
    if (comment && code.includes('*/')) comment = false;
    if (code !== '' && !was && !code.startsWith('//') && !/^[\])};,]+$/.test(code)) {
      seen.executable.add(index + 1);
      const first = offset + line.indexOf(code[0]);
      if (ran[first] || ran[offset + line.trimEnd().length - 1]) seen.executed.add(index + 1);
    }
    offset += line.length + 1;
  });
}

const wanted = new Set(orders.coverage);
const files = new Map();
for (const name of fs.existsSync(process.argv[2]) ? fs.readdirSync(process.argv[2]) : []) {
  let report;
  try {
    report = JSON.parse(fs.readFileSync(path.join(process.argv[2], name), 'utf8'));
  } catch {
    continue; // A process that was killed while writing.
  }
  for (const { url, functions } of report.result || []) {
    if (!url.startsWith('file://')) continue;
    const full = fileURLToPath(url);
    const file = fileOf(full);
    if (!wanted.has(file)) continue;
    const text = fs.readFileSync(full, 'utf8');
    if (!files.has(file)) files.set(file, { executable: new Set(), executed: new Set() });
    linesOf(text, paint(text.length, functions), files.get(file));
  }
}
for (const [file, seen] of files) {
  say('cover', { file, executable: [...seen.executable], executed: [...seen.executed] });
}
say('end', { tests: 0 });
