import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { SAMPLE_PNG } from '../../src/emulator/phone/samples';
import { type Bench, startBench, twiml } from '../emulator/bench';
import { barriers, type BrowserPage, launchBrowser, openPage } from './browser-page';

const ANA = '+15551230001';
const EVIL = '<img src="x" onerror="alert(1)"><script>alert(2)</script>';

let browser: Browser;
let bench: Bench;
let opened: BrowserPage[];

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

beforeEach(async () => {
  opened = [];
  bench = await startBench({ enforceWindow: false });
});
afterEach(async () => {
  const offences = opened.flatMap((one) => one.offences);
  for (const { close } of opened) await close();
  await bench.stop();
  expect(offences).toEqual([]);
});

/** The phone page, with Ana's phone on it. */
async function openPhone(options?: BrowserContextOptions): Promise<Page> {
  const one = await openPage(browser, bench.twilio.url, options);
  opened.push(one);
  await one.page.locator('#users option', { hasText: 'Ana' }).waitFor({ state: 'attached' });
  return one.page;
}

/** Of the conversation's background, 0 to 255. */
async function brightness(colorScheme: 'dark' | 'light'): Promise<number> {
  const page = await openPhone({ colorScheme });
  const colour = await page.evaluate<string>('getComputedStyle(document.querySelector("main")).backgroundColor');
  return Math.max(...[...colour.matchAll(/\d+/g)].map(Number));
}

const send = (fields: { body?: string; mediaUrl?: string[]; persistentAction?: string[]; contentSid?: string }) =>
  bench.client.messages.create({ from: bench.twilio.sender, to: `whatsapp:${ANA}`, ...fields });

const write = async (page: Page, text: string) => {
  await page.getByRole('textbox', { name: 'Message' }).fill(text);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
};

const bubble = (page: Page, text: string): Locator => page.locator('.message', { hasText: text });
const sign = (page: Page, text: string, name: string): Locator => bubble(page, text).getByRole('img', { name });
const widthOf = (page: Page) => page.evaluate<number>('document.documentElement.scrollWidth');

const menu = () =>
  bench.twilio.content({
    types: {
      'twilio/quick-reply': {
        body: 'Shall we?',
        actions: [
          { title: 'Yes, please', id: 'yes' },
          { title: 'No', id: 'no' },
        ],
      },
    },
  });

describe('A conversation on the phone page', () => {
  it('sends what the user writes, and shows the reply as it arrives', async () => {
    bench.answer = (_request, response) => twiml(response, '<Response><Message>Hello *Ana*</Message></Response>');
    const page = await openPhone();
    await write(page, 'hi');
    await bubble(page, 'Hello Ana').locator('strong', { hasText: 'Ana' }).waitFor();
    expect(bench.inbound()[0]?.get('Body')).toBe('hi');
    await sign(page, 'hi', 'Delivered').waitFor();
  });

  it('turns the ticks blue when the user has seen a message', async () => {
    const page = await openPhone();
    await send({ body: 'Your table is ready' });
    await sign(page, 'Your table is ready', 'Read').waitFor();
    const [read, blue] = await page.evaluate<[string, string]>(`(() => {
      const probe = document.createElement('i');
      probe.style.color = 'var(--read)';
      document.body.append(probe);
      return [document.querySelector('.sign'), probe].map((node) => getComputedStyle(node).color);
    })()`);
    expect(read).toBe(blue);
    await bench.twilio.settles();
    expect(bench.callbacks().map((callback) => callback.get('MessageStatus'))).toContain('read');
  });

  it('answers with a button', async () => {
    const page = await openPhone();
    await send({ contentSid: menu() });
    await page.getByRole('button', { name: 'Yes, please' }).click();
    await sign(page, 'Yes, please', 'Delivered').first().waitFor();
    expect(bench.inbound()[0]?.get('ButtonPayload')).toBe('yes');
    expect(await page.locator('.mine .quote').innerText()).toContain('Shall we?');
  });

  it('answers from a list', async () => {
    const page = await openPhone();
    const items = [{ item: 'Margherita', id: 'm', description: 'Tomato and cheese' }];
    await send({ contentSid: bench.twilio.content({ types: { 'twilio/list-picker': { body: 'Menu', items } } }) });
    await page.getByRole('button', { name: 'Margherita' }).click();
    await page.locator('.mine', { hasText: 'Margherita' }).waitFor();
    expect(bench.inbound()[0]?.get('ListId')).toBe('m');
  });

  it('shows an image that the user sends, and one that comes', async () => {
    bench.answer = (request, response) => {
      if (request.method === 'GET') response.writeHead(200, { 'content-type': 'image/png' }).end(SAMPLE_PNG);
      else twiml(response);
    };
    const page = await openPhone();
    await page.getByRole('textbox', { name: 'Message' }).fill('Look at this');
    await page.locator('#image').setInputFiles({ name: 'photo.png', mimeType: 'image/png', buffer: SAMPLE_PNG });
    await bubble(page, 'Look at this').getByRole('img', { name: 'Image' }).waitFor();
    await send({ body: 'And at this', mediaUrl: [`${bench.app.origin}/photo.png`] });
    await bubble(page, 'And at this').getByRole('img', { name: 'Image' }).waitFor();
    await page.waitForFunction('[...document.images].every((image) => image.complete && image.naturalWidth > 0)');
    expect(bench.inbound()[0]?.get('NumMedia')).toBe('1');
  });

  it('shows a place that the user sends, and one that comes', async () => {
    const page = await openPhone();
    await page.getByRole('button', { name: 'Send a location' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('Ferry Building');
    await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click();
    await page.locator('.mine .place', { hasText: 'Ferry Building' }).waitFor();
    await send({ body: 'Us', persistentAction: ['geo:37.7965,-122.3927|The restaurant'] });
    await page.locator('.theirs .place', { hasText: 'The restaurant' }).waitFor();
    expect(bench.inbound()[0]?.get('Label')).toBe('Ferry Building');
  });

  it('says in words why a message failed', async () => {
    bench.twilio.faults({ delivery: { errorCode: 63024 } });
    const page = await openPhone();
    await send({ body: 'Anybody there?' });
    await page.getByText('Failed: Invalid message recipient (63024)').waitFor();
  });

  it('says when the application does not take a message', async () => {
    bench.answer = (_request, response) => response.writeHead(500).end();
    const page = await openPhone();
    await write(page, 'hi');
    await bubble(page, 'hi').getByText('Not taken by the application').waitFor();
    await page
      .getByRole('alert')
      .getByText(/^11200/)
      .waitFor();
    await page.locator('#activity summary.bad', { hasText: '500' }).waitFor();
  });

  it('keeps the conversation when it is loaded again', async () => {
    const page = await openPhone();
    await write(page, 'hi');
    await sign(page, 'hi', 'Delivered').waitFor();
    await page.reload();
    await sign(page, 'hi', 'Delivered').waitFor();
    await page.locator('#activity li').first().waitFor();
  });

  it('keeps users apart, and counts what waits for the other one', async () => {
    const page = await openPhone();
    await page.getByRole('button', { name: 'Add a user' }).click();
    await page.getByRole('dialog').getByLabel('Phone number').fill('+15551230002');
    await page.getByRole('dialog').getByLabel('Name').fill('Bo');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.locator('#users option:checked', { hasText: 'Bo' }).waitFor({ state: 'attached' });
    await send({ body: 'For Ana only' });
    await page.locator('#users option', { hasText: '1 new' }).waitFor({ state: 'attached' });
    expect(await bubble(page, 'For Ana only').count()).toBe(0);
    await page.getByLabel('Phone of').selectOption(ANA);
    await sign(page, 'For Ana only', 'Read').waitFor();
  });

  it('stays at the end while messages arrive, and where the user scrolled to', async () => {
    const page = await openPhone({ viewport: { width: 800, height: 400 } });
    for (let count = 1; count <= 12; count++) await send({ body: `Number ${count}` });
    await sign(page, 'Number 12', 'Read').waitFor();
    const isInSight = async (text: string) => {
      const box = await bubble(page, text).boundingBox();
      return box !== null && box.y >= 0 && box.y + box.height <= 400;
    };
    expect(await isInSight('Number 12')).toBe(true);
    await page.evaluate('document.querySelector("#scroller").scrollTop = -10_000');
    await send({ body: 'The last one' });
    await sign(page, 'The last one', 'Read').waitFor();
    expect(await isInSight('The last one')).toBe(false);
  });
});

describe('The phone page', () => {
  it('shows everything from outside as text', async () => {
    const evilMenu = bench.twilio.content({
      types: { 'twilio/quick-reply': { body: EVIL, actions: [{ title: EVIL, id: EVIL }] } },
    });
    bench.twilio.phone('+15551230003', { profileName: EVIL });
    bench.twilio.phone(ANA, { profileName: 'Ana' });
    const page = await openPhone();
    await page.getByLabel('Phone of').selectOption(ANA);
    await write(page, EVIL);
    await send({ body: EVIL });
    await send({ contentSid: evilMenu });
    await send({ body: EVIL, persistentAction: [`geo:1,2|${EVIL}`] });
    await page.getByRole('button', { name: EVIL }).click();
    await page.locator('.mine .quote', { hasText: 'onerror' }).waitFor();
    await page.locator('#activity summary').first().click();
    await page.reload();
    await page.locator('.mine .quote', { hasText: 'onerror' }).waitFor();
    expect(await page.locator('main img, main script, aside img, aside script').count()).toBe(0);
  });

  it('can be used with the keyboard alone', async () => {
    const page = await openPhone();
    await send({ contentSid: menu() });
    await page.getByRole('button', { name: 'Yes, please' }).waitFor();
    const focusOn = async (name: string) => {
      for (let presses = 0; presses < 20; presses++) {
        await page.keyboard.press('Tab');
        const focused = await page.evaluate<string>(
          "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent",
        );
        if (focused.trim() === name) return;
      }
      throw new Error(`The Tab key does not lead to ${name}.`);
    };
    await focusOn('Conversation');
    await focusOn('Yes, please');
    await page.keyboard.press('Enter');
    await page.locator('.mine', { hasText: 'Yes, please' }).waitFor();

    await focusOn('Send a location');
    await page.keyboard.press('Space');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await focusOn('Message');
    await page.keyboard.type('Two');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('lines');
    await page.keyboard.press('Enter');
    await bubble(page, 'lines').waitFor();
    expect(bench.inbound().at(-1)?.get('Body')).toBe('Two\nlines');
  });

  it('shows where the keyboard is, against every background', async () => {
    const page = await openPhone();
    const outlineOf = async (id: string) => {
      await page.locator(id).focus();
      return page.evaluate<string>(`getComputedStyle(document.querySelector('${id}')).outline`);
    };
    await page.keyboard.press('Tab');
    expect(await outlineOf('#add-user')).toContain('rgb(255, 255, 255) solid');
    expect(await outlineOf('#text')).toContain('rgb(10, 124, 196) solid');
  });

  it.each([360, 1600])('fits a screen of %i px', async (width) => {
    const page = await openPhone({ viewport: { width, height: 740 } });
    await write(page, `A word that does not end: ${'a'.repeat(500)}`);
    await send({ contentSid: menu() });
    await sign(page, 'Shall we?', 'Read').first().waitFor();
    expect(await widthOf(page)).toBe(width);
    await page.getByRole('button', { name: 'Add a user' }).click();
    expect(await widthOf(page)).toBe(width);
  });

  it('is dark where the user likes it dark', async () => {
    expect(await brightness('dark')).toBeLessThan(64);
    expect(await brightness('light')).toBeGreaterThan(192);
  });

  it.each([
    { colorScheme: 'light', viewport: { width: 1100, height: 760 } },
    { colorScheme: 'dark', viewport: { width: 1100, height: 760 } },
    { colorScheme: 'light', viewport: { width: 360, height: 740 } },
  ] as const)('has no barriers ($colorScheme, $viewport.width px)', async (options) => {
    const page = await openPhone(options);
    expect(await barriers(page)).toEqual([]);
    await write(page, 'hi');
    await send({ contentSid: menu() });
    await send({ body: 'Us', persistentAction: ['geo:37.7965,-122.3927|The restaurant'] });
    await page.getByRole('button', { name: 'Yes, please' }).click();
    await page.locator('.mine .quote').waitFor();
    bench.twilio.faults({ delivery: { errorCode: 63024 } });
    await send({ body: 'Lost' });
    await page.locator('.reason', { hasText: '63024' }).waitFor();
    bench.twilio.phone(ANA).goesOffline();
    await send({ body: 'Not there yet' });
    await sign(page, 'Not there yet', 'Sent').waitFor();
    await page.locator('#activity summary').first().click();
    expect(await barriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Send a location' }).click();
    expect(await barriers(page)).toEqual([]);
  });
});
