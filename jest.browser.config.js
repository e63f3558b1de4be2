// `npm run test:browser`: the phone page in a real browser. On its own, as it needs what `npm ci` does not bring.
const { existsSync } = require('node:fs');
const base = require('./jest.config.js');

// Tests read it too; the processes they run in inherit it.
const chromium = (process.env.CHROMIUM_PATH ??= '/usr/bin/chromium');
if (!existsSync(chromium)) {
  process.stderr.write(
    `There is no Chromium at ${chromium}: install it (Debian: apt-get install -y chromium), or set CHROMIUM_PATH to the one you have.\n`,
  );
  process.exit(1);
}

/** @type {import('jest').Config} */
module.exports = {
  ...base,
  testMatch: ['<rootDir>/test/browser/**/*.browser.ts'],
};
