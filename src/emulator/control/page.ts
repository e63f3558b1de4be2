import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Reply } from '../http';

const FOLDER = join(__dirname, '..', 'page');

const FILES: Readonly<Record<string, { file: string; contentType: string }>> = {
  '/': { file: 'index.html', contentType: 'text/html; charset=utf-8' },
  '/phone.css': { file: 'phone.css', contentType: 'text/css; charset=utf-8' },
  '/phone.js': { file: 'phone.js', contentType: 'text/javascript; charset=utf-8' },
};

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
  const entry = Object.hasOwn(FILES, path) ? FILES[path] : undefined;
  if (!entry) return undefined;
  return {
    status: 200,
    headers: {
      'content-type': entry.contentType,
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    },
    body: await readFile(join(FOLDER, entry.file)),
  };
}
