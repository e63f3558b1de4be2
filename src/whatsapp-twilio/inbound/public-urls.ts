import { requestPath, type WebhookRequest } from './webhook-request';

/**
 * The URLs under which Twilio may have called. With configured public URLs only those count; the request's own host is
 * used when there are none, and then forwarded headers count as far as the platform trusts the proxy that set them.
 */
export function publicUrlsOf(request: WebhookRequest, publicUrls: readonly string[]): string[] {
  const path = requestPath(request);
  if (publicUrls.length === 0) return [`${request.protocol ?? 'http'}://${request.host ?? ''}${path}`];
  return [...new Set(publicUrls.flatMap((publicUrl) => join(publicUrl, path)))];
}

/**
 * A public URL with a path of its own is a proxy that takes that path away, or one that keeps it, or the address of the
 * webhook itself, wholly or in part: what its end and the request's path have in common then stands there once.
 */
function join(publicUrl: string, path: string): string[] {
  const base = publicUrl.replace(/\/+$/, '');
  const origin = /^[a-z]+:\/\/[^/]*/i.exec(base)![0];
  const shared = sharedSegments(base.slice(origin.length), path);
  return [base + path, base.slice(0, base.length - shared.length) + path, origin + path];
}

/** The longest end of `base`, in whole segments, that `path` begins with. */
function sharedSegments(base: string, path: string): string {
  for (let start = base.indexOf('/'); start !== -1; start = base.indexOf('/', start + 1)) {
    const end = base.slice(start);
    if (path === end || path.startsWith(`${end}/`) || path.startsWith(`${end}?`)) return end;
  }
  return '';
}
