import type { IncomingMessage } from 'node:http';

const LOOPBACK = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

/**
 * Whether a request may use the phone page or the control. A page from elsewhere, which a browser on this machine has
 * open, can send requests here: its `Origin` gives it away, or, if it lets its own name point here, its `Host`.
 */
export function isLocal(request: IncomingMessage): boolean {
  const { host, origin } = request.headers;
  if (host === undefined || !LOOPBACK.test(host)) return false;
  return origin === undefined || origin === `http://${host}`;
}
