// Copies the examples into the README; a test checks that they are the same.
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../README.md', import.meta.url);
const readme = readFileSync(file, 'utf8').replace(
  /<!-- (examples\/[\w.-]+) -->\n```ts\n[\s\S]*?```/g,
  (_match, path) => `<!-- ${path} -->\n\`\`\`ts\n${readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')}\`\`\``,
);
writeFileSync(file, readme);
