import type { ServiceHost } from './service-host';

const LIMIT_MS = 20_000;

/** A line of what Prometheus is told. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads Prometheus' text format. */
function readSamples(text: string): Sample[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line)!;
    const pairs = Array.from(labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g), ([, label, text]) => [label!, text!]);
    return { name: name!, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) };
  });
}

/** The sum of a metric over all that has these labels. */
export function sumOf(samples: readonly Sample[], name: string, labels: Record<string, string> = {}): number {
  return samples
    .filter((one) => one.name === name && Object.entries(labels).every(([label, text]) => one.labels[label] === text))
    .reduce((sum, { value }) => sum + value, 0);
}

/**
 * What the service tells Prometheus, asked for again until this holds, as gauges are remembered for some seconds.
 *
 * @throws when it does not within twenty seconds.
 */
export async function samplesWhen(service: ServiceHost, holds: (samples: Sample[]) => boolean): Promise<Sample[]> {
  const limit = Date.now() + LIMIT_MS;
  for (;;) {
    const { body } = await service.call<string>('GET', '/metrics');
    const samples = readSamples(body);
    if (holds(samples)) return samples;
    if (Date.now() > limit) throw new Error(`It did not happen. What did:\n${body}`);
  }
}
