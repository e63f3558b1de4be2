/**
 * The URL, or `undefined` if it is none. In place of `URL.canParse`, which on Node 20 now and then refuses valid URLs
 * with letters such as ü.
 */
export function parseUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
