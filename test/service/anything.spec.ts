import fc from 'fast-check';
import { startService, type ServiceHost } from '../support/service-host';
import { document } from '../support/described-answers';
import { engines, useStorage } from '../support/storages';
import { encryptionKey } from '../support/tenants';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: { readonly type?: string; readonly enum?: readonly string[] };
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly hasBody: boolean;
}

/** Every operation but the stream, which does not end; Twilio signs what comes to webhooks. */
const operations: readonly Operation[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods)
    .filter(() => path !== '/v1/events')
    .map(([method, described]) => {
      const { parameters = [], requestBody } = described as { parameters?: Parameter[]; requestBody?: object };
      return { method: method.toUpperCase(), path, parameters, hasBody: requestBody !== undefined };
    }),
);

const words = [
  '+15551230001',
  'default',
  'none',
  '0',
  '-1',
  '1e9',
  'queued',
  '\0',
  '%',
  '../..',
  'é',
  '\ud83d\ude00',
  '',
];
const text = fc.oneof(fc.constantFrom(...words), fc.string({ unit: 'binary', maxLength: 30 }));
const fields =
  `to from text media template location connectionId idempotencyKey priority sendAt expiresInSeconds outsideWindow metadata contentSid variables latitude longitude label accountSid authToken apiKey fromNumber limits rpm state reason overlapSeconds __proto__`.split(
    ' ',
  );
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.constantFrom(
      '+15551230001',
      'hold',
      'bulk',
      '2099-01-01T00:00:00Z',
      `AC${'0'.repeat(32)}`,
      `HX${'0'.repeat(32)}`,
    ),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...fields), text), tie('any'), { maxKeys: 6 }),
  ),
})).any;

const request = fc.constantFrom(...operations).chain((operation) =>
  fc.record({
    operation: fc.constant(operation),
    values: fc.array(fc.option(fc.oneof(text, fc.constantFrom('1', '200', 'read', 'accepted'))), {
      minLength: operation.parameters.length,
      maxLength: operation.parameters.length,
    }),
    body: operation.hasBody ? fc.option(value) : fc.constant(null),
  }),
);

describe.each(engines)('Whatever is asked on %s', (engine) => {
  const storage = useStorage(engine);
  let service: ServiceHost;
  beforeEach(async () => {
    service = await startService({
      variables: { DATABASE_URL: storage.url, ENCRYPTION_KEYS: encryptionKey('first'), API_RATE_LIMIT_RPM: '999999' },
    });
    await service.twilio.phone('+15551230001').sends('hi');
  });
  afterEach(() => service.close());

  it('is answered as openapi.json says, and never with a 500', async () => {
    await fc.assert(
      fc.asyncProperty(request, async ({ operation, values, body }) => {
        let { path } = operation;
        const query = new URLSearchParams();
        for (const [index, parameter] of operation.parameters.entries()) {
          const given = values[index] ?? undefined;
          if (parameter.in === 'path')
            path = path.replace(`{${parameter.name}}`, encodeURIComponent(wellFormed(given ?? 'x') || 'x'));
          else if (parameter.in === 'query' && given !== undefined) query.set(parameter.name, wellFormed(given));
        }
        // The call itself holds the answer against the description.
        const { status } = await service.call(operation.method, `${path}?${query.toString()}`, {
          ...(body !== null && { body: JSON.stringify(body) }),
        });
        expect(status).not.toBe(500);
      }),
      // Always the same requests: what is found by others belongs into a test of its own.
      { seed: 1, numRuns: 400, endOnFailure: true },
    );
  }, 120_000);
});

/** Half a surrogate pair has no percent-encoding. */
function wellFormed(given: string): string {
  return Buffer.from(given).toString();
}
