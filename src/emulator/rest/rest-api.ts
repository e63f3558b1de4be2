import type { Core } from '../core';
import type { Delivery } from '../delivery';
import { json, type Reply } from '../http';
import { isFinal, type Media, type Message } from '../message';
import { createMessage } from './create-message';
import { listMessages } from './list-messages';
import { accountResource, mediaResource, messagePath, messageResource } from './resources';
import { invalid, notFound, TwilioError, wrongCredentials } from './twilio-error';

export interface RestCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly form: URLSearchParams;
  readonly authorization: string | undefined;
}

interface Route {
  readonly path: RegExp;
  /** Its groups are the SIDs after the account's. */
  readonly methods: Readonly<Record<string, (call: RestCall, ...sids: string[]) => Reply>>;
  readonly tokenOnly?: boolean;
}

function route(path: string, methods: Route['methods'], options: Pick<Route, 'tokenOnly'> = {}): Route {
  return { path: new RegExp(`^${path}$`), methods, ...options };
}

const MESSAGE = '/Messages/((?:SM|MM)[0-9a-fA-F]{32})';
const MEDIA = `${MESSAGE}/Media/(ME[0-9a-fA-F]{32})`;

/** Twilio's REST API, as far as WhatsApp messages need it. */
export class RestApi {
  readonly #routes: readonly Route[];

  constructor(
    private readonly core: Core,
    private readonly delivery: Delivery,
  ) {
    const account = `/2010-04-01/Accounts/${core.account.sid}`;
    this.#routes = [
      route(`${account}\\.json`, { GET: () => json(200, accountResource(core.account)) }, { tokenOnly: true }),
      route(`${account}/Messages\\.json`, {
        GET: (call) => json(200, listMessages(core, call.query)),
        POST: (call) => this.#create(call),
      }),
      route(`${account}${MESSAGE}\\.json`, {
        GET: (call, sid) => this.#shown(this.#message(call, sid)),
        POST: (call, sid) => this.#change(call, this.#message(call, sid)),
        DELETE: (call, sid) => this.#remove(this.#message(call, sid)),
      }),
      route(`${account}${MESSAGE}/Media\\.json`, {
        GET: (call, sid) => this.#listMedia(this.#message(call, sid), call.path),
      }),
      route(`${account}${MEDIA}\\.json`, {
        GET: (call, sid, media) => json(200, mediaResource(this.#media(call, sid, media), sid ?? '', core.account.sid)),
        DELETE: (call, sid, media) => this.#removeMedia(this.#message(call, sid), this.#media(call, sid, media)),
      }),
      route(`${account}${MEDIA}`, { GET: (call, sid, media) => this.#bytes(this.#media(call, sid, media)) }),
      route('/v2/Indicators/Typing\\.json', { POST: (call) => this.#typing(call) }),
    ];
  }

  static handles(path: string): boolean {
    return path.startsWith('/2010-04-01/') || path.startsWith('/v2/') || path.startsWith('/_cdn/');
  }

  createsMessage(call: RestCall): boolean {
    return call.method === 'POST' && call.path.endsWith('/Messages.json');
  }

  /** Answers a call; what Twilio would refuse comes back as its error. */
  answer(call: RestCall): Reply {
    try {
      return this.#withHeaders(call.path.startsWith('/_cdn/') ? this.#cdn(call) : this.#dispatch(call));
    } catch (error) {
      if (!(error instanceof TwilioError)) throw error;
      return this.refuse(error);
    }
  }

  refuse(error: TwilioError, headers: Readonly<Record<string, string>> = {}): Reply {
    const challenge: Record<string, string> =
      error.status === 401 ? { 'www-authenticate': 'Basic realm="Twilio API"' } : {};
    return this.#withHeaders(json(error.status, error.body(), { ...challenge, ...headers }));
  }

  #dispatch(call: RestCall): Reply {
    const { account } = this.core;
    const proof = account.identify(call.authorization);
    const foreign = /^\/2010-04-01\/Accounts\/([^/.]+)/.exec(call.path)?.[1] ?? account.sid;
    if (proof === undefined || foreign !== account.sid) throw wrongCredentials();
    for (const route of this.#routes) {
      const match = route.path.exec(call.path);
      if (!match) continue;
      if (route.tokenOnly && proof === 'key') throw wrongCredentials();
      if (!route.tokenOnly && account.status === 'suspended') throw new TwilioError(403, 20005, 'Account not active');
      const handle = route.methods[call.method];
      if (!handle) throw new TwilioError(405, 20004, `Method not allowed: ${call.method} on ${call.path}`);
      return handle(call, ...match.slice(1));
    }
    throw notFound(call.path);
  }

  /** @see https://www.twilio.com/docs/usage/twilios-response */
  #withHeaders(reply: Reply): Reply {
    const headers = {
      'twilio-concurrent-requests': '1',
      'twilio-request-id': this.core.random.sid('RQ'),
      'twilio-request-duration': '0.001',
      'x-home-region': 'us1',
      'x-api-domain': 'api.twilio.com',
      'x-powered-by': 'AT-5000',
      'x-shenanigans': 'none',
    };
    return { ...reply, headers: { ...headers, ...reply.headers } };
  }

  #create(call: RestCall): Reply {
    const message = createMessage(this.core, call.form);
    this.delivery.start(message);
    return this.#shown(message, 201);
  }

  #change(call: RestCall, message: Message): Reply {
    const status = call.form.get('Status');
    const body = call.form.get('Body');
    if (status !== null) {
      if (status !== 'canceled') throw invalid(20422, 'Invalid Parameter: Status');
      if (!this.delivery.cancel(message)) {
        throw new TwilioError(409, 20409, `A message that is ${message.status} cannot be canceled`);
      }
    }
    if (body !== null) {
      if (body !== '') throw invalid(20422, 'Invalid Parameter: Body can only be emptied');
      if (!isFinal(message.status) && message.status !== 'delivered' && message.status !== 'sent') {
        throw new TwilioError(409, 20009, 'Cannot redact a message that is still on its way');
      }
      this.core.messages.update(message, { body: '' });
    }
    return this.#shown(message);
  }

  #remove(message: Message): Reply {
    this.core.messages.remove(message);
    return { status: 204 };
  }

  #listMedia(message: Message, path: string): Reply {
    const { sid } = this.core.account;
    return json(200, {
      end: Math.max(0, message.media.length - 1),
      first_page_uri: `${path}?PageSize=50&Page=0`,
      media_list: message.media.map((media) => mediaResource(media, message.sid, sid)),
      next_page_uri: null,
      page: 0,
      page_size: 50,
      previous_page_uri: null,
      start: 0,
      uri: `${path}?PageSize=50&Page=0`,
    });
  }

  #removeMedia(message: Message, media: Media): Reply {
    message.media.splice(message.media.indexOf(media), 1);
    return { status: 204 };
  }

  /** Twilio does not hand the file out itself: it sends one on to a signed address elsewhere. */
  #bytes(media: Media): Reply {
    if (media.data === undefined && media.url === undefined) throw notFound(media.sid);
    return {
      status: 302,
      headers: { location: media.data ? `${this.core.url}/_cdn/${media.sid}` : (media.url ?? '') },
    };
  }

  #cdn(call: RestCall): Reply {
    const media = this.core.messages.media(call.path.slice('/_cdn/'.length));
    if (call.method !== 'GET' || !media?.data) throw notFound(call.path);
    const headers = {
      'content-type': media.contentType,
      'x-content-type-options': 'nosniff',
      'content-security-policy': 'sandbox',
    };
    return { status: 200, headers, body: media.data };
  }

  /** @see https://www.twilio.com/docs/whatsapp/api/typing-indicators-resource */
  #typing(call: RestCall): Reply {
    if (call.form.get('channel') !== 'whatsapp') throw invalid(20422, 'Invalid Parameter: channel');
    const message = this.core.messages.get(call.form.get('messageId') ?? '');
    if (message?.direction !== 'inbound')
      throw notFound(messagePath(this.core.account.sid, call.form.get('messageId') ?? ''));
    this.core.messages.update(message, { reception: 'read' });
    this.core.journal.events.emit('typing', message.user);
    return json(200, { success: true });
  }

  #shown(message: Message, status = 200): Reply {
    return json(status, messageResource(message, this.core.account.sid));
  }

  #message(call: RestCall, sid = ''): Message {
    const message = this.core.messages.get(sid);
    if (!message) throw notFound(call.path);
    return message;
  }

  #media(call: RestCall, sid = '', mediaSid = ''): Media {
    const media = this.#message(call, sid).media.find((candidate) => candidate.sid === mediaSid);
    if (!media) throw notFound(call.path);
    return media;
  }
}
