// The figures of docs/guarantees.md, in their long form.
//
//   npm run test:chaos                              all of them, twenty minutes
//   npm run test:chaos -- kill outage               some
//   npm run test:chaos -- kill --engine postgres --seconds 20 --rate 100
//
// Each prints a line; a table follows when there were several. Exit code 1 when a promise was broken.
import { parseArgs } from 'node:util';
import { budget } from './scenarios/budget';
import { bulk } from './scenarios/bulk';
import { callbacks } from './scenarios/callbacks';
import { kill } from './scenarios/kill';
import { outage } from './scenarios/outage';
import { repeat } from './scenarios/repeat';
import { rotate } from './scenarios/rotate';
import { stuck } from './scenarios/stuck';
import type { Finding } from './scenario';
import type { Engine } from './world';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engine: { type: 'string' },
    seconds: { type: 'string' },
    rate: { type: 'string' },
    messages: { type: 'string' },
    processes: { type: 'string' },
    seed: { type: 'string' },
  },
});

const interruption = new AbortController();
const { signal } = interruption;

interface Run {
  readonly name: string;
  readonly engine: Engine;
  readonly processes?: number;
  run(): Promise<Finding>;
}

const given = (name: 'seconds' | 'rate' | 'messages' | 'seed', fallback: number) => Number(values[name] ?? fallback);
const seed = given('seed', 1);

function load(rate: number, seconds: number, users: number) {
  const perSecond = given('rate', rate);
  return { rate: perSecond, total: perSecond * given('seconds', seconds), users };
}

const engines: readonly Engine[] = ['sqlite', 'postgres'];

const RUNS: readonly Run[] = [
  ...engines.map((engine) => ({
    name: 'repeat',
    engine,
    run: () => repeat({ engine, signal, processes: engine === 'postgres' ? 3 : 1, webhooks: 100, times: 50 }),
  })),
  ...engines.map((engine) => ({
    name: 'callbacks',
    engine,
    run: () => callbacks({ engine, signal, messages: given('messages', 10_000), seed }),
  })),
  ...[1, 2, 4].map((processes) => ({
    name: 'budget',
    engine: 'postgres' as const,
    processes,
    run: () =>
      budget({
        engine: 'postgres',
        signal,
        processes,
        messages: given('messages', 1000),
        conversations: 250,
        rpm: 600,
        rates: { '429': 0.05, '500': 0.02, hang: 0.02, reset: 0.01 },
        tolerance: 0.05,
        seed,
      }),
  })),
  ...engines.map((engine) => ({
    name: 'bulk',
    engine,
    run: () =>
      bulk({ engine, signal, rpm: 200, bulk: given('messages', 10_000), replies: 20, againAfter: 75, within: 5 }),
  })),
  ...[true, false].map((spool) => ({
    name: spool ? 'outage' : 'outage-without-spool',
    engine: 'postgres' as const,
    run: () => {
      const webhooks = load(100, 60, 50);
      const away = Math.min(webhooks.total / 2, webhooks.rate * 20);
      const stopAfter = Math.floor((webhooks.total - away) / 2);
      return outage({ signal, spool, load: webhooks, stopAfter, startAfter: stopAfter + away });
    },
  })),
  ...engines.map((engine) => ({
    name: 'stuck',
    engine,
    run: () => stuck({ engine, signal, load: load(100, 20, 50), slowdown: 1.5 }),
  })),
  ...engines.map((engine) => ({ name: 'rotate', engine, run: () => rotate({ engine, signal }) })),
  ...engines.map((engine) => ({
    name: 'kill',
    engine,
    run: () => {
      const webhooks = load(300, 60, 500);
      return kill({ engine, signal, load: webhooks, killEvery: webhooks.rate * 3 });
    },
  })),
];

async function main(): Promise<void> {
  const names = new Set(RUNS.map(({ name }) => name));
  const unknown = positionals.find((name) => !names.has(name));
  if (unknown !== undefined) throw new Error(`There is no scenario "${unknown}". There are ${[...names].join(', ')}.`);
  const chosen = RUNS.filter(
    ({ name, engine, processes }) =>
      (positionals.length === 0 || positionals.includes(name)) &&
      (values.engine === undefined || engine === values.engine) &&
      (values.processes === undefined || processes === undefined || processes === Number(values.processes)),
  );
  const table: Record<string, string>[] = [];
  for (const { name, engine, processes, run } of chosen) {
    if (signal.aborted) break;
    const title = [name, engine, ...(processes === undefined ? [] : [`×${processes}`])].join(' ');
    const { summary, problems } = await run().catch((error: unknown) => ({
      summary: 'did not come to its end',
      problems: [error instanceof Error ? error.message : String(error)],
    }));
    console.log(`${title}: ${summary}${problems.map((problem) => `\n  broken: ${problem}`).join('')}`);
    table.push({ scenario: title, result: problems.length === 0 ? 'kept' : `broken: ${problems.join('; ')}` });
  }
  if (table.length > 1) console.table(table);
  const isKept = table.length > 0 && table.every(({ result }) => result === 'kept');
  process.exitCode = isKept && !signal.aborted ? 0 : 1;
}

for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => interruption.abort(new Error(`Stopped by ${name}`)));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
