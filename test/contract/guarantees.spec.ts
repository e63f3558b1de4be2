import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** The rows of all tables, without their heads. */
const rows = [...read('docs/guarantees.md').matchAll(/^\| (.+) \|$/gm)]
  .map(([, row]) => row!.split(' | '))
  .filter((cells) => !cells.includes('shown by'));

describe('docs/guarantees.md', () => {
  it('names a test for each promise, and each test is there', () => {
    expect(rows.length).toBeGreaterThan(40);
    for (const [promise, shownBy] of rows.map((cells) => [cells.at(-2)!, cells.at(-1)!] as const)) {
      const tests = [...shownBy.matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path!);
      const missing = tests.filter((path) => !existsSync(join(root, path)));
      expect({ promise, hasTest: tests.some((path) => path.endsWith('.spec.ts')), missing }).toEqual({
        promise,
        hasTest: true,
        missing: [],
      });
    }
  });

  it('lists the scenarios that npm run test:chaos runs', () => {
    const runs = [...read('test/chaos/run.ts').matchAll(/(?<!\()name: (?:spool \? )?'([\w-]+)'(?: : '([\w-]+)')?/g)];
    const names = new Set(runs.flatMap(([, ...found]) => found.filter(Boolean)));
    const listed = rows.filter((cells) => cells.length === 3).flatMap(([scenario]) => scenario!.match(/[\w-]+/g)!);
    expect(listed.toSorted()).toEqual([...names].toSorted());
  });
});
