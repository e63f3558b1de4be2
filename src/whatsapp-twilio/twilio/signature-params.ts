/** The parameters of a form webhook: what `parseFormBody()` returns, or a flat record as a body parser makes it. */
export type WebhookParams = URLSearchParams | Readonly<Record<string, string | readonly string[]>>;

/**
 * Reads the raw body of an `application/x-www-form-urlencoded` webhook: `+` is a space, bytes are UTF-8, and nothing is
 * trimmed, renamed or dropped, because every character counts in the signature.
 */
export function parseFormBody(body: string | Uint8Array): URLSearchParams {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
  // URLSearchParams drops one leading `?`; this gives it one of ours to drop.
  return new URLSearchParams(`?${text}`);
}

/**
 * The part of the signed text that follows the URL: keys in the order of their code units, each with its value and no
 * separator. A repeated key appears once for each distinct value, values in the same order, as in Twilio's Node and
 * Python packages.
 *
 * @see https://www.twilio.com/docs/usage/webhooks/webhooks-security
 */
export function signedParams(params: WebhookParams): string {
  const byKey = params instanceof URLSearchParams ? groupByKey(params) : new Map(Object.entries(params));
  let text = '';
  for (const key of [...byKey.keys()].toSorted(byCodeUnits)) {
    const values = byKey.get(key) ?? [];
    if (typeof values === 'string') text += key + values;
    else for (const value of [...new Set(values)].toSorted(byCodeUnits)) text += key + value;
  }
  return text;
}

/**
 * Whether the values are what the types promise. A nested parser (`qs`) makes objects of keys such as `a[b]`, and what
 * it made of them cannot be turned back into what was signed.
 */
export function hasOnlyText(params: WebhookParams): boolean {
  return params instanceof URLSearchParams || Object.values(params).flat().every(isText);
}

function groupByKey(params: URLSearchParams): Map<string, string | string[]> {
  const byKey = new Map<string, string | string[]>();
  for (const [key, value] of params) {
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, value);
    else if (typeof known === 'string') byKey.set(key, [known, value]);
    else known.push(value);
  }
  return byKey;
}

function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
