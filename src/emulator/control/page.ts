import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Reply } from '../http';

const FOLDER = join(__dirname, '..', 'page');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** What is served, by its path. */
const FILES = new Map([
  ['/', 'index.html'],
  ...['phone.css', 'phone.svg', 'phone.js', 'activity.js', 'bubble.js', 'dom.js'].map((file): [string, string] => [
    `/${file}`,
    file,
  ]),
]);

/** Nothing runs, loads or is sent but from and to this origin. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "media-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** A file of the phone page; `undefined` for a path that is none. */
export async function servePage(path: string): Promise<Reply | undefined> {
  const file = FILES.get(path);
  if (file === undefined) return undefined;
  return {
    status: 200,
    headers: {
      'content-type': TYPES[extname(file)] ?? '',
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    },
    body: await readFile(join(FOLDER, file)),
  };
}
