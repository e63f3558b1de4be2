import { parseAddress } from '../../whatsapp-twilio/messages/address';
import type { Account } from '../accounts/account';
import type { SenderWebhook } from '../accounts/sender';
import type { Core } from '../core';
import type { Delivery } from '../delivery';
import type { Alert } from '../journal';
import type { Message } from '../message';
import { createOutbound, senderOf } from '../outbound';
import { type KindParameters, inboundParameters } from './inbound-parameters';
import { parseTwiml, type TwimlMessage, type TwimlProblem } from './twiml';
import type { WebhookResult } from './webhook-sender';

/** What became of a message that a phone sent. */
export interface WebhookOutcome {
  readonly messageSid: string;
  /** The HTTP status of the application's answer; missing when none came. */
  readonly status?: number;
  readonly contentType: string;
  readonly body: string;
  /** The SIDs of the replies that the answer's TwiML asked for. */
  readonly replies: readonly string[];
  /** What Twilio's debugger says about it; empty when all is well. */
  readonly alerts: readonly Alert[];
}

/** Brings inbound messages to the application and does what its answers say. */
export class Inbound {
  constructor(
    private readonly core: Core,
    private readonly delivery: Delivery,
  ) {}

  async deliver(message: Message, kind: KindParameters): Promise<WebhookOutcome> {
    const { random, url: origin } = this.core;
    const account = this.core.accounts.of(message);
    const webhook = inboundWebhook(account, message);
    const nothing = { messageSid: message.sid, contentType: '', body: '', replies: [], alerts: [] };
    if (webhook?.url === undefined) return nothing;
    const { url, fallbackUrl } = webhook;
    const parameters = inboundParameters(message, kind, account, origin, random);
    const first = await this.#ask(message, account, url, parameters);
    if (first.accepted || fallbackUrl === undefined) return this.#obey(message, first);
    parameters.set('ErrorCode', String(first.alerts.at(-1)?.code));
    parameters.set('ErrorUrl', url);
    const second = await this.#ask(message, account, fallbackUrl, parameters);
    return this.#obey(message, { ...second, alerts: [...first.alerts, ...second.alerts] });
  }

  async #ask(message: Message, account: Account, url: string, parameters: URLSearchParams): Promise<Answer> {
    const result = await this.core.webhooks.post('inbound', account, url, parameters);
    const { accepted, messages, problems } = judge(result);
    const alerts = problems.map((problem) => this.core.journal.alert({ ...problem, url, messageSid: message.sid }));
    return { result, accepted, messages, alerts };
  }

  #obey(message: Message, { result, accepted, messages, alerts }: Answer): WebhookOutcome {
    this.core.messages.update(message, { reception: accepted ? 'taken' : 'refused' });
    const replies = messages.map((reply) => this.#reply(message, reply)).filter((sid) => sid !== undefined);
    const outcome = { messageSid: message.sid, replies, alerts };
    if (!result.answered) return { ...outcome, contentType: '', body: '' };
    const { status, contentType, body } = result;
    return { ...outcome, status, contentType, body };
  }

  #reply(message: Message, reply: TwimlMessage): string | undefined {
    const to = parseAddress(reply.to ?? message.user.id);
    if (!to || (reply.body === '' && reply.mediaUrls.length === 0)) return undefined;
    const user = this.core.users.find(to) ?? this.core.users.obtain(to);
    const sent = createOutbound(this.core, {
      direction: 'outbound-reply',
      account: this.core.accounts.of(message),
      sender: senderOf(this.core, message),
      user,
      to: reply.to ?? `whatsapp:${to.value}`,
      body: reply.body,
      mediaUrls: reply.mediaUrls,
      statusCallback: reply.statusCallback,
    });
    this.delivery.start(sent);
    return sent.sid;
  }
}

/**
 * Where an inbound message goes: to its sender's webhook, or to that of the Messaging Service that the sender is in.
 *
 * @see https://www.twilio.com/docs/messaging/api/service-resource
 */
function inboundWebhook(account: Account, message: Message): Partial<SenderWebhook> | undefined {
  const service = account.services.get(message.messagingServiceSid ?? '');
  if (!service || service.useInboundWebhookOnNumber) return account.senders.get(message.to)?.webhook;
  const { inboundRequestUrl: url, inboundMethod: method, fallbackUrl, fallbackMethod } = service;
  if (url === null) return undefined;
  return { url, method, ...(fallbackUrl === null ? {} : { fallbackUrl, fallbackMethod }) };
}

interface Answer {
  readonly result: WebhookResult;
  readonly accepted: boolean;
  readonly messages: readonly TwimlMessage[];
  readonly alerts: readonly Alert[];
}

interface Judgement {
  /** Whether Twilio is content with the answer; otherwise it tries the fallback URL. */
  readonly accepted: boolean;
  readonly messages: readonly TwimlMessage[];
  readonly problems: readonly TwimlProblem[];
}

/** @see https://www.twilio.com/docs/messaging/twiml#twilios-request-to-your-application */
function judge(result: WebhookResult): Judgement {
  if (!result.answered) return refused(result.code, result.text);
  const { status, contentType, body } = result;
  if (status < 200 || status > 299) return refused(11200, `HTTP retrieval failure: the answer was ${status}`);
  if (status === 204) return { accepted: true, messages: [], problems: [] };
  const type = contentType.replace(/;.*$/s, '').trim().toLowerCase();
  if (type === 'text/plain') {
    // Twilio passes plain text on to the user.
    return { accepted: true, messages: body === '' ? [] : [{ body, mediaUrls: [] }], problems: [] };
  }
  if (type === '') return refused(11200, 'HTTP retrieval failure: the answer has no Content-Type');
  if (!['text/xml', 'application/xml', 'text/html'].includes(type))
    return refused(12300, `Invalid Content-Type: ${type}`);
  if (body.trim() === '') return refused(11770, 'Empty TwiML response body');
  const twiml = parseTwiml(body);
  if (!twiml.valid) return refused(twiml.problem.code, twiml.problem.text);
  return { accepted: true, messages: twiml.messages, problems: twiml.warning === undefined ? [] : [twiml.warning] };
}

function refused(code: number, text: string): Judgement {
  return { accepted: false, messages: [], problems: [{ code, text }] };
}
