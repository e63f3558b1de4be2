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
 * webhook itself: the request's path is then part of it already.
 */
function join(publicUrl: string, path: string): string[] {
  const base = publicUrl.replace(/\/+$/, '');
  const origin = /^[a-z]+:\/\/[^/]*/i.exec(base)![0];
  return base === origin ? [origin + path] : [base + path, origin + path];
}
