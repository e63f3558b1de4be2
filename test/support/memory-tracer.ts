import {
  type Attributes,
  type Context,
  context,
  type ContextManager,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanKind,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorage } from 'node:async_hooks';
import { Happenings } from './happenings';

export interface EndedSpan {
  readonly name: string;
  readonly kind: SpanKind | undefined;
  readonly traceId: string;
  readonly spanId: string;
  /** The span it is below, by its id. */
  readonly parent: string | undefined;
  readonly attributes: Attributes;
  readonly failed: boolean;
}

/** A host's tracer that keeps what ended. */
export class MemoryTracer {
  readonly spans = new Happenings<EndedSpan>();
  #count = 0;

  register(): this {
    trace.setGlobalTracerProvider(this as never);
    context.setGlobalContextManager(new AsyncContexts());
    return this;
  }

  unregister(): void {
    trace.disable();
    context.disable();
  }

  getTracer() {
    return this;
  }

  startSpan(name: string, { kind, attributes = {} }: SpanOptions = {}, below: Context = context.active()): Span {
    const parent = trace.getSpanContext(below);
    const number = (++this.#count).toString(16);
    const own: SpanContext = {
      traceId: parent?.traceId ?? number.padStart(32, 'a'),
      spanId: number.padStart(16, 'b'),
      traceFlags: 1,
    };
    let failed = false;
    const span = {
      spanContext: () => own,
      setAttribute: (key: string, value: string) => Object.assign(attributes, { [key]: value }) && span,
      setAttributes: (more: Attributes) => Object.assign(attributes, more) && span,
      setStatus: ({ code }: { code: SpanStatusCode }) => {
        failed = code === SpanStatusCode.ERROR;
        return span;
      },
      end: () => this.spans.add({ name, kind, ...own, parent: parent?.spanId, attributes, failed }),
    };
    return span as unknown as Span;
  }

  startActiveSpan<Result>(name: string, options: SpanOptions, below: Context, work: (span: Span) => Result): Result {
    const span = this.startSpan(name, options, below);
    return context.with(trace.setSpan(below, span), () => work(span));
  }

  /** The first span of this name with these attributes. */
  first(name: string, attributes: Attributes = {}): Promise<EndedSpan> {
    return this.spans.first(
      (one) => one.name === name && Object.entries(attributes).every(([key, value]) => one.attributes[key] === value),
    );
  }
}

/** What is active, along the way of a promise. */
class AsyncContexts implements ContextManager {
  readonly #contexts = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#contexts.getStore() ?? ROOT_CONTEXT;
  }

  with<Args extends unknown[], Work extends (...args: Args) => ReturnType<Work>>(
    active: Context,
    work: Work,
    self?: ThisParameterType<Work>,
    ...args: Args
  ): ReturnType<Work> {
    return this.#contexts.run(active, () => work.call(self, ...args));
  }

  bind<T>(_active: Context, target: T): T {
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#contexts.disable();
    return this;
  }
}
