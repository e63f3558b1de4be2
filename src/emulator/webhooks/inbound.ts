import { parseUrl } from '../../common/parse-url';
import type { Account } from '../accounts/account';
import type { SenderWebhook, WebhookMethod } from '../accounts/sender';
import type { Core } from '../core';
import type { Delivery } from '../delivery';
import type { Alert } from '../journal';
import type { Message } from '../message';
import { obeyKeywords } from '../rules/keywords';
import { raiseAlert } from './debugger';
import { type KindParameters, inboundParameters } from './inbound-parameters';
import { type Judgement, judge } from './judge';
import { replyTo } from './reply';
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

interface Target {
  readonly url: string;
  readonly method: WebhookMethod | undefined;
}

interface Answer extends Judgement {
  readonly result: WebhookResult;
}

const MOST_REDIRECTS = 10;

/** Brings inbound messages to the application and does what its answers say. */
export class Inbound {
  constructor(
    private readonly core: Core,
    private readonly delivery: Delivery,
  ) {}

  async deliver(message: Message, kind: KindParameters): Promise<WebhookOutcome> {
    const account = this.core.accounts.of(message);
    const keywords = obeyKeywords(this.core, message);
    if (keywords.notice) this.delivery.start(keywords.notice);
    const webhook = keywords.forward ? inboundWebhook(account, message) : undefined;
    if (webhook?.url === undefined) {
      return { messageSid: message.sid, contentType: '', body: '', replies: [], alerts: [] };
    }
    return new Exchange(this.core, this.delivery, account, message).run(webhook, { ...kind, ...keywords.parameters });
  }
}

/** All requests and answers that one inbound message leads to. */
class Exchange {
  readonly #alerts: Alert[] = [];
  readonly #replies: string[] = [];

  constructor(
    private readonly core: Core,
    private readonly delivery: Delivery,
    private readonly account: Account,
    private readonly message: Message,
  ) {}

  async run(webhook: Partial<SenderWebhook>, kind: KindParameters): Promise<WebhookOutcome> {
    const { account, core, message } = this;
    const parameters = inboundParameters(message, kind, account, core.url, core.noise);
    const first = { url: webhook.url ?? '', method: webhook.method };
    let answer = await this.#ask(first, parameters, core.faults.nextInboundIsRepeated());
    if (!answer.accepted && webhook.fallbackUrl !== undefined) {
      parameters.set('ErrorCode', String(this.#alerts.at(-1)?.code));
      parameters.set('ErrorUrl', first.url);
      answer = await this.#ask({ url: webhook.fallbackUrl, method: webhook.fallbackMethod }, parameters);
    }
    core.messages.update(message, { reception: answer.accepted ? 'taken' : 'refused' });
    const last = await this.#obey(answer, first.url, parameters);
    const outcome = { messageSid: message.sid, replies: this.#replies, alerts: this.#alerts };
    if (!last.answered) return { ...outcome, contentType: '', body: '' };
    const { status, contentType, body } = last;
    return { ...outcome, status, contentType, body };
  }

  async #ask(target: Target, parameters: URLSearchParams, twice = false): Promise<Answer> {
    const { account, core, message } = this;
    const webhook = { kind: 'inbound' as const, account, ...target, parameters };
    const idempotencyToken = core.webhooks.newIdempotencyToken();
    if (twice) await core.webhooks.send({ ...webhook, idempotencyToken });
    const result = await core.webhooks.send({ ...webhook, idempotencyToken });
    const judgement = judge(result);
    for (const problem of judgement.problems) {
      this.#alerts.push(raiseAlert(core, account, { ...problem, url: target.url, messageSid: message.sid }));
    }
    return { ...judgement, result };
  }

  /** Follows redirects, and returns the last answer. */
  async #obey(answer: Answer, url: string, parameters: URLSearchParams): Promise<WebhookResult> {
    let [current, base] = [answer, url];
    for (let redirects = 0; ; redirects += 1) {
      let target: Target | undefined;
      for (const verb of current.verbs) {
        if (verb.verb === 'Message') this.#reply(verb);
        else target = { url: parseUrl(verb.url, base)?.href ?? verb.url, method: verb.method };
      }
      if (target === undefined || redirects >= MOST_REDIRECTS) return current.result;
      base = target.url;
      current = await this.#ask(target, parameters);
    }
  }

  #reply(verb: Parameters<typeof replyTo>[2]): void {
    const reply = replyTo(this.core, this.message, verb);
    if (reply === undefined) return;
    if ('code' in reply) {
      const { code, text } = reply;
      const alert = { level: 'error' as const, code, text, url: '', messageSid: this.message.sid };
      this.#alerts.push(raiseAlert(this.core, this.account, alert));
      return;
    }
    this.delivery.start(reply);
    this.#replies.push(reply.sid);
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
