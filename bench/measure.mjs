/** The value in the middle, which one disturbed round does not move. */
export function median(values) {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)];
}

/**
 * Runs each of the named things in turn, round after round, so that what disturbs the machine disturbs all alike.
 * Resolves to the median of what each measured.
 */
export async function inTurn(rounds, things) {
  const measured = Object.fromEntries(Object.keys(things).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(things)) measured[name].push(await measure());
  }
  return Object.fromEntries(Object.entries(measured).map(([name, values]) => [name, median(values)]));
}

/** Calls a second of a synchronous function, tried for `ms`. */
export function callsPerSecond(call, ms) {
  let calls = 0;
  const start = performance.now();
  const end = start + ms;
  while (performance.now() < end) {
    for (let index = 0; index < 20; index++) call();
    calls += 20;
  }
  return (calls * 1000) / (performance.now() - start);
}

/** Calls a second of an asynchronous function, `concurrency` of them under way at any time, for `ms`. */
export async function asyncCallsPerSecond(call, { concurrency, ms }) {
  let calls = 0;
  const start = performance.now();
  const end = start + ms;
  const caller = async () => {
    while (performance.now() < end) {
      await call();
      calls++;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return (calls * 1000) / (performance.now() - start);
}

export function count(value) {
  return Math.round(value).toLocaleString('en');
}

/** How many times the other: `3.2 ×`. */
export function ratio(ours, theirs) {
  return `${(ours / theirs).toFixed(ours / theirs < 10 ? 2 : 0)} ×`;
}
