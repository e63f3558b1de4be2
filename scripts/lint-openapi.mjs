// Holds openapi.json against Redocly's strict rules; prints what is wrong.
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const file = fileURLToPath(new URL('../openapi.json', import.meta.url));
const config = await createConfig({
  extends: ['recommended-strict'],
  // Probes and metrics take nothing that could be wrong.
  rules: { 'operation-4xx-response': 'off' },
});
const problems = await lintFromString({ source: readFileSync(file, 'utf8'), absoluteRef: file, config });
for (const { ruleId, message, location } of problems) console.log(`${ruleId} at ${location[0]?.pointer}: ${message}`);
process.exitCode = problems.length > 0 ? 1 : 0;
