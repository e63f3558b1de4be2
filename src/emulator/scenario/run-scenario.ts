import { sendAs } from '../control/command';
import type { TwilioEmulator } from '../emulator';
import type { Alert } from '../journal';
import type { Message } from '../message';
import type { Phone } from '../phone/phone';
import type { ReceivedMessage } from '../phone/received-message';
import type { WebhookOutcome } from '../webhooks/inbound';
import type { Action, Scenario } from './scenario';

export interface StepReport {
  readonly title: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly durationMs: number;
  /** Why it failed. */
  readonly problem?: string;
}

export interface ScenarioReport {
  readonly name: string;
  readonly passed: boolean;
  readonly steps: readonly StepReport[];
  /** What Twilio's debugger had to say, and no step expected. */
  readonly alerts: readonly { readonly code: number; readonly text: string }[];
}

/** Something that a step expected and that did not come about. */
class Unmet extends Error {}

/** Plays a scenario step by step, until one fails; the rest is skipped. */
export async function runScenario(
  twilio: TwilioEmulator,
  scenario: Scenario,
  onStep: (step: StepReport) => void = () => undefined,
): Promise<ScenarioReport> {
  for (const template of scenario.templates) twilio.content(template);
  const run = new Run(twilio, scenario);
  const steps: StepReport[] = [];
  let failed = false;
  for (const { action, title } of scenario.steps) {
    const began = performance.now();
    const problem: string | undefined = failed ? undefined : await run.perform(action);
    const durationMs = Math.round(performance.now() - began);
    const outcome = failed ? 'skipped' : problem === undefined ? 'passed' : 'failed';
    const step: StepReport = { title, outcome, durationMs, ...(problem === undefined ? {} : { problem }) };
    steps.push(step);
    onStep(step);
    failed ||= problem !== undefined;
  }
  await twilio.settles();
  const alerts = run.unexpectedAlerts();
  return { name: scenario.name, passed: !failed && alerts.length === 0, steps, alerts };
}

class Run {
  /** The last message that each phone received, for what refers to "it". */
  readonly #last = new Map<string, ReceivedMessage>();
  /** The alerts that a step spoke of. */
  readonly #seen = new Set<string>();

  constructor(
    private readonly twilio: TwilioEmulator,
    private readonly scenario: Scenario,
  ) {
    for (const name of Object.keys(scenario.phones)) this.#phone(name);
  }

  /** Does it, and says what went wrong. */
  async perform(action: Action): Promise<string | undefined> {
    try {
      await this.#do(action);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  unexpectedAlerts(): { code: number; text: string }[] {
    return this.#unseen().map(({ code, text }) => ({ code, text }));
  }

  #unseen(): Alert[] {
    return this.twilio.alerts.filter(({ sid }) => !this.#seen.has(sid));
  }

  async #do(action: Action): Promise<void> {
    switch (action.kind) {
      case 'sends':
        return this.#taken(await sendAs(this.#phone(action.phone), action.message));
      case 'taps':
        return this.#taken(await this.#phone(action.phone).taps(action.title));
      case 'picks':
        return this.#taken(await this.#phone(action.phone).picks(action.title));
      case 'replies':
        return this.#taken(await this.#phone(action.phone).replies(action.text, this.#it(action.phone)));
      case 'reacts':
        return this.#taken(await this.#phone(action.phone).reacts(action.emoji, this.#it(action.phone)));
      case 'receives': {
        const { phone, text, withinMs } = action;
        this.#last.set(phone, await this.#phone(phone).receives(text, { timeoutMs: withinMs }));
        return undefined;
      }
      case 'reads':
        return this.#phone(action.phone).reads();
      case 'online':
        return action.on ? this.#phone(action.phone).goesOnline() : this.#phone(action.phone).goesOffline();
      case 'blocks':
        return this.#phone(action.phone).blocks(action.on);
      case 'optsOut':
        return this.#phone(action.phone).optsOut(action.on);
      case 'status':
        return this.#becomes(action.phone, action.withinMs, action.status, ({ status }) => status === action.status);
      case 'error':
        return this.#becomes(
          action.phone,
          action.withinMs,
          `${action.code}`,
          ({ errorCode }) => errorCode === action.code,
        );
      case 'advance':
        return this.twilio.clock.advance(action.by);
      case 'faults':
        return this.twilio.faults(action.faults);
      case 'settle':
        return this.twilio.settles();
      case 'alerts':
        return this.#expectAlerts(action.codes);
    }
  }

  #phone(name: string): Phone {
    const { number, ...options } = this.scenario.phones[name] ?? { number: name };
    return this.twilio.phone(number, options);
  }

  #it(phone: string): ReceivedMessage {
    const message = this.#last.get(phone);
    if (!message) throw new Unmet(`${phone} has received nothing that it could refer to. Let it receive first.`);
    return message;
  }

  /** An alert says more than a status. */
  #taken({ status, alerts }: WebhookOutcome): void {
    const alert = alerts.find(({ level }) => level === 'error');
    for (const { sid } of alerts) this.#seen.add(sid);
    if (alert) throw new Unmet(`The application did not take it: ${alert.code} ${alert.text}`);
    if (status === undefined) throw new Unmet('No webhook is set, so nobody took it');
  }

  /** Waits until the last message to the phone is so. */
  async #becomes(name: string, withinMs: number, what: string, fits: (message: Message) => boolean): Promise<void> {
    const { user } = this.#phone(name);
    const last = (): Message | undefined =>
      this.twilio.messages.findLast((message) => message.user === user && message.direction !== 'inbound');
    const isSo = (): boolean => {
      const message = last();
      return message !== undefined && fits(message);
    };
    if (isSo() || (await this.#happens(isSo, withinMs))) return;
    const message = last();
    const found = message
      ? `${message.status}${message.errorCode === null ? '' : ` (${message.errorCode})`}`
      : 'missing';
    throw new Unmet(`The last message to ${name} is ${found}, not ${what}, after ${withinMs} ms`);
  }

  #happens(isSo: () => boolean, withinMs: number): Promise<boolean> {
    const { events } = this.twilio;
    return new Promise((resolve) => {
      const finish = (happened: boolean): void => {
        clearTimeout(timer);
        events.off('message', check).off('update', check);
        resolve(happened);
      };
      const check = (): void => {
        if (isSo()) finish(true);
      };
      const timer = setTimeout(() => finish(isSo()), withinMs);
      events.on('message', check).on('update', check);
    });
  }

  #expectAlerts(codes: readonly number[]): void {
    const unseen = this.#unseen();
    for (const { sid } of unseen) this.#seen.add(sid);
    const found = unseen.map(({ code }) => code);
    const [wanted, got] = [codes, found].map((list) => list.toSorted((a, b) => a - b).join(', ') || 'none');
    if (wanted !== got) throw new Unmet(`The debugger has ${got}, not ${wanted}`);
  }
}
