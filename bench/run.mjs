// Compares this package with what its users would take otherwise, in the same run on the same machine, and prints
// Markdown tables. The ratios are what to look at; the absolute numbers belong to the machine.
import { cpus } from 'node:os';
import { compareApiKeys } from './api-keys.mjs';
import { compareConnections } from './connections.mjs';
import { compareInbound } from './inbound.mjs';
import { compareOutbound } from './outbound.mjs';
import { compareSignatures } from './signatures.mjs';
import { compareStartup } from './startup.mjs';

const started = Date.now();
console.log(`Node ${process.versions.node}, ${cpus().length} × ${cpus()[0].model.trim()}\n`);

const comparisons = [
  compareSignatures,
  compareApiKeys,
  compareStartup,
  compareInbound,
  compareOutbound,
  compareConnections,
];
for (const compare of comparisons) {
  const { title, columns, rows, notes } = await compare();
  console.log(`## ${title}\n`);
  console.log(`| ${columns.join(' | ')} |\n|${columns.map((_, index) => (index === 0 ? '---' : '--:')).join('|')}|`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
  console.log(`\n${notes}\n`);
}
console.log(`Took ${Math.round((Date.now() - started) / 1000)} s.`);
