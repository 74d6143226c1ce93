// mocha with a reporter of ours: node THIS ARGUMENTS. Mocha runs in this very process.
'use strict';
const path = require('node:path');
const { orders, say, nameOf, fileOf, textOf, missingPackage, packageFolder, lacksPackage } =
  require('./nightjar_channel.cjs');

const only = orders.only === null ? null : new Set(orders.only);
let said = 0;
let begun = false;

const titles = (test) => (test.parent && !test.parent.root ? [...titles(test.parent), test.title] : [test.title]);
const idOf = (test) => [nameOf(test.file), ...titles(test)].join(' > ');

/** Says every test; leaves those that this session runs. */
function choose(suite) {
  for (const test of suite.tests) {
    test.selected = only === null || only.has(idOf(test));
    say('listed', { id: idOf(test), file: fileOf(test.file), selected: test.selected });
  }
  suite.tests = suite.tests.filter((test) => test.selected);
  suite.suites.forEach(choose);
  if (orders.reversed) {
    suite.tests.reverse();
    suite.suites.reverse();
  }
}

class Reporter {
  constructor(runner) {
    begun = true;
    choose(runner.suite);
    runner.total = runner.grepTotal(runner.suite);
    const started = new Set();
    const ended = new Set();
    let result;
    const first = (test) => (test.retriedTest && test.retriedTest()) || test;
    const start = (test) => {
      if (started.has(first(test))) return;
      started.add(first(test));
      say('start', { id: idOf(test) });
    };
    runner.on('test', start);
    runner.on('pass', (test) => (result = ['passed', '']));
    runner.on('pending', (test) => (result = ['skipped', '']));
    runner.on('retry', () => (result = undefined));
    runner.on('fail', (test, error) => {
      if (test.type === 'hook' || ended.has(first(test))) {
        return say('trouble', { id: `${idOf(test)} (${test.type === 'hook' ? 'hook' : 'late'})`, message: textOf(error) });
      }
      const late = /^Timeout of \d+ms exceeded/.test(String(error && error.message));
      result = [late ? 'timed_out' : 'failed', textOf(error)];
    });
    runner.on('test end', (test) => {
      if (result === undefined) return;
      start(test);
      const [outcome, message] = result;
      result = undefined;
      ended.add(first(test));
      said += 1;
      const flaky = outcome === 'passed' && test.currentRetry() > 0;
      say('finish', { id: idOf(test), outcome, message, ms: test.duration, flaky });
    });
    runner.on('end', () => say('end', { tests: said }));
  }
}
module.exports = Reporter;

process.on('exit', (code) => {
  if (!begun && code === 0) say('fatal', { text: 'mocha ended before it ran any test' });
});
process.on('uncaughtExceptionMonitor', (error) => begun || unloadable(error));
function unloadable(error) {
  say('trouble', { id: 'load', message: textOf(error), missing: missingPackage(error) });
  say('end', { tests: 0 });
  begun = true;
}
if (require.main === module) {
  const folder = packageFolder('mocha', ['/usr/share/nodejs', '/usr/lib/node_modules']);
  if (!folder) lacksPackage('mocha');
  if (folder.startsWith('/usr/share/nodejs/')) { // Debian's packages find each other there, by Debian's node alone.
    process.env.NODE_PATH = [process.env.NODE_PATH, '/usr/share/nodejs'].filter(Boolean).join(':');
    require('node:module')._initPaths();
  }
  const args = ['--reporter', __filename, '--no-bail', '--no-parallel', '--no-forbid-pending', ...process.argv.slice(2)];
  process.argv = [process.argv[0], path.join(folder, 'bin', 'mocha'), ...args];
  // What cannot be loaded is told by mocha on its standard error, and by nobody else.
  const tell = console.error;
  console.error = (...texts) => {
    const error = texts.find((text) => text instanceof Error) || texts.find((text) => /Error:/.test(String(text)));
    if (!begun && error) unloadable(error);
    tell.apply(console, texts);
  };
  require(path.join(folder, 'lib', 'cli', 'cli.js')).main(args);
}
