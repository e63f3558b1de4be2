import type { Dispatcher } from 'undici';
import type { Clock } from '../../common/clock';
import type { Headers } from './twilio-refusal';

export interface HttpRequest {
  readonly origin: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole exchange: waiting for a connection, the request, the answer to its last byte. */
  readonly timeoutMs: number;
  /** A longer body is not read. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

/** An answer, of which at least the head arrived. */
export interface HttpAnswer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: Headers;
  /** Why the body is missing, or undefined when it is whole. */
  readonly broken?: HttpFailure;
  readonly body: string;
}

/** No answer arrived. */
export interface HttpFailure {
  readonly kind: 'failure';
  /** A byte of the request may have been written. */
  readonly written: boolean;
  readonly reason: string;
  readonly cause?: unknown;
}

/**
 * One request and its answer, over undici's lowest interface: there alone it is known for certain whether the request
 * began to be written, which decides whether a message may be sent again. Follows no redirect, repeats nothing, never
 * rejects.
 */
export function exchange(
  dispatcher: Dispatcher,
  request: HttpRequest,
  clock: Clock,
): Promise<HttpAnswer | HttpFailure> {
  return new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | undefined;
    let head: { status: number; headers: Headers } | undefined;
    let settled = false;
    const chunks: Buffer[] = [];
    let size = 0;

    const settle = (result: HttpAnswer | HttpFailure) => {
      settled = true;
      cancelTimer();
      request.signal?.removeEventListener('abort', onAbort);
      resolve(result);
    };
    const fail = (reason: string, cause?: unknown) => {
      if (settled) return;
      const failure: HttpFailure = { kind: 'failure', written: controller !== undefined, reason, cause };
      settle(head === undefined ? failure : { kind: 'answer', ...head, body: '', broken: failure });
      controller?.abort(new Error(reason));
    };
    const onAbort = () => fail('ABORTED', request.signal?.reason);
    const cancelTimer = clock.setTimeout(() => fail('TIMEOUT'), request.timeoutMs);

    if (request.signal?.aborted) return onAbort();
    request.signal?.addEventListener('abort', onAbort, { once: true });

    const { origin, method, path, headers, body } = request;
    // The timer above stands for undici's own limits, which are none for an answer that trickles in.
    const options = { origin, method, path, headers, body, headersTimeout: 0, bodyTimeout: 0 };
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        // Given up while it waited for a connection: nothing has been written yet, and nothing will be.
        if (settled) return started.abort(new Error('ABORTED'));
        controller = started;
      },
      onResponseStart(_, status, responseHeaders) {
        if (status >= 200) head = { status, headers: responseHeaders };
      },
      onResponseData(_, chunk) {
        size += chunk.length;
        if (size > request.maxBytes) fail('TOO_LARGE');
        else chunks.push(chunk);
      },
      onResponseEnd() {
        if (settled || head === undefined) return;
        // JSON is UTF-8, whatever the header claims; what is not is replaced, and a byte order mark dropped.
        settle({ kind: 'answer', ...head, body: new TextDecoder().decode(Buffer.concat(chunks)) });
      },
      onResponseError(_, error) {
        fail(codeOf(error), withoutBytes(error));
      },
    };
    try {
      dispatcher.dispatch(options, handler);
    } catch (error) {
      fail('DISPATCHER', error);
    }
  });
}

function codeOf(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code;
  return typeof code === 'string' ? code : error.name;
}

/** undici's parser puts what it could not parse into its error: bytes of an answer, which may hold anything. */
function withoutBytes(error: Error): Error {
  return 'data' in error ? new Error(error.message) : error;
}
