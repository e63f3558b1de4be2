import type { Page } from 'playwright-core';
import { SAMPLE_PDF, SAMPLE_PNG } from '../../src/emulator/phone/samples';
import { twiml } from '../emulator/bench';
import { ANA, attach, bubble, eachWithPhone } from './phone-page';

const phone = eachWithPhone();

/** The application's files, by path. */
const FILES: Readonly<Record<string, readonly [type: string, bytes: Buffer]>> = {
  '/photo.png': ['image/png', SAMPLE_PNG],
  '/menu.pdf': ['application/pdf', SAMPLE_PDF],
  '/us.vcf': [
    'text/vcard',
    Buffer.from('BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Blue Whale\r\nTEL:+15550006789\r\nEND:VCARD\r\n'),
  ],
};

beforeEach(() => {
  phone().bench.answer = (request, response) => {
    const [type, bytes] = FILES[request.url.pathname] ?? [];
    if (type === undefined) twiml(response);
    else response.writeHead(200, { 'content-type': type }).end(bytes);
  };
});

const choose = (page: Page, kind: string, file: { name: string; mimeType: string; buffer: Buffer }) =>
  page.locator(`#choose-${kind}`).setInputFiles(file);
const confirm = (page: Page) => page.getByRole('dialog').getByRole('button', { name: 'Send', exact: true }).click();
/** Fails where there is a picture that cannot be shown. */
const imagesLoaded = (page: Page) =>
  page.evaluate('Promise.all([...document.querySelectorAll("#chat img")].map((image) => image.decode()))');

/** A second of a tone, as a WAV file. */
function tone(): Buffer {
  const rate = 8000;
  const bytes = Buffer.alloc(44 + rate * 2);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + rate * 2, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(rate * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(rate * 2, 40);
  for (let at = 0; at < rate; at++)
    bytes.writeInt16LE(Math.round((at / rate) * 20_000 * Math.sin(at / 3)), 44 + at * 2);
  return bytes;
}

describe('The phone page sends and shows', () => {
  it('photos, looked at before they are sent, and opened by a click', async () => {
    const page = await phone().open();
    await page.getByRole('textbox', { name: 'Message' }).fill('Look at this');
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), attach(page, 'Photo')]);
    await chooser.setFiles({ name: 'photo.png', mimeType: 'image/png', buffer: SAMPLE_PNG });
    await page.getByRole('dialog').getByRole('img', { name: 'What you are about to send' }).waitFor();
    expect(await page.getByLabel('Caption').inputValue()).toBe('Look at this');
    await confirm(page);
    await bubble(page, 'Look at this').getByRole('button', { name: 'Open the photo' }).waitFor();
    await phone().send({ body: 'And at this', mediaUrl: [`${phone().bench.app.origin}/photo.png`] });
    await bubble(page, 'And at this').getByRole('button', { name: 'Open the photo' }).click();
    await page.getByRole('dialog', { name: 'Photo' }).waitFor();
    await page.keyboard.press('Escape');
    await imagesLoaded(page);
    expect(phone().bench.inbound()[0]?.get('MediaContentType0')).toBe('image/png');
  });

  it('the samples that a test sends without a file', async () => {
    const page = await phone().open();
    const ana = phone().bench.twilio.phone(ANA);
    await ana.sendsImage();
    await ana.sendsVoice();
    await page.getByRole('button', { name: 'Play' }).click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await imagesLoaded(page);
  });

  it('stickers, without a bubble', async () => {
    const page = await phone().open();
    await choose(page, 'sticker', { name: 'wave.webp', mimeType: 'image/webp', buffer: SAMPLE_PNG });
    await confirm(page);
    await page.locator('.message.is-sticker').getByRole('button', { name: 'Open the sticker' }).waitFor();
    await page
      .locator('.is-sticker .sign')
      .and(page.getByRole('img', { name: 'Delivered' }))
      .waitFor();
    expect(phone().lastInbound()?.get('MessageType')).toBe('sticker');
  });

  it('videos', async () => {
    const page = await phone().open();
    await choose(page, 'video', { name: 'clip.mp4', mimeType: 'video/mp4', buffer: Buffer.from('not a film') });
    await confirm(page);
    await page.locator('.message video').waitFor();
    expect(phone().lastInbound()?.get('MediaContentType0')).toBe('video/mp4');
  });

  it('documents, with name and size', async () => {
    const page = await phone().open();
    await choose(page, 'document', { name: 'allergies.pdf', mimeType: 'application/pdf', buffer: SAMPLE_PDF });
    await confirm(page);
    await page.locator('.mine .file', { hasText: 'allergies.pdf' }).getByText(`${SAMPLE_PDF.length} B · PDF`).waitFor();
    await phone().send({ body: 'Our menu', mediaUrl: [`${phone().bench.app.origin}/menu.pdf`] });
    const file = bubble(page, 'Our menu').locator('.file', { hasText: 'menu.pdf' });
    const [download] = await Promise.all([page.waitForEvent('download'), file.click()]);
    expect(download.suggestedFilename()).toBe('menu.pdf');
    expect(phone().lastInbound()?.get('MediaContentType0')).toBe('application/pdf');
  });

  it('contacts, read from their cards', async () => {
    const page = await phone().open();
    await attach(page, 'Contact');
    await page.getByRole('dialog').getByLabel('Name').fill('Chiara Rossi');
    await page.getByRole('dialog').getByLabel('Phone number').fill('+39 06 5550 001');
    await confirm(page);
    await page.locator('.mine .contact', { hasText: 'Chiara Rossi' }).getByText('+39 06 5550 001').waitFor();
    await phone().send({ body: '', mediaUrl: [`${phone().bench.app.origin}/us.vcf`] });
    await page.locator('.theirs .contact', { hasText: 'Blue Whale' }).waitFor();
    expect(phone().lastInbound()?.get('MessageType')).toBe('contacts');
  });

  it('places', async () => {
    const page = await phone().open();
    await attach(page, 'Location');
    await page.getByRole('dialog').getByLabel('Name').fill('Ferry Building');
    await confirm(page);
    await page.locator('.mine .place', { hasText: 'Ferry Building' }).waitFor();
    await phone().send({ body: 'Us', persistentAction: ['geo:37.7965,-122.3927|The restaurant'] });
    await page.locator('.theirs .place', { hasText: 'The restaurant' }).waitFor();
    expect(phone().lastInbound()?.get('Label')).toBe('Ferry Building');
  });

  it('reply buttons, and what was tapped', async () => {
    const page = await phone().open();
    const actions = [
      { title: 'Yes, please', id: 'yes' },
      { title: 'Our site', type: 'URL', url: 'https://example.com' },
    ];
    const types = { 'twilio/quick-reply': { body: 'Shall we?', actions } };
    await phone().send({ contentSid: phone().bench.twilio.content({ friendlyName: 'shall_we', types }) });
    await bubble(page, 'Shall we?').getByText('Template · shall_we').waitFor();
    expect(await page.getByRole('button', { name: 'Our site' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Yes, please' }).click();
    await page.locator('.mine .quote', { hasText: 'Shall we?' }).waitFor();
    expect(phone().lastInbound()?.get('ButtonPayload')).toBe('yes');
  });

  it('lists, and what was picked', async () => {
    const page = await phone().open();
    const items = [{ item: 'Margherita', id: 'm', description: 'Tomato and cheese' }];
    const types = { 'twilio/list-picker': { body: 'What would you like?', items } };
    await phone().send({ contentSid: phone().bench.twilio.content({ types }) });
    await page.getByRole('button', { name: 'See options' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Margherita Tomato and cheese' }).click();
    await page.locator('.mine', { hasText: 'Margherita' }).waitFor();
    expect(phone().lastInbound()?.get('ListId')).toBe('m');
  });
});

describe('A voice message on the phone page', () => {
  it('is recorded, arrives as Ogg, and can be played', async () => {
    const page = await phone().open();
    await page.getByRole('button', { name: 'Record a voice message' }).click();
    await page.locator('#record-time', { hasText: '0:01' }).waitFor();
    await page.getByRole('button', { name: 'Send the recording' }).click();
    await page.locator('.mine .voice').waitFor();
    await page.locator('.mine .voice .length', { hasText: /0:0[1-9]/ }).waitFor();
    expect(phone().lastInbound()?.get('MediaContentType0')).toBe('audio/ogg');
    const bytes = phone().bench.twilio.messages[0]?.media[0]?.data;
    expect(bytes?.subarray(0, 4).toString()).toBe('OggS');
    expect(bytes?.subarray(28, 36).toString()).toBe('OpusHead');
    await page.getByRole('button', { name: 'Play' }).click();
    await page.locator('.wave .played').first().waitFor();
    await page.getByRole('button', { name: 'Play' }).waitFor();
  });

  it('is thrown away when the user thinks better of it', async () => {
    const page = await phone().open();
    await page.getByRole('button', { name: 'Record a voice message' }).click();
    await page.getByRole('button', { name: 'Throw it away' }).click();
    await page.getByRole('textbox', { name: 'Message' }).waitFor();
    expect(phone().bench.twilio.messages).toEqual([]);
  });

  it('can be a file, shows how loud it is, and can be gone through with the keys', async () => {
    const page = await phone().open();
    await choose(page, 'voice', { name: 'tone.wav', mimeType: 'audio/wav', buffer: tone() });
    await confirm(page);
    await page.locator('.voice .length', { hasText: '0:01' }).waitFor();
    await page.locator('.wave i[data-height="10"]').first().waitFor();
    const slider = page.getByRole('slider', { name: 'Position in the voice message' });
    await slider.focus();
    await page.keyboard.press('End');
    expect(await slider.getAttribute('aria-valuetext')).toBe('0:01 of 0:01');
  });

  it('says when it cannot be played', async () => {
    const page = await phone().open();
    await phone()
      .bench.twilio.phone('+15551230001')
      .sendsVoice({ data: Buffer.from('noise'), contentType: 'audio/ogg' });
    await page.getByText('cannot be played').waitFor();
    expect(await page.getByRole('button', { name: 'Play' }).isDisabled()).toBe(true);
  });

  it('tells who sends too much', async () => {
    const page = await phone().open();
    const buffer = Buffer.alloc(5_300_000);
    await choose(page, 'image', { name: 'photo.png', mimeType: 'image/png', buffer });
    await confirm(page);
    await page.getByRole('alert').getByText('WhatsApp takes images of up to 5.2 MB; this one has 5.3 MB.').waitFor();
    expect(phone().bench.twilio.messages).toEqual([]);
  });
});
