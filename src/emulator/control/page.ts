import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import type { Reply } from '../http';

const FOLDER = join(__dirname, '..', 'page');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing runs, loads or is sent but from and to this origin; `blob:` is a file that the user has just chosen. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

let files: Promise<ReadonlyMap<string, string>> | undefined;

/** A file of the phone page; `undefined` for a path that is none. */
export async function servePage(path: string): Promise<Reply | undefined> {
  files ??= listFiles();
  const file = (await files).get(path === '/' ? '/index.html' : path);
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
    body: await readFile(file),
  };
}

/** What is served is what lies in the folder, so that no path can lead out of it. */
async function listFiles(): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(FOLDER, { recursive: true, withFileTypes: true });
  return new Map(
    entries
      .filter((entry) => entry.isFile() && extname(entry.name) in TYPES)
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [`/${relative(FOLDER, file).split(sep).join('/')}`, file]),
  );
}
