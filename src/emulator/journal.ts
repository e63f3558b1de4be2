import { EventEmitter } from 'node:events';
import type { Clock } from '../common/clock';
import type { Account } from './accounts/account';
import type { Faults } from './faults/faults';
import type { Message } from './message';
import type { User } from './phone/user';
import type { SeededRandom } from './random';

/** One HTTP exchange: a REST call to the emulator, or a webhook of its own. Credentials are left out or masked. */
export interface LoggedRequest {
  readonly id: number;
  readonly at: Date;
  readonly kind: 'rest' | 'inbound' | 'status' | 'debugger';
  readonly method: string;
  readonly url: string;
  /** A webhook's headers as they went out, its signature included. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Missing when no answer came. */
  readonly status?: number;
  /** How long the answer took. */
  readonly durationMs: number;
  /** In the order in which they were sent. */
  readonly parameters: Readonly<Record<string, string | string[]>>;
  /** What was answered: text only, its first 4096 characters. */
  readonly answer?: Answer;
}

interface Answer<Body = string> {
  readonly contentType: string;
  readonly body: Body;
}

type RequestEntry = Pick<LoggedRequest, 'kind' | 'method' | 'url' | 'durationMs' | 'headers'> & {
  readonly status: number | undefined;
  readonly parameters: URLSearchParams;
  readonly answer: Answer<string | Buffer> | undefined;
};

/** What Twilio's debugger would show: a webhook that was answered wrongly, or not at all. */
export interface Alert {
  /** `NO…` */
  readonly sid: string;
  readonly accountSid: string;
  readonly at: Date;
  readonly level: 'error' | 'warning';
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
  typing: [user: User, sender: string];
  request: [request: LoggedRequest];
  alert: [alert: Alert];
  /** The clock was moved to this time. */
  clock: [now: number];
  /** What goes wrong from now on has changed. */
  faults: [faults: Faults];
  /** An account was made, or something of it changed. */
  account: [account: Account];
}

const LONGEST_ANSWER = 4096;

/** What happened, as lists that keep the last entries and as events. */
export class Journal {
  readonly events = new EventEmitter<EmulatorEvents>();
  readonly requests: LoggedRequest[] = [];
  readonly alerts: Alert[] = [];
  #nextId = 1;

  constructor(
    private readonly clock: Clock,
    private readonly random: SeededRandom,
    private readonly kept: number,
  ) {
    this.events.setMaxListeners(0);
  }

  request(entry: RequestEntry): void {
    const { kind, method, durationMs, status, headers, answer } = entry;
    const request: LoggedRequest = {
      kind,
      method,
      id: this.#nextId++,
      at: new Date(this.clock.now()),
      url: withoutUserinfo(entry.url),
      ...(status === undefined ? {} : { status }),
      parameters: toRecord(entry.parameters),
      durationMs,
      ...(headers === undefined ? {} : { headers: withoutCredentials(headers) }),
      ...(answer === undefined ? {} : { answer: excerpt(answer) }),
    };
    keep(this.requests, request, this.kept);
    this.events.emit('request', request);
  }

  alert(entry: Omit<Alert, 'sid' | 'at'>): Alert {
    const sid = this.random.sid('NO');
    const alert = { ...entry, sid, at: new Date(this.clock.now()), url: withoutUserinfo(entry.url) };
    keep(this.alerts, alert, this.kept);
    this.events.emit('alert', alert);
    return alert;
  }
}

function keep<T>(list: T[], entry: T, kept: number): void {
  list.push(entry);
  if (list.length > kept) list.shift();
}

function withoutUserinfo(url: string): string {
  return url.replace(/^(https?:\/\/)[^/?#]*@/i, '$1');
}

function withoutCredentials({ authorization, ...headers }: Readonly<Record<string, string>>): Record<string, string> {
  return authorization === undefined ? headers : { ...headers, authorization: 'Basic ***' };
}

function excerpt({ contentType, body }: Answer<string | Buffer>): Answer {
  const isText = /^(text\/|application\/(\w+\+)?(json|xml))/i.test(contentType);
  return { contentType, body: isText ? withoutSecrets(body.toString().slice(0, LONGEST_ANSWER)) : '' };
}

/** The resources of an account and of a new key or token show them. */
function withoutSecrets(body: string): string {
  return body.replaceAll(/"(auth_token|secondary_auth_token|secret)":"[^"]*"?/g, '"$1":"***"');
}

function toRecord(parameters: URLSearchParams): Record<string, string | string[]> {
  const entries = [...new Set(parameters.keys())].map((name): [string, string | string[]] => {
    const values = parameters.getAll(name).map(withoutUserinfo);
    const [value] = values;
    return [name, value !== undefined && values.length === 1 ? value : values];
  });
  return Object.fromEntries(entries);
}
