import { ConsoleLogger } from '@nestjs/common';
import type { OutboundContent, OutboundMessageInput } from 'nestjs-whatsapp-twilio';
import Database from 'libsql';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeHttpServer } from '../support/fake-http-server';
import { startWhatsappHost, type WhatsappHost, type WhatsappHostOptions } from '../support/whatsapp-host';

const TO = '+15551230001';
const SERVICE = `MG${'5'.repeat(32)}`;

describe('outbound.send()', () => {
  let host: WhatsappHost;
  let close: (() => Promise<void>)[] = [];

  async function start(options: WhatsappHostOptions = {}): Promise<void> {
    host = await startWhatsappHost(options);
    close.push(() => host.close());
  }

  afterEach(async () => {
    for (const one of close.toReversed()) await one();
    close = [];
  });

  /** The form that Twilio was given for the message. */
  async function sentForm(input: OutboundMessageInput): Promise<Readonly<Record<string, string | string[]>>> {
    const message = await host.outbound.send(input);
    await host.recorder.reaches(message, 'accepted');
    return host.twilio.requests.findLast(({ kind, method }) => kind === 'rest' && method === 'POST')!.parameters;
  }

  async function received(content: OutboundContent) {
    await start();
    const phone = host.twilio.phone(TO);
    await phone.sends('Hi'); // opens the window
    await host.outbound.send({ to: TO, ...content });
    return phone.receives();
  }

  describe('refuses, with an error for each field and nothing stored,', () => {
    it.each<[string, unknown, string[]]>([
      ['nothing', undefined, ['message']],
      ['an empty message', {}, ['to', 'text']],
      ['a recipient that is none', { to: '555', text: 'Hi' }, ['to']],
      ['two contents', { to: TO, text: 'Hi', location: { latitude: 1, longitude: 2 } }, ['text']],
      ['a text that is too long', { to: TO, text: 'x'.repeat(1601) }, ['text']],
      ['media without a scheme', { to: TO, media: ['example.com/a.png'] }, ['media[0]']],
      ['a template without a SID', { to: TO, template: { contentSid: 'hello' } }, ['template.contentSid']],
      ['a place off the globe', { to: TO, location: { latitude: 91, longitude: 0 } }, ['location.latitude']],
      [
        'every option wrong at once',
        {
          to: TO,
          text: 'Hi',
          from: 'me',
          idempotencyKey: '',
          priority: 'urgent',
          sendAt: 'soon',
          expiresInSeconds: 0,
          outsideWindow: 'maybe',
          metadata: { n: 1 },
          ttl: 5,
        },
        ['from', 'idempotencyKey', 'priority', 'sendAt', 'expiresInSeconds', 'outsideWindow', 'metadata.n', 'ttl'],
      ],
      ['an unknown connection', { to: TO, text: 'Hi', connectionId: 'nobody' }, ['connectionId']],
    ])('%s', async (_, input, fields) => {
      await start();
      const error: unknown = await host.outbound.send(input as OutboundMessageInput).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'INVALID_MESSAGE', retryable: false });
      const { errors } = error as { errors: { field: string }[] };
      expect(errors.map(({ field }) => field).toSorted()).toEqual(fields.toSorted());
      expect(await host.db.selectFrom('outbound_messages').selectAll().execute()).toEqual([]);
    });

    it('a message nobody could send, as the connection has no sender', async () => {
      await start({ module: { fromNumber: undefined } });
      await expect(host.outbound.send({ to: TO, text: 'Hi' })).rejects.toMatchObject({ errors: [{ field: 'from' }] });
    });
  });

  it('stores a message before Twilio hears of it, and resolves without waiting for Twilio', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'outbox-'));
    close.push(async () => rmSync(folder, { recursive: true }));
    const file = join(folder, 'messages.db');
    let storedAtRequest: unknown;
    const api = await startFakeHttpServer((_, response) => {
      const other = new Database(file, { readonly: true });
      storedAtRequest = other.prepare('select status, attempts from outbound_messages').all();
      other.close();
      response.writeHead(400).end();
    });
    close.push(() => api.close());
    await start({ module: { storage: { url: `sqlite:${file}` }, apiBaseUrl: api.origin } });

    const message = await host.outbound.send({ to: TO, text: 'Hi' });
    expect(message).toMatchObject({ status: 'queued', to: { kind: 'phone', value: TO }, content: { text: 'Hi' } });
    await host.recorder.reaches(message, 'failed');
    expect(storedAtRequest).toEqual([expect.objectContaining({ status: 'sending', attempts: 1 })]);
  });

  describe('with an idempotencyKey', () => {
    const input = { to: TO, template: { contentSid: `HX${'1'.repeat(32)}`, variables: { 1: 'a', name: 'b' } } };

    it('returns the first message for a repeat, also one of the same moment, in another order or notation', async () => {
      await start();
      const keyed = { ...input, idempotencyKey: 'order-1', metadata: { a: '1', b: '2' } };
      const reordered = {
        idempotencyKey: 'order-1',
        metadata: { b: '2', a: '1' },
        template: { variables: { name: 'b', 1: 'a' }, contentSid: input.template.contentSid },
        to: { kind: 'phone', value: TO },
      } as const;
      const [first, second] = await Promise.all([host.outbound.send(keyed), host.outbound.send(reordered)]);
      const third = await host.outbound.send({ ...keyed, to: `whatsapp:${TO}` });
      expect(new Set([first.id, second.id, third.id]).size).toBe(1);
      await host.recorder.reaches(first, 'failed'); // there is no such template
      expect(host.twilio.requests.filter(({ method, kind }) => kind === 'rest' && method === 'POST')).toHaveLength(1);
    });

    it.each([
      ['recipient', { to: '+15551230002' }],
      ['content', { template: { ...input.template, variables: { 1: 'z' } } }],
      ['metadata', { metadata: { a: '1' } }],
      ['time', { sendAt: new Date(Date.now() + 60_000) }],
      ['lifetime', { expiresInSeconds: 60 }],
      ['priority', { priority: 'bulk' as const }],
      ['policy outside the window', { outsideWindow: 'hold' as const }],
    ])('refuses another %s under it and names the first message', async (_, difference) => {
      await start();
      const first = await host.outbound.send({ ...input, idempotencyKey: 'order-1' });
      const again = host.outbound.send({ ...input, idempotencyKey: 'order-1', ...difference });
      await expect(again).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT', messageId: first.id });
    });
  });

  describe('chooses the sender:', () => {
    it('fromNumber, unless the message names another', async () => {
      await start();
      expect(await sentForm({ to: TO, text: 'Hi' })).toMatchObject({ From: host.twilio.sender });
      const message = await host.outbound.send({ to: TO, text: 'Hi', from: '+15559990000' });
      await host.recorder.reaches(message, 'failed'); // it is not the account's, as Twilio says
      expect(host.twilio.requests.at(-1)!.parameters).toMatchObject({ From: 'whatsapp:+15559990000' });
      expect(message.from).toEqual({ kind: 'phone', value: '+15559990000' });
    });

    it('the messaging service where there is no number, and later the number the user knows', async () => {
      const module = { fromNumber: undefined, messagingServiceSid: SERVICE };
      await start({ emulator: { messagingServiceSid: SERVICE }, module });
      const form = await sentForm({ to: TO, text: 'Hi' });
      expect(form).toMatchObject({ MessagingServiceSid: SERVICE });
      expect(form).not.toHaveProperty('From');
      await host.twilio.phone(TO).sends('Hello');
      await host.recorder.messages.first();
      const next = await sentForm({ to: TO, text: 'Hi again' });
      expect(next).toMatchObject({ MessagingServiceSid: SERVICE, From: host.twilio.sender });
    });

    it('for a reply, the number that was written to', async () => {
      await start({ module: { fromNumber: 'whatsapp:+15550001111' } });
      host.recorder.answer = () => 'Hello';
      const phone = host.twilio.phone(TO);
      await phone.sends('Hi');
      await phone.receives('Hello');
    });
  });

  describe('brings to the phone', () => {
    it('a text, whatever is in it', async () => {
      const text = '  Größe & more + 100% = 👍\n*bold*  ';
      expect(await received({ text })).toMatchObject({ body: text });
    });

    it('media with a caption', async () => {
      const files = await startFakeHttpServer((_, response) => {
        response.writeHead(200, { 'content-type': 'image/png' }).end('bytes');
      });
      close.push(() => files.close());
      const message = await received({ media: [`${files.origin}/a.png?x=1&y=2`], text: 'Look' });
      expect(message).toMatchObject({ body: 'Look', media: [{ contentType: 'image/png' }] });
      expect(files.requests[0]!.url.search).toBe('?x=1&y=2');
    });

    it('a place with its name', async () => {
      const location = { latitude: 52.5200001, longitude: -13.4, label: 'Here' };
      expect(await received({ location })).toMatchObject({ body: 'Here', place: location });
    });

    it('a template with its variables, also outside of the window', async () => {
      await start();
      const contentSid = host.twilio.content({ types: { 'twilio/text': { body: 'Dear {{name}}, {{2}}' } } });
      await host.outbound.send({ to: TO, template: { contentSid, variables: { name: 'Ana', 2: 'hello' } } });
      expect(await host.twilio.phone(TO).receives()).toMatchObject({ body: 'Dear Ana, hello' });
    });

    it('a text to a user who hides the number', async () => {
      await start();
      const phone = host.twilio.phone('US.13491208655302741918');
      await phone.sends('Hi');
      const message = await host.outbound.send({ to: 'US.13491208655302741918', text: 'Hello' });
      expect(message.to).toEqual({ kind: 'bsuid', value: 'US.13491208655302741918' });
      await phone.receives('Hello');
    });
  });

  it('keeps metadata with the message and its updates, and sends none of it', async () => {
    await start();
    const form = await sentForm({ to: TO, text: 'Hi', metadata: { orderId: '4711' } });
    expect(JSON.stringify(form)).not.toContain('4711');
    expect(host.recorder.updates.all[0]!.metadata).toEqual({ orderId: '4711' });
  });

  it('without publicUrl, warns at start and sends without a status callback', async () => {
    const logger = new ConsoleLogger({ logLevels: [] });
    const warn = jest.spyOn(logger, 'warn').mockImplementation();
    await start({ module: { publicUrl: undefined }, nest: { logger } });
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('No publicUrl (PUBLIC_URL)'), 'WhatsappTwilio');
    expect(await sentForm({ to: TO, text: 'Hi' })).not.toHaveProperty('StatusCallback');
  });
});
