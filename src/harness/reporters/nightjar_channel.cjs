// The report channel of our JavaScript reporters: one JSON object a line (src/harness/events.h).
//
// Whoever requires this first takes the orders from standard input, and leaves them to nobody else. What is needed
// later is bound here, before any code under test is loaded.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { writeSync, readFileSync, existsSync } = fs;
const { stringify, parse } = JSON;
const { relative, resolve } = path;

function readOrders() {
  const orders = parse(readFileSync(0, 'utf8'));
  const { fd, nonce } = orders;
  delete orders.fd;
  delete orders.nonce;
  const say = (event, members) => {
    const line = Buffer.from(stringify({ n: nonce, e: event, ...members }) + '\n');
    for (let at = 0; at < line.length;) {
      try {
        at += writeSync(fd, line, at);
      } catch (error) {
        if (error.code !== 'EAGAIN') return; // Without its end, the report is not believed.
      }
    }
  };
  return { orders, say };
}

const { orders, say } = readOrders();
const here = process.cwd();

/** As ids name a file: relative to the suite's folder. */
const nameOf = (file) => relative(here, resolve(here, file || '.'));

/** Relative to the project; "" where it is not in it. */
function fileOf(file) {
  const name = relative(orders.project, resolve(here, file || '.'));
  return name.startsWith('..') ? '' : name;
}

function textOf(error) {
  if (error === undefined || error === null) return '';
  const text = String(error.stack || error.message || error);
  const message = String(error.message || '');
  return (text.includes(message) ? text : message + '\n' + text).slice(0, 1900);
}

/** The package that is missing where `error` is about one that is not the project's; else "". */
function missingPackage(error) {
  const text = String((error && error.message) || error || '');
  const found = /(?:Cannot find (?:module|package) |Failed to load url |Failed to resolve import )['"]?([^'" ]+)/.exec(text);
  if (!found || /^[./]/.test(found[1]) || found[1].startsWith('node:') || found[1].startsWith('#')) return '';
  const parts = found[1].split('/');
  return found[1].startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}

/** The folder of an installed package: the project's own first, then this machine's. */
function packageFolder(name, places = []) {
  for (let folder = here; ; folder = path.dirname(folder)) {
    const place = path.join(folder, 'node_modules', name);
    if (existsSync(path.join(place, 'package.json'))) return place;
    if (folder === path.dirname(folder)) break;
  }
  return places.map((place) => path.join(place, name)).find((place) => existsSync(path.join(place, 'package.json')));
}

function lacksPackage(name) {
  say('lacks', {
    text: `${name} is not installed in node_modules: restore it from the lock file in the project's [environment] ` +
      'setup (npm ci --offline needs a filled npm cache)',
  });
  process.exit(1);
}

module.exports = { orders, say, nameOf, fileOf, textOf, missingPackage, packageFolder, lacksPackage, here };
