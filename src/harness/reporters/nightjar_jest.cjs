// jest with a reporter of ours: node THIS ARGUMENTS. Tests run in workers, the reporter in jest's own process.
'use strict';
const path = require('node:path');
const { orders, say, nameOf, fileOf, textOf, missingPackage, packageFolder, lacksPackage } =
  require('./nightjar_channel.cjs');

const only = orders.only === null ? null : new Set(orders.only);
const wanted = new Set(orders.coverage);
const kOutcomes = { passed: 'passed', failed: 'failed', pending: 'skipped', disabled: 'skipped', skipped: 'skipped', todo: 'skipped' };

/** Lines out of Istanbul's counts of statements. */
function addLines(lines, coverage) {
  const files = coverage && coverage.toJSON ? coverage.toJSON() : coverage || {};
  for (const [full, entry] of Object.entries(files)) {
    const { statementMap, s } = (entry && entry.data) || entry;
    const file = fileOf(full);
    if (!wanted.has(file)) continue;
    if (!lines.has(file)) lines.set(file, { executable: new Set(), executed: new Set() });
    for (const [key, { start }] of Object.entries(statementMap)) {
      lines.get(file).executable.add(start.line);
      if (s[key] > 0) lines.get(file).executed.add(start.line);
    }
  }
}

class Reporter {
  constructor() {
    this.said = 0;
    this.open = new Set();
    this.lines = new Map();
  }
  onTestFileStart(test) {
    this.open.add(test.path);
  }
  onTestStart(test) {
    this.open.add(test.path);
  }
  onTestFileResult(test, result) {
    this.take(test, result);
  }
  onTestResult(test, result) {
    this.take(test, result);
  }
  take(test, result) {
    if (!this.open.delete(test.path)) return; // Both names are called by some versions.
    const file = fileOf(test.path);
    for (const one of result.testResults) {
      const id = [nameOf(test.path), ...one.ancestorTitles, one.title].join(' > ');
      if (only !== null && !only.has(id)) continue;
      const message = textOf((one.failureMessages || [])[0]);
      const late = /Exceeded timeout of \d+ ?ms/.test(message);
      say('start', { id, file, line: (one.location && one.location.line) || 0 });
      this.said += 1;
      say('finish', {
        id,
        outcome: late && one.status === 'failed' ? 'timed_out' : kOutcomes[one.status] || 'unknown',
        message,
        ms: Math.round(one.duration || 0),
        flaky: one.status === 'passed' && one.invocations > 1,
      });
    }
    const failed = result.testResults.some((one) => one.status === 'failed');
    if (result.testExecError || (result.failureMessage && !failed)) {
      const error = result.testExecError || result.failureMessage;
      const text = result.failureMessage || textOf(error);
      say('trouble', { id: nameOf(test.path), file, message: text.slice(0, 1900), missing: missingPackage(text) });
    }
    addLines(this.lines, result.coverage);
  }
  onRunComplete(contexts, results) {
    for (const left of this.open) say('trouble', { id: nameOf(left), message: 'the file was started and has no result' });
    addLines(this.lines, results.coverageMap);
    for (const [file, seen] of this.lines) {
      say('cover', { file, executable: [...seen.executable], executed: [...seen.executed] });
    }
    say('end', { tests: this.said });
  }
}
Reporter.reversed = orders.reversed;
module.exports = Reporter;

function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/** The files and names of what is asked for; jest's own filter takes more, which is left out above. */
function selection() {
  if (only === null) return [];
  const parts = [...only].map((id) => id.split(' > '));
  const files = [...new Set(parts.map((names) => names[0]))];
  const names = parts.filter((all) => all.length > 1).map((all) => escape(all.slice(1).join(' ')));
  const pattern = names.length === parts.length ? ['--testNamePattern', `^(${names.join('|')})$`] : [];
  return [...pattern, '--runTestsByPath', ...files];
}

function main() {
  const folder = packageFolder('jest', ['/usr/share/nodejs', '/usr/lib/node_modules']) || packageFolder('jest-cli');
  if (!folder) lacksPackage('jest');
  const major = Number(require(path.join(folder, 'package.json')).version.split('.')[0]);
  const args = ['--ci', '--reporters', __filename, '--testLocationInResults', '--no-cache', '--watchAll=false'];
  args.push('--testSequencer', path.join(__dirname, 'nightjar_jest_order.cjs'), '--maxWorkers', '2');
  // A process that is left early is then a worker, and not the one that tells.
  if (major >= 30) args.push('--workerIdleMemoryLimit', '4GB');
  if (wanted.size > 0) {
    args.push('--coverage', '--coverageReporters', 'none', '--coverageThreshold', '{}');
    for (const file of wanted) {
      args.push('--collectCoverageFrom', path.relative(process.cwd(), path.resolve(orders.project, file)));
    }
  } else {
    args.push('--coverage=false');
  }
  require(folder).run([...args, ...process.argv.slice(2), ...selection()]);
}
if (require.main === module) main();
