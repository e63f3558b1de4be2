// What the chaos runs share with the tests.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
require('../support/register-typescript.cjs');

export const { freePort } = require('../support/free-port.ts');
export const { startPostgres } = require('../support/postgres.ts');
