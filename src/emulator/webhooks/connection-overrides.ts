/** What a failed try looks like to the retry policy: no connection, no answer in time, or an answer of that class. */
export type FailureKind = 'ct' | 'rt' | '4xx' | '5xx';

/** How a webhook is sent; the defaults are Twilio's, the URL's fragment changes them. Times are milliseconds. */
export interface ConnectionOverrides {
  readonly connectTimeout: number;
  readonly readTimeout: number;
  readonly totalTimeout: number;
  readonly retries: number;
  readonly retryOn: readonly FailureKind[];
  /** What the fragment has that Twilio does not know, as the debugger would show it. */
  readonly problems: readonly { readonly code: number; readonly text: string }[];
}

const ALL: readonly FailureKind[] = ['ct', 'rt', '4xx', '5xx'];
const EDGES = new Set(['ashburn', 'dublin', 'frankfurt', 'sao-paulo', 'singapore', 'sydney', 'tokyo', 'umatilla']);

/**
 * Reads the fragment of a webhook URL (`#rc=2&rp=5xx,ct`). A value that is no number in Twilio's range counts as not
 * given; a retry policy (`rp`) or an edge (`e`) that does not exist is also a problem. From which edge a request leaves
 * makes no difference here.
 *
 * @see https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
 */
export function connectionOverrides(url: string): ConnectionOverrides {
  const fragment = new URLSearchParams(/#(.*)$/s.exec(url)?.[1] ?? '');
  const number = (name: string, least: number, most: number, otherwise: number): number => {
    const text = fragment.get(name) ?? '';
    const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : otherwise;
  };
  const policies = (fragment.get('rp') ?? 'ct').split(',');
  const edges = (fragment.get('e') ?? 'ashburn').split(',');
  return {
    connectTimeout: number('ct', 100, 10_000, 5000),
    readTimeout: number('rt', 100, 15_000, 15_000),
    totalTimeout: number('tt', 100, 15_000, 15_000),
    retries: number('rc', 0, 5, 1),
    retryOn: policies.includes('all') ? ALL : ALL.filter((kind) => policies.includes(kind)),
    problems: [
      ...(policies.every((name) => name === 'all' || (ALL as readonly string[]).includes(name))
        ? []
        : [{ code: 11243, text: `Invalid retry policy in the URL fragment: ${policies.join(',')}` }]),
      ...(edges.every((name) => EDGES.has(name))
        ? []
        : [{ code: 11240, text: `Invalid edge location in the URL fragment: ${edges.join(',')}` }]),
    ],
  };
}
