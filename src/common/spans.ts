export type SpanAttributes = Readonly<Record<string, string | number | undefined>>;

export interface SpanDescription {
  readonly kind?: 'client' | 'consumer';
  /** Ids and names of ours; never a number, a body or a secret. Those that are undefined are left out. */
  readonly attributes: SpanAttributes;
  /** Begins a trace of its own: what woke the work has nothing to do with it. */
  readonly isRoot?: boolean;
}

/** What is learnt while the span goes on. */
export type Annotate = (attributes: SpanAttributes) => void;

const TRACER = 'nestjs-whatsapp-twilio';

/** The host's, if it has one. */
const load = () => import('@opentelemetry/api').catch(() => undefined);
let loading: ReturnType<typeof load> | undefined;

/**
 * Does the work within a span of the host's tracer; without `@opentelemetry/api`, or a tracer registered with it, just
 * does the work. Of an error the span has the code alone, since its words may be those of a user.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/api/
 */
export async function inSpan<Result>(
  name: string,
  { kind, attributes, isRoot = false }: SpanDescription,
  work: (annotate: Annotate) => Promise<Result>,
): Promise<Result> {
  const api = await (loading ??= load());
  if (api === undefined) return work(() => {});
  const options = {
    root: isRoot,
    attributes: present(attributes),
    ...(kind !== undefined && { kind: kind === 'client' ? api.SpanKind.CLIENT : api.SpanKind.CONSUMER }),
  };
  return api.trace.getTracer(TRACER).startActiveSpan(name, options, async (span) => {
    try {
      return await work((more) => span.setAttributes(present(more)));
    } catch (error) {
      span.setAttribute('error.type', typeOf(error)).setStatus({ code: api.SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

function present(attributes: SpanAttributes): Record<string, string | number> {
  const entries = Object.entries(attributes).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Record<string, string | number>;
}

/** Twilio's code, ours, or the kind of error. */
function typeOf(error: unknown): string {
  const { twilioCode, code } = (error ?? {}) as { twilioCode?: unknown; code?: unknown };
  for (const known of [twilioCode, code]) {
    if (typeof known === 'number' || (typeof known === 'string' && /^\w{1,64}$/.test(known))) return String(known);
  }
  return error instanceof Error ? error.constructor.name : typeof error;
}
