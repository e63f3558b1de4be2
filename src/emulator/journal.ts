import { EventEmitter } from 'node:events';
import type { Clock } from '../common/clock';
import type { Faults } from './faults';
import type { Message } from './message';
import type { User } from './phone/user';

/** One HTTP exchange: a REST call to the emulator, or a webhook of its own. Credentials are left out or masked. */
export interface LoggedRequest {
  readonly id: number;
  readonly at: Date;
  readonly kind: 'rest' | 'inbound' | 'status';
  readonly method: string;
  readonly url: string;
  /** Missing when no answer came. */
  readonly status?: number;
  readonly parameters: Readonly<Record<string, string | string[]>>;
  /** How long the answer took. */
  readonly durationMs?: number;
  /** A webhook's headers as they went out, its signature included. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What was answered: text only, its first 4096 characters. */
  readonly answer?: { readonly contentType: string; readonly body: string };
}

type RequestEntry = Omit<LoggedRequest, 'id' | 'at' | 'parameters' | 'status' | 'durationMs' | 'answer' | 'headers'> & {
  readonly status: number | undefined;
  readonly parameters: URLSearchParams;
  readonly startedAt: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly answer?: { readonly contentType: string; readonly body: string | Buffer } | undefined;
};

/** What Twilio's debugger would show: a webhook that was answered wrongly, or not at all. */
export interface Alert {
  readonly at: Date;
  /** @see https://www.twilio.com/docs/api/errors */
  readonly code: number;
  readonly text: string;
  readonly url: string;
  readonly messageSid: string;
}

export interface EmulatorEvents {
  /** A message was made: by a phone, by a REST call or by TwiML. */
  message: [message: Message];
  /** A message changed: its status, its text, or whether it was read. */
  update: [message: Message];
  /** A message was deleted through REST. */
  remove: [message: Message];
  /** A message has come up on a user's phone. */
  arrival: [message: Message];
  user: [user: User];
  /** The business shows that it is typing. */
  typing: [user: User];
  request: [request: LoggedRequest];
  alert: [alert: Alert];
  /** What goes wrong from now on has changed. */
  faults: [faults: Faults];
}

const KEPT = 1000;
const LONGEST_ANSWER = 4096;

/** What happened, as lists that keep the last 1000 entries and as events. */
export class Journal {
  readonly events = new EventEmitter<EmulatorEvents>();
  readonly requests: LoggedRequest[] = [];
  readonly alerts: Alert[] = [];
  #nextId = 1;

  constructor(private readonly clock: Clock) {
    this.events.setMaxListeners(0);
  }

  request(entry: RequestEntry): void {
    const now = this.clock.now();
    const request: LoggedRequest = {
      kind: entry.kind,
      method: entry.method,
      id: this.#nextId++,
      at: new Date(now),
      url: withoutUserinfo(entry.url),
      ...(entry.status === undefined ? {} : { status: entry.status }),
      parameters: toRecord(entry.parameters),
      durationMs: now - entry.startedAt,
      ...(entry.headers === undefined ? {} : { headers: withoutCredentials(entry.headers) }),
      ...(entry.answer === undefined ? {} : { answer: excerpt(entry.answer) }),
    };
    keep(this.requests, request);
    this.events.emit('request', request);
  }

  alert(entry: Omit<Alert, 'at'>): Alert {
    const alert = { ...entry, at: new Date(this.clock.now()), url: withoutUserinfo(entry.url) };
    keep(this.alerts, alert);
    this.events.emit('alert', alert);
    return alert;
  }
}

function keep<T>(list: T[], entry: T): void {
  list.push(entry);
  if (list.length > KEPT) list.shift();
}

function withoutCredentials({ authorization, ...headers }: Readonly<Record<string, string>>): Record<string, string> {
  return authorization === undefined ? headers : { ...headers, authorization: 'Basic ***' };
}

function excerpt({ contentType, body }: { contentType: string; body: string | Buffer }): LoggedRequest['answer'] {
  const isText = /^(text\/|application\/(\w+\+)?(json|xml))/i.test(contentType);
  return { contentType, body: isText ? body.toString().slice(0, LONGEST_ANSWER) : '' };
}

function withoutUserinfo(url: string): string {
  return url.replace(/^(https?:\/\/)[^/?#]*@/i, '$1');
}

function toRecord(parameters: URLSearchParams): Record<string, string | string[]> {
  const entries = [...new Set(parameters.keys())].map((name): [string, string | string[]] => {
    const values = parameters.getAll(name).map(withoutUserinfo);
    const [value] = values;
    return [name, value !== undefined && values.length === 1 ? value : values];
  });
  return Object.fromEntries(entries);
}
