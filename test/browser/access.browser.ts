import type { Page } from 'playwright-core';
import { SAMPLE_PDF, SAMPLE_PNG } from '../../src/emulator/phone/samples';
import { act, ANA, attach, bubble, eachWithPhone, type PhonePage, sign, write } from './phone-page';
import { barriers } from './browser-page';

const phone = eachWithPhone();
const EVIL = '<img src="x" onerror="alert(1)"><script>alert(2)</script>';

const menu = () =>
  phone().bench.twilio.content({
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

/** Goes on with the Tab key until the focus is on something of this name. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate<string>(`(() => {
      const { activeElement: node } = document;
      return (node.getAttribute('aria-label') ?? node.labels?.[0]?.textContent ?? node.textContent).trim();
    })()`);
    if (typeof name === 'string' ? focused === name : name.test(focused)) return;
  }
  throw new Error(`The Tab key does not lead to ${String(name)}.`);
}

const widthOf = (page: Page) => page.evaluate<number>('document.documentElement.scrollWidth');

/** A conversation with something of every kind in it. */
async function fill(one: PhonePage, page: Page): Promise<void> {
  const { bench } = one;
  const ana = bench.twilio.phone(ANA);
  await write(page, 'hi *there* `code` ~no~\n> quoted\n- one\n1. two\nhttps://example.com');
  await one.send({ contentSid: menu() });
  await page.getByRole('button', { name: 'Yes, please' }).click();
  await page.locator('.mine .quote').waitFor();
  const items = [{ item: 'Margherita', id: 'm', description: 'Tomato and cheese' }];
  await one.send({ contentSid: bench.twilio.content({ types: { 'twilio/list-picker': { body: 'Menu', items } } }) });
  const { sid } = await one.send({ body: 'Us', persistentAction: ['geo:37.7965,-122.3927|The restaurant'] });
  await sign(page, 'The restaurant', 'Read').waitFor();
  await ana.reacts('👍', { sid });
  await ana.sendsImage({ data: SAMPLE_PNG, caption: 'a photo' }, { forwarded: 'frequently' });
  await ana.sendsSticker({ data: SAMPLE_PNG });
  await ana.sendsDocument({ data: SAMPLE_PDF, filename: 'menu.pdf' });
  await ana.sendsContact({ name: 'Bo', phone: '+15551230002' });
  await ana.sendsVoice({ data: Buffer.from('noise') });
  bench.twilio.faults({ delivery: { errorCode: 63024 } });
  await one.send({ body: 'Lost' });
  await page.locator('.reason', { hasText: '63024' }).waitFor();
  ana.goesOffline();
  await one.send({ body: 'Not there yet' });
  await sign(page, 'Not there yet', 'Sent').waitFor();
  await page.getByText('cannot be played').waitFor();
}

describe('The phone page', () => {
  it('shows everything from outside as text', async () => {
    const { twilio } = phone().bench;
    const actions = [{ title: EVIL, id: EVIL }];
    const evilMenu = twilio.content({ friendlyName: EVIL, types: { 'twilio/quick-reply': { body: EVIL, actions } } });
    twilio.phone(ANA, { profileName: 'Ana' });
    twilio.phone('+15551230003', { profileName: EVIL });
    const page = await phone().open();
    await write(page, EVIL);
    await phone().send({ body: `*${EVIL}* \`${EVIL}\`` });
    await phone().send({ contentSid: evilMenu });
    await phone().send({ body: EVIL, persistentAction: [`geo:1,2|${EVIL}`] });
    const card = Buffer.from(`BEGIN:VCARD\r\nFN:${EVIL}\r\nTEL:${EVIL}\r\nEND:VCARD`);
    await twilio.phone(ANA).sendsDocument({ data: card, contentType: 'text/vcard', filename: EVIL });
    await page.locator('.answers button', { hasText: 'onerror' }).click();
    await page.locator('.mine .quote', { hasText: 'onerror' }).waitFor();
    await page.locator('#traffic summary').first().click();
    await page.reload();
    await page.locator('.mine .quote', { hasText: 'onerror' }).waitFor();
    expect(await page.locator('main img:not(#viewer-image), main script').count()).toBe(0);
  });

  it('keeps long names and texts within its lists and dialogs', async () => {
    const profileName = 'A name that goes on and on and on and on and does not end';
    const page = await phone().open();
    await phone().bench.twilio.phone('+15551230007', { profileName }).sends('hi');
    await page.locator('#phones', { hasText: profileName }).waitFor();
    await phone().send({ body: `https://example.com/${'long'.repeat(50)}` });
    await sign(page, 'longlong', 'Read').waitFor();
    const heights = await page.evaluate<number[]>(
      '[...document.querySelectorAll("#phones button")].map((row) => row.clientHeight)',
    );
    expect(new Set(heights).size).toBe(1);
    await act(page, 'longlong', 'Forward');
    await page.getByRole('dialog', { name: 'Forward' }).waitFor();
    const [needs, has] = await page.evaluate<number[]>(
      '(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth])(document.querySelector("#forward-dialog"))',
    );
    expect(needs).toBe(has);
    await page.keyboard.press('Escape');
  });

  it('can be used with the keyboard alone', async () => {
    const page = await phone().open();
    await phone().send({ contentSid: menu() });
    await page.getByRole('button', { name: 'Yes, please' }).waitFor();
    await tabTo(page, 'Conversation');
    await tabTo(page, 'Yes, please');
    await page.keyboard.press('Enter');
    await sign(page, 'Yes, please', 'Delivered').last().waitFor();

    await page.locator('#scroller').focus();
    await tabTo(page, /^Actions for/);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Escape');
    expect(await page.evaluate('document.activeElement.className')).toBe('menu-button');
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.getByRole('img', { name: 'Reaction: ❤️' }).waitFor();

    await tabTo(page, 'Attach');
    await page.keyboard.press('Enter');
    for (let presses = 0; presses < 6; presses++) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Send a location' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.locator('#attach').focus();
    await tabTo(page, 'Message');
    await page.keyboard.type('Two');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('lines');
    await page.keyboard.press('Enter');
    await bubble(page, 'lines').waitFor();
    expect(phone().lastInbound()?.get('Body')).toBe('Two\nlines');

    await tabTo(page, 'Traffic');
    await page.keyboard.press('ArrowRight');
    await page.getByRole('tabpanel', { name: 'Debugger' }).waitFor();
    await page.keyboard.press('ArrowRight');
    await tabTo(page, '+1 h');
    await page.keyboard.press('Enter');
    await page.getByText('1 h ahead of this machine').waitFor();
  });

  it('gives the focus back, and shows where it is', async () => {
    const page = await phone().open();
    await page.getByRole('button', { name: 'Add a user' }).click();
    expect(await page.evaluate('document.activeElement.id')).toBe('user-name');
    await page.keyboard.press('Escape');
    expect(await page.evaluate('document.activeElement.id')).toBe('add-user');
    await write(page, 'hi');
    await act(page, 'hi', 'Reply');
    expect(await page.evaluate('document.activeElement.id')).toBe('text');
    const outline = await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle');
    expect(outline).toBe('solid');
  });

  it.each([360, 800, 1100, 1600])('fits a screen of %i px', async (width) => {
    const page = await phone().open({ viewport: { width, height: 740 } });
    await write(page, `A word that does not end: ${'a'.repeat(500)}`);
    await phone().send({ contentSid: menu() });
    await sign(page, 'Shall we?', 'Read').first().waitFor();
    expect(await widthOf(page)).toBe(width);
    const overflow =
      'document.querySelector("#scroller").scrollWidth - document.querySelector("#scroller").clientWidth';
    expect(await page.evaluate<number>(overflow)).toBe(0);
    await attach(page, 'Location');
    expect(await widthOf(page)).toBe(width);
  });

  it('shows one pane at a time on a narrow screen', async () => {
    const page = await phone().open({ viewport: { width: 390, height: 740 } });
    const isVisible = (id: string) => page.locator(id).isVisible();
    expect([await isVisible('#phones'), await isVisible('#chat'), await isVisible('#traffic')]).toEqual([
      false,
      true,
      false,
    ]);
    await page.getByRole('button', { name: 'All phones' }).click();
    expect([await isVisible('#phones'), await isVisible('#scroller'), await isVisible('#traffic')]).toEqual([
      true,
      false,
      false,
    ]);
    await page.getByRole('button', { name: /^Ana/ }).click();
    await write(page, 'hi');
    await page
      .getByRole('navigation', { name: 'Parts of this page' })
      .getByRole('button', { name: 'Twilio’s side' })
      .click();
    await page.locator('#traffic li', { hasText: 'hi' }).waitFor();
    expect(await isVisible('#scroller')).toBe(false);
  });

  it('is light or dark as the system is, until the user chooses', async () => {
    const page = await phone().open({ colorScheme: 'dark' });
    const brightness = async () => {
      const colour = await page.evaluate<string>(
        'getComputedStyle(document.querySelector("#conversation")).backgroundColor',
      );
      return Math.max(...[...colour.matchAll(/\d+/g)].map(Number));
    };
    expect(await brightness()).toBeLessThan(64);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.locator('html[data-theme="light"]').waitFor();
    expect(await brightness()).toBeGreaterThan(192);
    await page.getByRole('button', { name: 'Dark mode' }).click();
    expect(await brightness()).toBeLessThan(64);
    await page.reload();
    await page.locator('html[data-theme="dark"]').waitFor();
    expect(await brightness()).toBeLessThan(64);
  });

  it('does not move for those who do not like it', async () => {
    const moving = 'getComputedStyle(document.querySelector("#typing i")).animationName';
    expect(await (await phone().open({ reducedMotion: 'no-preference' })).evaluate(moving)).toBe('hop');
    expect(await (await phone().open({ reducedMotion: 'reduce' })).evaluate(moving)).toBe('none');
  });

  it('tells screen readers what came, who wrote it and what went wrong', async () => {
    const page = await phone().open();
    const log = page.getByRole('log', { name: 'Conversation' });
    await write(page, 'hi');
    await phone().send({ body: 'hello' });
    await sign(page, 'hello', 'Read').waitFor();
    expect(await log.getAttribute('aria-live')).toBe('polite');
    const texts = await log.locator('.message').allTextContents();
    expect(texts.map((text) => text.slice(0, 15))).toEqual([
      expect.stringMatching(/^You: hi/),
      expect.stringMatching(/^Business: hello/),
    ]);
    await page.getByRole('region', { name: 'Phones' }).getByRole('button', { name: /^Ana/ }).waitFor();
    await page.getByRole('region', { name: 'Twilio’s side' }).waitFor();
  });

  it.each([
    { colorScheme: 'light', viewport: { width: 1280, height: 800 } },
    { colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
    { colorScheme: 'light', viewport: { width: 360, height: 740 } },
    { colorScheme: 'dark', viewport: { width: 360, height: 740 } },
  ] as const)(
    'has no barriers ($colorScheme, $viewport.width px)',
    async (options) => {
      const page = await phone().open({ ...options, reducedMotion: 'reduce' });
      const isNarrow = options.viewport.width < 992;
      const pane = (name: RegExp) =>
        isNarrow ? page.locator('#panes').getByRole('button', { name }).click() : Promise.resolve();
      expect(await barriers(page)).toEqual([]);
      await fill(phone(), page);
      expect(await barriers(page)).toEqual([]);
      await bubble(page, 'a photo').hover();
      await bubble(page, 'a photo')
        .getByRole('button', { name: /^Actions for/ })
        .click();
      expect(await barriers(page)).toEqual([]);
      await page.getByRole('menuitem', { name: 'Reply' }).click();
      expect(await barriers(page)).toEqual([]);
      for (const what of ['Location', 'Contact']) {
        await attach(page, what);
        expect(await barriers(page)).toEqual([]);
        await page.keyboard.press('Escape');
      }
      await page.getByRole('button', { name: 'See options' }).click();
      expect(await barriers(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await pane(/Twilio/);
      await page.locator('#traffic summary').first().click();
      expect(await barriers(page)).toEqual([]);
      await page.getByRole('tab', { name: /Debugger/ }).click();
      expect(await barriers(page)).toEqual([]);
      await page.getByRole('tab', { name: /Switches/ }).click();
      await page.getByText('By chance').click();
      expect(await barriers(page)).toEqual([]);
      await pane(/Phones/);
      expect(await barriers(page)).toEqual([]);
    },
    90_000,
  ); // axe looks at everything a dozen times
});
