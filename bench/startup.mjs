import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median, ratio } from './measure.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const rounds = 3;
const nest = "for (const name of ['common', 'core', 'config', 'terminus']) require('@nestjs/' + name);";

/** Time and memory to load the entry, each in a process of its own. */
export async function compareStartup() {
  const rows = [];
  for (const [where, before] of Object.entries({ 'an app with NestJS loaded': nest, 'an empty process': '' })) {
    const ours = [];
    const theirs = [];
    for (let round = 0; round < rounds; round++) {
      ours.push(costOf(before, './dist/index.js'));
      theirs.push(costOf(before, 'twilio'));
    }
    for (const [what, key, unit] of [
      ['time', 'ms', 'ms'],
      ['memory', 'megabytes', 'MB'],
    ]) {
      const one = median(ours.map((cost) => cost[key]));
      const other = median(theirs.map((cost) => cost[key]));
      rows.push([`${what} in ${where}`, `${one.toFixed(0)} ${unit}`, `${other.toFixed(0)} ${unit}`, ratio(one, other)]);
    }
  }
  return {
    title: 'Loading the entry',
    columns: ['', 'ours', "`require('twilio')`", 'ours / theirs, less is better'],
    rows,
    notes:
      'In an empty process ours loads NestJS, which its users have loaded anyway. The database driver is loaded when a ' +
      'database is opened, which is not part of this.',
  };
}

function costOf(before, entry) {
  const program = `${before}
    gc();
    const rss = process.memoryUsage().rss;
    const start = performance.now();
    require('${entry}');
    const ms = performance.now() - start;
    gc();
    console.log(JSON.stringify({ ms, megabytes: (process.memoryUsage().rss - rss) / 1e6 }));`;
  return JSON.parse(execFileSync(process.execPath, ['--expose-gc', '-e', program], { cwd: root, encoding: 'utf8' }));
}
