// Writes openapi.json from the service's code; a test checks that it is up to date.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { createService } = require('../dist/service/create-service.js');
const { readServiceConfiguration } = require('../dist/service/service-configuration.js');
const { DocsController } = require('../dist/service/openapi/docs.controller.js');

const environment = {
  TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
  TWILIO_AUTH_TOKEN: 'none',
  DATABASE_URL: 'sqlite::memory:',
  API_AUTH: 'none',
  LOG_LEVEL: 'fatal',
};
const app = await createService(readServiceConfiguration((name) => environment[name]));
const document = app.get(DocsController).json();
writeFileSync(new URL('../openapi.json', import.meta.url), `${JSON.stringify(document, undefined, 2)}\n`);
await app.close();
