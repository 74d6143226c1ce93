// node:test in one file: node --require THIS --test-reporter=THIS FILE
//
// The file runs without --test: under it, results come as frames on the standard output of a child, where the code
// under test can write them as well.
'use strict';
const { say, fileOf, textOf, missingPackage } = require('./nightjar_channel.cjs');

const loaded = process.moduleLoadList;
let said = 0;
let ended = false;
let died = false;

function outcomeOf(type, data) {
  if (data.skip !== undefined && data.skip !== false) return 'skipped';
  if (type === 'test:pass') return 'passed';
  if (data.todo !== undefined && data.todo !== false) return 'xfailed';
  const error = (data.details && data.details.error) || {};
  if (error.failureType === 'testTimeoutFailure') return 'timed_out';
  return error.failureType === 'testCodeFailure' || error.failureType === 'subtestsFailed' ? 'failed' : 'error';
}

function messageOf(type, data) {
  for (const reason of [data.skip, data.todo]) {
    if (typeof reason === 'string' && reason !== '') return reason;
  }
  const error = data.details && data.details.error;
  return type === 'test:fail' && error ? textOf(error.cause && error.cause.message ? error.cause : error) : '';
}

async function* reporter(source) {
  const names = [];
  for await (const { type, data } of source) {
    if (type === 'test:start') {
      names.length = data.nesting;
      names[data.nesting] = data.name;
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    names.length = data.nesting;
    const id = [...names, data.name].join(' > ');
    const error = data.details && data.details.error;
    const suite = data.details && data.details.type === 'suite';
    if (suite && type === 'test:fail' && error && error.failureType !== 'subtestsFailed') {
      say('trouble', { id, message: messageOf(type, data) });
      continue;
    }
    if (suite) continue;
    say('start', { id, file: data.file ? fileOf(data.file.replace(/^file:\/\//, '')) : '', line: data.line });
    said += 1;
    say('finish', {
      id,
      outcome: outcomeOf(type, data),
      message: messageOf(type, data),
      ms: Math.round((data.details && data.details.duration_ms) || 0),
    });
  }
  ended = true;
  say('end', { tests: said });
  yield '';
}

process.on('uncaughtExceptionMonitor', (error) => {
  died = true;
  const missing = missingPackage(error);
  if (!ended && said === 0 && missing) say('trouble', { id: 'load', message: textOf(error), missing });
});
// A file that uses no node:test is one test: the process's end.
process.on('exit', () => {
  const used = loaded.some((name) => name.includes('internal/test_runner/harness'));
  if (!ended && !used && !died) say('end', { tests: 0 });
});

module.exports = reporter;
