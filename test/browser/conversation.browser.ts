import { twiml } from '../emulator/bench';
import { act, addUser, ANA, bubble, eachWithPhone, sign, write } from './phone-page';

const phone = eachWithPhone();

describe('A conversation on the phone page', () => {
  it('sends what the user writes, and shows the reply as it arrives', async () => {
    phone().bench.answer = (_request, response) =>
      twiml(response, '<Response><Message>Hello *Ana*</Message></Response>');
    const page = await phone().open();
    await write(page, 'hi');
    await bubble(page, 'Hello Ana').locator('strong', { hasText: 'Ana' }).waitFor();
    expect(phone().lastInbound()?.get('Body')).toBe('hi');
    await sign(page, 'hi', 'Delivered').waitFor();
  });

  it('turns the ticks blue when the user has seen a message', async () => {
    const page = await phone().open();
    await phone().send({ body: 'Your table is ready' });
    await sign(page, 'Your table is ready', 'Read').waitFor();
    const [read, blue] = await page.evaluate<[string, string]>(`(() => {
      const probe = document.createElement('i');
      probe.style.color = 'var(--read)';
      document.body.append(probe);
      return [document.querySelector('.sign'), probe].map((node) => getComputedStyle(node).color);
    })()`);
    expect(read).toBe(blue);
    await phone().bench.twilio.settles();
    expect(
      phone()
        .bench.callbacks()
        .map((callback) => callback.get('MessageStatus')),
    ).toContain('read');
  });

  it('turns the user’s ticks blue when the application says that it is typing, and shows that', async () => {
    const page = await phone().open();
    await write(page, 'Is there a table?');
    await sign(page, 'Is there a table?', 'Delivered').waitFor();
    const { accountSid, authToken, url } = phone().bench.twilio;
    await fetch(`${url}/v2/Indicators/Typing.json`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${accountSid}:${authToken}`)}`, connection: 'close' },
      body: new URLSearchParams({ messageId: phone().lastInbound()?.get('MessageSid') ?? '', channel: 'whatsapp' }),
    });
    await page.getByRole('status').getByText('typing…').waitFor();
    await page.locator('#typing').waitFor();
    await sign(page, 'Is there a table?', 'Read').waitFor();
    await phone().send({ body: 'There is' });
    await page.getByRole('status').getByText('online').waitFor();
    await page.locator('#typing').waitFor({ state: 'hidden' });
  });

  it('quotes the message that it answers, and leads back to it', async () => {
    const page = await phone().open();
    const { sid } = await phone().send({ body: 'At eight or at nine?' });
    await act(page, 'At eight or at nine?', 'Reply');
    await page.locator('#quoting', { hasText: 'At eight or at nine?' }).waitFor();
    await page.keyboard.type('At nine');
    await page.keyboard.press('Enter');
    await bubble(page, 'At nine').locator('.quote', { hasText: 'At eight or at nine?' }).click();
    await page.locator('.message.theirs.glows').waitFor();
    expect(phone().lastInbound()?.get('OriginalRepliedMessageSid')).toBe(sid);
    expect(await page.locator('#quoting').isVisible()).toBe(false);
  });

  it('quotes nothing after all when the user thinks better of it', async () => {
    const page = await phone().open();
    await phone().send({ body: 'At eight or at nine?' });
    await act(page, 'At eight or at nine?', 'Reply');
    await page.getByRole('button', { name: 'Do not quote' }).click();
    await write(page, 'Never mind');
    await sign(page, 'Never mind', 'Delivered').waitFor();
    expect(phone().lastInbound()?.has('OriginalRepliedMessageSid')).toBe(false);
  });

  it('marks what is forwarded', async () => {
    const page = await phone().open();
    await write(page, 'The best pizza in town');
    await act(page, 'The best pizza in town', 'Forward');
    await page.getByRole('button', { name: 'Forward' }).click();
    await bubble(page, 'The best pizza in town').getByText('Forwarded', { exact: true }).waitFor();
    await bubble(page, 'The best pizza in town').last().hover();
    await page
      .getByRole('button', { name: /^Actions for/ })
      .last()
      .click();
    await page.getByRole('menuitem', { name: 'Forward' }).click();
    await page.getByLabel('It was forwarded many times before').check();
    await page.getByRole('button', { name: 'Forward' }).click();
    await sign(page, 'Forwarded many times', 'Delivered').waitFor();
    const marks = phone()
      .bench.inbound()
      .map((webhook) => [webhook.get('Forwarded'), webhook.get('FrequentlyForwarded')]);
    expect(marks.slice(1)).toEqual([
      ['true', 'false'],
      ['true', 'true'],
    ]);
  });

  it('puts a reaction on a message, and takes it back', async () => {
    const page = await phone().open();
    const { sid } = await phone().send({ body: 'It is on the house' });
    const react = async () => {
      await bubble(page, 'It is on the house').hover();
      await page.getByRole('button', { name: /^Actions for/ }).click();
      await page.getByRole('menuitemradio', { name: 'Heart' }).click();
    };
    await react();
    await bubble(page, 'It is on the house').getByRole('img', { name: 'Reaction: ❤️' }).waitFor();
    expect(phone().lastInbound()?.get('OriginalRepliedMessageSid')).toBe(sid);
    await page.reload();
    await bubble(page, 'It is on the house').getByRole('img', { name: 'Reaction: ❤️' }).waitFor();
    await react();
    await bubble(page, 'It is on the house').locator('.reaction').waitFor({ state: 'detached' });
    expect(await page.locator('.message').count()).toBe(1);
  });

  it('says in words why a message failed', async () => {
    phone().bench.twilio.faults({ delivery: { errorCode: 63024 } });
    const page = await phone().open();
    await phone().send({ body: 'Anybody there?' });
    await page.getByText('Failed: This number cannot get WhatsApp messages (63024)').waitFor();
    phone().bench.twilio.faults({ delivery: { errorCode: 99_999 } });
    await phone().send({ body: 'And now?' });
    await page.getByText('Failed: Error 99999 (99999)').waitFor();
  });

  it('says when the application does not take a message', async () => {
    phone().bench.answer = (_request, response) => response.writeHead(500).end();
    const page = await phone().open();
    await write(page, 'hi');
    await bubble(page, 'hi').getByText('Not taken by the application').waitFor();
    await page
      .getByRole('alert')
      .getByText(/^11200/)
      .waitFor();
  });

  it('keeps the conversation when it is loaded again', async () => {
    const page = await phone().open();
    await write(page, 'hi');
    await sign(page, 'hi', 'Delivered').waitFor();
    await page.reload();
    await sign(page, 'hi', 'Delivered').waitFor();
    await page.locator('#traffic li').first().waitFor();
  });

  it('stays at the end while messages arrive, and where the user scrolled to', async () => {
    const page = await phone().open({ viewport: { width: 1200, height: 420 } });
    for (let count = 1; count <= 12; count++) await phone().send({ body: `Number ${count}` });
    await sign(page, 'Number 12', 'Read').waitFor();
    const isInSight = async (text: string) => {
      const box = await bubble(page, text).boundingBox();
      return box !== null && box.y >= 0 && box.y + box.height <= 420;
    };
    expect(await isInSight('Number 12')).toBe(true);
    await page.evaluate('document.querySelector("#scroller").scrollTop = -10_000');
    await phone().send({ body: 'The last one' });
    await sign(page, 'The last one', 'Read').waitFor();
    expect(await isInSight('The last one')).toBe(false);
    await page.getByRole('button', { name: 'To the last message' }).click();
    expect(await isInSight('The last one')).toBe(true);
  });

  it('keeps users apart, counts what waits for the other one, and keeps what each began to write', async () => {
    const page = await phone().open();
    await page.getByRole('textbox', { name: 'Message' }).fill('I was about to');
    await addUser(page, 'Bo', '+15551230002');
    expect(await page.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('');
    await phone().send({ body: 'For Ana' });
    await phone().send({ body: 'For Ana only' });
    const ana = page.locator(`#phones [data-phone="${ANA}"]`);
    await ana.locator('.unread', { hasText: '2' }).waitFor();
    expect(await page.title()).toContain('(2)');
    expect(await page.locator('.message').count()).toBe(0);
    await page.reload();
    await ana.locator('.unread', { hasText: '2' }).click();
    await sign(page, 'For Ana only', 'Read').waitFor();
    await ana.locator('.unread').waitFor({ state: 'detached' });
    expect(await page.title()).not.toContain('(');
  });

  it('knows what was looked at also where the user tells nobody', async () => {
    phone().bench.twilio.phone(ANA, { profileName: 'Ana' });
    phone().bench.twilio.phone('+15551230002', { profileName: 'Bo', open: false, readReceipts: false });
    const page = await phone().open();
    await phone().send({ to: 'whatsapp:+15551230002', body: 'For Bo' });
    const bo = page.locator('#phones [data-phone="+15551230002"]');
    await bo.locator('.unread', { hasText: '1' }).click();
    await sign(page, 'For Bo', 'Delivered').waitFor();
    await bo.locator('.unread').waitFor({ state: 'detached' });
    await page.locator(`#phones [data-phone="${ANA}"]`).click();
    await page.reload();
    await page.locator('#whose', { hasText: 'Ana' }).waitFor();
    await bo.getByText('For Bo').waitFor();
    expect(await bo.locator('.unread').count()).toBe(0);
  });
});
