import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { type Bench, startBench } from '../emulator/bench';
import { TwilioEmulator, type TwilioEmulatorOptions } from '../../src/emulator';
import { type BrowserPage, launchBrowser, openPage } from './browser-page';

export const ANA = '+15551230001';

/** An emulator with an application behind it, and a browser to open its page in. */
export class PhonePage {
  private readonly opened: BrowserPage[] = [];
  private restarted: TwilioEmulator | undefined;

  private constructor(
    readonly bench: Bench,
    private readonly browser: Browser,
  ) {}

  static async start(browser: Browser, options: TwilioEmulatorOptions = {}): Promise<PhonePage> {
    return new PhonePage(await startBench({ enforceWindow: false, ...options }), browser);
  }

  /** Opens the page, and resolves once it shows Ana's phone. */
  async open(options?: BrowserContextOptions): Promise<Page> {
    const one = await openPage(this.browser, this.bench.twilio.url, options);
    this.opened.push(one);
    await one.page.locator('#phones [data-phone]').first().waitFor({ state: 'attached' });
    await one.page.locator('#whose', { hasText: 'Ana' }).waitFor({ state: 'attached' });
    return one.page;
  }

  /** Starts another emulator in place of this one, as one does at the command line. It has no webhook. */
  async restart(): Promise<TwilioEmulator> {
    const { twilio } = this.bench;
    const port = Number(new URL(twilio.url).port);
    await twilio.stop();
    this.restarted = await TwilioEmulator.start({ port });
    return this.restarted;
  }

  /** Closes everything. @returns what the pages did that they must never do. */
  async stop(): Promise<string[]> {
    for (const { close } of this.opened) await close();
    await this.restarted?.stop();
    await this.bench.stop();
    const offences = this.opened.flatMap((one) => one.offences);
    // While there is no emulator, the browser says so.
    return this.restarted ? offences.filter((offence) => !offence.startsWith('Failed to load')) : offences;
  }

  /** Sends to Ana, or to whom it says, as the application does. */
  send(fields: { to?: string; body?: string; mediaUrl?: string[]; persistentAction?: string[]; contentSid?: string }) {
    return this.bench.client.messages.create({ from: this.bench.twilio.sender, to: `whatsapp:${ANA}`, ...fields });
  }

  /** What the application was told last. */
  lastInbound(): URLSearchParams | undefined {
    return this.bench.inbound().at(-1);
  }
}

/** A page for each test; at its end nothing may have gone wrong in it. */
export function eachWithPhone(options?: TwilioEmulatorOptions): () => PhonePage {
  let browser: Browser;
  let phone: PhonePage;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    phone = await PhonePage.start(browser, options);
  });
  afterEach(async () => {
    expect(await phone.stop()).toEqual([]);
  });
  return () => phone;
}

export async function write(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message', exact: true }).fill(text);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
}

export const nextFrame = (page: Page): Promise<unknown> => page.evaluate('new Promise(requestAnimationFrame)');

export const bubble = (page: Page, text: string): Locator => page.locator('.message', { hasText: text });

/** The sign of how far a message has come. */
export const sign = (page: Page, text: string, name: string): Locator =>
  bubble(page, text).locator('.sign').and(page.getByRole('img', { name }));

/** Opens the actions of a message, and chooses one. */
export async function act(page: Page, text: string, action: string): Promise<void> {
  await bubble(page, text).hover();
  await bubble(page, text)
    .getByRole('button', { name: /^Actions for/ })
    .click();
  await page.getByRole('menu', { name: 'Message' }).getByRole('menuitem', { name: action }).click();
}

export async function attach(page: Page, what: string): Promise<void> {
  await page.getByRole('button', { name: 'Attach' }).click();
  await page.getByRole('menuitem', { name: what }).click();
}

export async function addUser(page: Page, name: string, number: string): Promise<void> {
  await page.getByRole('button', { name: 'Add a user' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill(name);
  await page.getByRole('dialog').getByLabel('Phone number').fill(number);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.locator('#whose', { hasText: name }).waitFor();
}
