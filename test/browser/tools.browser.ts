import type { Page } from 'playwright-core';
import twilio from 'twilio';
import { addUser, bubble, eachWithPhone, nextFrame, sign, write } from './phone-page';

const phone = eachWithPhone({ enforceWindow: true });

const openTool = (page: Page, name: RegExp) => page.getByRole('tab', { name }).click();
const entry = (page: Page, text: string) => page.locator('#traffic li', { hasText: text });

describe('Twilio’s side on the phone page', () => {
  it('shows webhooks, callbacks and REST calls as they happen', async () => {
    const page = await phone().open();
    await write(page, 'hi');
    await entry(page, 'hi').locator('.code', { hasText: '200' }).waitFor();
    await phone().send({ body: 'hello' });
    await entry(page, 'POST Messages').locator('.code', { hasText: '201' }).waitFor();
    await entry(page, 'read').locator('.code', { hasText: '204' }).waitFor();
    await page.getByLabel('Which requests').selectOption('REST calls');
    expect(await page.locator('#traffic .way').allInnerTexts()).toEqual(['REST']);
    await page.getByLabel('Which requests').selectOption('All');
    await page.getByLabel('Search the requests').fill('delivered');
    expect(await page.locator('#traffic .what').allInnerTexts()).toEqual(['delivered']);
    await page.getByRole('button', { name: 'Clear' }).click();
    expect(await page.locator('#traffic li').count()).toBe(0);
  });

  it('opens a webhook to its signature, which is right, and offers it for curl', async () => {
    const page = await phone().open({ permissions: ['clipboard-read', 'clipboard-write'] });
    await write(page, 'It’s $HOME');
    await entry(page, 'It’s').locator('summary').click();
    const signature = await entry(page, 'It’s').locator('.signature').innerText();
    const { authToken } = phone().bench.twilio;
    const url = `${phone().bench.app.origin}/inbound`;
    expect(twilio.validateRequest(authToken, signature, url, Object.fromEntries(phone().lastInbound() ?? []))).toBe(
      true,
    );
    await page.getByRole('button', { name: 'Copy as curl' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const command = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(command).toContain(`curl -X POST '${url}'`);
    expect(command).toContain(`-H 'x-twilio-signature: ${signature}'`);
    expect(command).toContain(`--data-urlencode 'Body=It’s $HOME'`);
    expect(command).not.toContain(authToken);
  });

  it('lists what Twilio’s debugger has to say, and leads to the message', async () => {
    phone().bench.answer = (_request, response) => response.writeHead(500).end();
    const page = await phone().open();
    await write(page, 'hi');
    await page.getByRole('tab', { name: 'Debugger 1' }).click();
    await page.locator('#alerts li', { hasText: '11200' }).getByRole('button', { name: 'Show the message' }).click();
    await page.locator('.message.mine.glows').waitFor();
  });

  it('counts the window down, and closes it when the clock is moved on', async () => {
    const page = await phone().open();
    await page.getByRole('timer', { name: '24-hour window' }).getByText('closed').waitFor();
    await write(page, 'hi');
    await page
      .getByRole('timer', { name: '24-hour window' })
      .getByText(/^23:59:\d\d$/)
      .waitFor();
    await openTool(page, /Switches/);
    await page.getByRole('button', { name: '+25 h' }).click();
    await page.getByRole('timer', { name: '24-hour window' }).getByText('closed').waitFor();
    await page.getByText('25 h ahead of this machine').waitFor();
    await phone().send({ body: 'Are you still there?' });
    await bubble(page, 'Are you still there?')
      .getByText(/^Failed: .*\(63016\)/)
      .waitFor();
    await page.getByLabel('Move the clock by').fill('30m');
    await page.getByRole('button', { name: 'Move on' }).click();
    await page.getByText('25.5 h ahead of this machine').waitFor();
  });

  it('lets REST calls fail as often as it is told, and counts them down', async () => {
    const page = await phone().open();
    await write(page, 'hi');
    await sign(page, 'hi', 'Delivered').waitFor();
    await openTool(page, /Switches/);
    await page.getByLabel('times').first().fill('2');
    await page.keyboard.press('Tab');
    await page.getByLabel('The app’s next REST calls').selectOption('429, Retry-After 3 s');
    await page.getByRole('tab', { name: 'Switches 1' }).waitFor();
    await expect(phone().send({ body: 'one' })).rejects.toMatchObject({ status: 429 });
    const times = page.getByLabel('times').first();
    while ((await times.inputValue()) !== '1') await nextFrame(page);
    await expect(phone().send({ body: 'two' })).rejects.toMatchObject({ status: 429 });
    await page.getByRole('tab', { name: 'Switches', exact: true }).waitFor();
    await phone().send({ body: 'three' });
    await sign(page, 'three', 'Read').waitFor();
  });

  it('lets messages be lost, and callbacks, until all is well again', async () => {
    const page = await phone().open();
    await write(page, 'hi');
    await sign(page, 'hi', 'Delivered').waitFor();
    await openTool(page, /Switches/);
    await page.getByLabel('The next messages to a phone').selectOption('63003: not on WhatsApp');
    await page.getByLabel('Status callbacks', { exact: true }).selectOption('are lost');
    await page.getByRole('tab', { name: 'Switches 2' }).waitFor();
    await phone().send({ body: 'Lost' });
    await bubble(page, 'Lost')
      .getByText(/^Not delivered: .*\(63003\)/)
      .waitFor();
    expect(phone().bench.callbacks()).toEqual([]);
    await page.getByText('By chance').click();
    await page.getByLabel('Messages: failed').fill('100');
    await page.getByRole('button', { name: 'All well again' }).focus();
    await page.getByRole('tab', { name: 'Switches 2' }).waitFor();
    await page.getByRole('button', { name: 'All well again' }).click();
    await page.getByRole('tab', { name: 'Switches', exact: true }).waitFor();
    await phone().send({ body: 'Here' });
    await sign(page, 'Here', 'Read').waitFor();
  });

  it('takes the phone off the network, and brings what waited when it is back', async () => {
    const page = await phone().open();
    await write(page, 'hi');
    await sign(page, 'hi', 'Delivered').waitFor();
    await openTool(page, /Switches/);
    await page.getByRole('switch', { name: 'On the network' }).uncheck();
    await page.getByText('your phone is off the network').waitFor();
    await phone().send({ body: 'Waiting' });
    await sign(page, 'Waiting', 'Sent, the phone has not got it yet').waitFor();
    await page.getByRole('switch', { name: 'Tells what was read' }).uncheck();
    await page.getByRole('switch', { name: 'On the network' }).check();
    await sign(page, 'Waiting', 'Delivered').waitFor();
    await page.getByRole('switch', { name: 'Has blocked the business' }).check();
    await phone().send({ body: 'Blocked' });
    await sign(page, 'Blocked', 'Sent, the phone has not got it yet').waitFor();
  });

  it('sets where messages go', async () => {
    const page = await phone().open();
    await openTool(page, /Switches/);
    await page.getByLabel('Messages go to').fill(`${phone().bench.app.origin}/elsewhere`);
    await page.getByRole('button', { name: 'Set', exact: true }).click();
    await page.getByText(`Messages go to ${phone().bench.app.origin}/elsewhere`).waitFor();
    await write(page, 'hi');
    await sign(page, 'hi', 'Delivered').waitFor();
    expect(phone().bench.app.requests.map(({ url }) => url.pathname)).toEqual(['/elsewhere']);
  });

  it('keeps the chats with several senders apart', async () => {
    const other = phone().bench.twilio.subaccount({ senders: ['whatsapp:+15550009999'] });
    other.webhook({ url: `${phone().bench.app.origin}/other` });
    const page = await phone().open();
    await write(page, 'To the first');
    await sign(page, 'To the first', 'Delivered').waitFor();
    await page.getByLabel('They write to').selectOption('+15550009999');
    await page.getByRole('heading', { name: '+15550009999' }).waitFor();
    expect(await page.locator('.message').count()).toBe(0);
    await write(page, 'To the second');
    await sign(page, 'To the second', 'Delivered').waitFor();
    expect(phone().bench.app.requests.map(({ url }) => url.pathname)).toEqual(['/inbound', '/other']);
  });

  it('goes on after the emulator was started anew, with the phones that it had', async () => {
    const page = await phone().open();
    await addUser(page, 'Bo', '+15551230002');
    await write(page, 'hi');
    await sign(page, 'hi', 'Delivered').waitFor();
    const restarted = await phone().restart();
    await page.locator('.message').waitFor({ state: 'detached' });
    await page
      .locator('#phones', { hasText: 'Ana' })
      .and(page.locator('#phones', { hasText: 'Bo' }))
      .waitFor();
    await page.getByRole('status').getByText('online').waitFor();
    await write(page, 'hi again');
    await sign(page, 'hi again', 'Sent').waitFor();
    expect(restarted.messages.map(({ body }) => body)).toEqual(['hi again']);
  });
});
