import type { Core } from '../core';
import type { Delivery } from '../delivery';
import { json, type Reply } from '../http';
import type { MediaHost } from '../media-host';
import { authTokenRoutes } from './accounts/auth-tokens';
import { accountRoutes } from './api/accounts';
import { applicationRoutes } from './api/applications';
import { keyRoutes } from './api/keys';
import { mediaRoutes } from './api/media';
import { messageRoutes } from './api/messages';
import { authorize } from './authorize';
import { approvalRoutes } from './content/approvals';
import { contentRoutes } from './content/content';
import { iamKeyRoutes } from './iam/keys';
import { senderRoutes } from './messaging/senders';
import { serviceSenderRoutes } from './messaging/service-senders';
import { serviceRoutes } from './messaging/services';
import { typingRoutes } from './messaging/typing';
import { alertRoutes } from './monitor/alerts';
import type { RestCall, Route } from './route';
import { methodNotAllowed, notFound, TwilioError, wrongCredentials } from './twilio-error';

const ROUTES: readonly Route[] = [
  ...messageRoutes,
  ...mediaRoutes,
  ...typingRoutes,
  ...contentRoutes,
  ...approvalRoutes,
  ...senderRoutes,
  ...serviceRoutes,
  ...serviceSenderRoutes,
  ...accountRoutes,
  ...applicationRoutes,
  ...keyRoutes,
  ...authTokenRoutes,
  ...iamKeyRoutes,
  ...alertRoutes,
];

/** The 2010 API answers in XML and CSV as well, which is not done here: said rather than to deny that it exists. */
function inAnotherFormat(path: string): TwilioError | undefined {
  const asked = /^(\/2010-04-01\/.+)\.(xml|csv|html)$/.exec(path);
  if (!asked || !ROUTES.some((known) => known.path.test(`${asked[1]}.json`))) return undefined;
  return new TwilioError(404, 20404, `The local Twilio does not answer in ${asked[2]}: ask for ${asked[1]}.json`);
}

/** Twilio's REST API, as far as WhatsApp messages need it: all of its hosts on one origin. */
export class RestApi {
  constructor(
    private readonly core: Core,
    private readonly delivery: Delivery,
    private readonly media: MediaHost,
  ) {}

  static handles(path: string): boolean {
    return /^\/(2010-04-01|v[123])\//.test(path);
  }

  createsMessage(call: RestCall): boolean {
    return call.method === 'POST' && /\/Messages(\.json)?$/.test(call.path);
  }

  /** Answers a call; what Twilio would refuse comes back as its error. */
  answer(call: RestCall): Reply {
    try {
      return this.#withHeaders(this.#dispatch(call));
    } catch (error) {
      if (!(error instanceof TwilioError)) throw error;
      return this.refuse(error, error.headers);
    }
  }

  refuse(error: TwilioError, headers: Readonly<Record<string, string>> = {}): Reply {
    const challenge: Record<string, string> =
      error.status === 401 ? { 'www-authenticate': 'Basic realm="Twilio API"' } : {};
    return this.#withHeaders(json(error.status, error.body(), { ...challenge, ...headers }));
  }

  #dispatch(call: RestCall): Reply {
    for (const route of ROUTES) {
      const match = route.path.exec(call.path);
      if (!match) continue;
      const [named, ...rest] = match.slice(1);
      const sids = route.namesAccount ? rest : match.slice(1);
      const account = authorize(this.core.accounts, call, route, route.namesAccount ? named : undefined);
      const handle = Object.hasOwn(route.methods, call.method) ? route.methods[call.method] : undefined;
      if (!handle) throw methodNotAllowed(call, Object.keys(route.methods));
      return handle({ core: this.core, delivery: this.delivery, media: this.media, account, call }, ...sids);
    }
    if (!this.core.accounts.identify(call.authorization)) throw wrongCredentials();
    throw inAnotherFormat(call.path) ?? notFound(call.path);
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
}
