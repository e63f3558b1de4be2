import type { Context, SpanContext } from '@opentelemetry/api';

export type SpanAttributes = Readonly<Record<string, string | number | undefined>>;

export interface SpanDescription {
  readonly kind?: 'client' | 'consumer';
  /** Ids and names of ours; never a number, a body or a secret. Those that are undefined are left out. */
  readonly attributes: SpanAttributes;
  /**
   * The span it is below, as `activeTrace()` gave it. With null it begins a trace of its own, as what woke the work has
   * nothing to do with it. Below the active span, unless given.
   */
  readonly parent?: string | null;
}

/** What is learnt while the span goes on. */
export type Annotate = (attributes: SpanAttributes) => void;

const TRACER = 'nestjs-whatsapp-twilio';

/** The host's, if it has one. */
const load = () => import('@opentelemetry/api').catch(() => undefined);
let loading: ReturnType<typeof load> | undefined;

type Api = NonNullable<Awaited<ReturnType<typeof load>>>;

/**
 * Does the work within a span of the host's tracer; without `@opentelemetry/api`, or a tracer registered with it, just
 * does the work. Of an error the span has the code alone, since its words may be those of a user.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/api/
 */
export async function inSpan<Result>(
  name: string,
  { kind, attributes, parent }: SpanDescription,
  work: (annotate: Annotate) => Promise<Result>,
): Promise<Result> {
  const api = await (loading ??= load());
  if (api === undefined) return work(() => {});
  const options = {
    attributes: present(attributes),
    ...(kind !== undefined && { kind: kind === 'client' ? api.SpanKind.CLIENT : api.SpanKind.CONSUMER }),
  };
  return api.trace.getTracer(TRACER).startActiveSpan(name, options, contextBelow(api, parent), async (span) => {
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

/**
 * The span that is going on, as a `traceparent`: for what is done later, or elsewhere. `undefined` without one.
 *
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
export async function activeTrace(): Promise<string | undefined> {
  const api = await (loading ??= load());
  const span = api?.trace.getActiveSpan()?.spanContext();
  if (api === undefined || span === undefined || !api.isSpanContextValid(span)) return undefined;
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`;
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

function contextBelow(api: Api, parent: string | null | undefined): Context {
  if (parent === undefined) return api.context.active();
  const [, traceId, spanId, flags] = TRACEPARENT.exec(parent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return api.ROOT_CONTEXT;
  const span: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return api.trace.setSpanContext(api.ROOT_CONTEXT, span);
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
