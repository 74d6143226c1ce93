// vitest with a reporter of ours: node THIS ARGUMENTS. Tests run in workers, the reporter in vitest's own process.
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);
const { orders, say, nameOf, fileOf, textOf, missingPackage, packageFolder, lacksPackage, here } =
  require('./nightjar_channel.cjs');

const only = orders.only === null ? null : new Set(orders.only);
const wanted = new Set(orders.coverage);
const lines = new Map();
let said = 0;

function outcomeOf(task) {
  const state = task.result && task.result.state;
  if (state === 'pass') return 'passed';
  if (state === 'skip' || state === 'todo' || ['skip', 'todo'].includes(task.mode)) return 'skipped';
  if (state !== 'fail') return 'not_run';
  return /^Test timed out in/.test(((task.result.errors || [])[0] || {}).message) ? 'timed_out' : 'failed';
}

const messageOf = (task) => textOf(((task.result && task.result.errors) || [])[0]);

function sayTask(file, names, task) {
  const path = [...names, task.name];
  if (task.type === 'suite') {
    const errors = (task.result && task.result.errors) || [];
    if (errors.length > 0) say('trouble', { id: path.join(' > '), message: messageOf(task) });
    for (const inner of task.tasks) sayTask(file, path, inner);
    return;
  }
  const id = path.join(' > ');
  if (only !== null && !only.has(id)) return;
  const outcome = outcomeOf(task);
  say('listed', { id, file, line: (task.location && task.location.line) || 0 });
  if (outcome === 'not_run') return;
  const { retryCount = 0, duration = 0 } = task.result || {};
  later.push(() => {
    say('start', { id });
    said += 1;
    say('finish', { id, outcome, message: messageOf(task), ms: Math.round(duration), flaky: outcome === 'passed' && retryCount > 0 });
  });
}
const later = [];

const reporter = {
  onFinished(files = [], errors = []) {
    for (const file of files) {
      const full = file.filepath;
      for (const task of file.tasks) sayTask(fileOf(full), [nameOf(full)], task);
      const broken = (file.result && file.result.errors) || [];
      if (broken.length === 0) continue;
      say('trouble', { id: nameOf(full), file: fileOf(full), message: messageOf(file), missing: missingPackage(broken[0]) });
    }
    later.forEach((tell) => tell());
    for (const error of errors) say('trouble', { id: 'unhandled error', message: textOf(error) });
  },
  onCoverage(coverage) {
    for (const full of coverage && coverage.files ? coverage.files() : []) {
      const file = fileOf(full);
      if (!wanted.has(file)) continue;
      const counts = coverage.fileCoverageFor(full).getLineCoverage();
      const all = Object.keys(counts).map(Number);
      lines.set(file, { executable: all, executed: all.filter((line) => counts[line] > 0) });
    }
  },
};
// vitest 4 calls this one instead.
reporter.onTestRunEnd = (modules, errors) => {
  if (major < 4) return;
  reporter.onFinished(modules.map((one) => one.task), errors);
};

const folder = packageFolder('vitest');
if (!folder) lacksPackage('vitest');
const major = Number(require(path.join(folder, 'package.json')).version.split('.')[0]);
const api = await import(pathToFileURL(path.join(folder, 'dist', 'node.js')));

const provider = ['v8', 'istanbul'].find((name) => packageFolder(`@vitest/coverage-${name}`));
const options = {
  watch: false,
  run: true,
  reporters: [reporter],
  includeTaskLocation: true,
  allowOnly: true,
  passWithNoTests: true,
  bail: 0,
  coverage: wanted.size > 0 && provider
    ? { enabled: true, provider, reporter: [], thresholds: undefined, reportOnFailure: true, reportsDirectory: '/tmp/nightjar-vitest',
        include: [...wanted].map((file) => path.relative(here, path.resolve(orders.project, file))) }
    : { enabled: false },
};

/** What the project's script gives, by vitest's own parser where it has one. */
function given() {
  const words = process.argv.slice(2).filter((word) => !['run', 'watch', '--run'].includes(word));
  if (!api.parseCLI) return { filter: words.filter((word) => !word.startsWith('-')), options: {} };
  const parsed = api.parseCLI(['vitest', 'run', ...words]);
  for (const name of ['reporter', 'reporters', 'coverage', 'watch', 'run', 'bail', 'ui', 'outputFile', 'color', '--']) delete parsed.options[name];
  return parsed;
}
const { filter, options: theirs } = given();
const files = only === null ? filter : [...new Set([...only].map((id) => id.split(' > ')[0]))];
const vitest = await api.startVitest('test', files, { ...theirs, ...options });
if (!vitest) say('fatal', { text: 'vitest did not start: see its output' });
else await vitest.close();
for (const [file, seen] of lines) say('cover', { file, ...seen });
say('end', { tests: said });
process.exit();
