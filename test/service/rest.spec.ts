import { startService, type ServiceHost } from '../support/service-host';
import { engines, useStorage } from '../support/storages';

const ANA = '+15551230001';
const BEN = '+15551230002';

interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly { readonly field: string; readonly code: string; readonly message: string }[];
  readonly requestId: string;
  readonly twilioCode?: number;
}

interface Message {
  readonly id: string;
  readonly status: string;
  readonly sid?: string;
  readonly waiting?: { readonly reason: string; readonly until?: string };
  readonly history?: readonly { readonly status: string }[];
}

interface Page {
  readonly messages: readonly (Message & { readonly sid: string; readonly kind: string })[];
  readonly nextCursor?: string;
}

describe.each(engines)('The REST API on %s', (engine) => {
  const storage = useStorage(engine);
  let service: ServiceHost;

  beforeEach(async () => {
    service = await startService({ variables: { DATABASE_URL: storage.url } });
  });
  afterEach(() => service.close());

  const send = (body: object, headers: Record<string, string> = {}) =>
    service.call<Message & Problem>('POST', '/v1/messages', { body, headers });

  const count = async (query: string) =>
    (await service.call<Page>('GET', `/v1/messages?${query}`)).body.messages.length;

  async function reaches(id: string, status: string): Promise<Message> {
    for (;;) {
      const { body } = await service.call<Message>('GET', `/v1/messages/${id}`);
      if (body.status === status) return body;
      await service.twilio.settles();
    }
  }

  describe('for messages', () => {
    it('stores one, sends it and tells its history', async () => {
      const answer = await send({
        to: ANA,
        template: {
          contentSid: service.twilio.content({ friendlyName: 'hi', types: { 'twilio/text': { body: 'Hi' } } }),
        },
      });
      expect(answer.status).toBe(202);
      expect(answer.headers.get('location')).toBe(`/v1/messages/${answer.body.id}`);
      expect(answer.body).toMatchObject({
        status: 'queued',
        to: { kind: 'phone', value: ANA },
        connectionId: 'default',
      });
      const read = await reaches(answer.body.id, 'read');
      expect(read.sid).toMatch(/^(SM|MM)/);
      const history = read.history!.map(({ status }) => status);
      expect(history.slice(0, 2)).toEqual(['queued', 'sending']);
      expect(history).toEqual(expect.arrayContaining(['sent', 'delivered', 'read']));
    });

    it('refuses what cannot be sent, with everything that has to change', async () => {
      const { status, body, headers } = await send({ to: 'Ana', body: 'hi', expiresInSeconds: 0 });
      expect(status).toBe(400);
      expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
      expect(body.code).toBe('INVALID_MESSAGE');
      expect(body.errors!.map(({ field }) => field).toSorted()).toEqual(['body', 'expiresInSeconds', 'text', 'to']);
      expect(body.detail).toContain('Use text instead');
      expect(body.requestId).toBe(headers.get('x-request-id'));
    });

    it('refuses a body that is no JSON, no object, or nothing at all', async () => {
      const broken = await service.call<Problem>('POST', '/v1/messages', { body: '{"to":' });
      expect(broken).toMatchObject({ status: 400, body: { code: 'INVALID_JSON' } });
      const list = await service.call<Problem>('POST', '/v1/messages', { body: '[]' });
      expect(list).toMatchObject({ status: 400, body: { code: 'INVALID_MESSAGE' } });
      const nothing = await service.call<Problem>('POST', '/v1/messages');
      expect(nothing).toMatchObject({ status: 400, body: { code: 'INVALID_MESSAGE' } });
      const xml = await service.call<Problem>('POST', '/v1/messages', {
        body: '<a/>',
        headers: { 'content-type': 'application/xml' },
      });
      expect(xml).toMatchObject({ status: 415, body: { code: 'UNSUPPORTED_MEDIA_TYPE' } });
    });

    it('gives the first answer to a repeat with its Idempotency-Key, and 409 to another body', async () => {
      const message = { to: ANA, text: 'hello', outsideWindow: 'hold' };
      const first = await send(message, { 'idempotency-key': 'order-1' });
      await service.call('DELETE', `/v1/messages/${first.body.id}`);
      const again = await send(message, { 'idempotency-key': 'order-1' });
      expect(again.status).toBe(202);
      expect(again.body).toEqual(first.body);
      const other = await send({ ...message, text: 'bye' }, { 'idempotency-key': 'order-1' });
      expect(other).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_CONFLICT' } });
    });

    it('refuses an idempotencyKey that differs from the header', async () => {
      const { status, body } = await send({ to: ANA, text: 'hi', idempotencyKey: 'a' }, { 'idempotency-key': 'b' });
      expect({ status, fields: body.errors!.map(({ field }) => field) }).toEqual({
        status: 400,
        fields: ['idempotencyKey'],
      });
    });

    it('takes back what has not been sent, once', async () => {
      const { body } = await send({ to: ANA, text: 'later', sendAt: '2099-01-01T00:00:00Z' });
      expect(body.waiting).toEqual({ reason: 'schedule', until: '2099-01-01T00:00:00.000Z' });
      const canceled = await service.call<Message>('DELETE', `/v1/messages/${body.id}`);
      expect(canceled).toMatchObject({ status: 200, body: { status: 'canceled' } });
      const again = await service.call<Problem>('DELETE', `/v1/messages/${body.id}`);
      expect(again).toMatchObject({ status: 409, body: { code: 'NOT_CANCELABLE' } });
    });

    it('knows no message that there is none of', async () => {
      for (const id of ['0199c1f0-0000-7000-8000-000000000001', 'x', '%00']) {
        const { status, body } = await service.call<Problem>('GET', `/v1/messages/${id}`);
        expect({ status, code: body.code }).toEqual({ status: 404, code: 'MESSAGE_NOT_FOUND' });
      }
    });

    it('is not put off by what no database can hold', async () => {
      for (const method of ['GET', 'DELETE']) expect((await service.call(method, '/v1/messages/%00')).status).toBe(404);
      expect((await service.call('GET', '/v1/inbound-messages/%00')).status).toBe(404);
      expect((await service.call('GET', '/v1/inbound-messages/%00/media/0')).status).toBe(404);
      for (const list of ['messages', 'inbound-messages', 'events', `conversations/${encodeURIComponent(ANA)}`]) {
        expect((await service.call('GET', `/v1/${list}?connection=%00`)).status).toBe(400);
      }
      const text = 'a\0b\ud800';
      const sent = await send({ to: ANA, text, metadata: { note: text }, outsideWindow: 'hold' });
      expect(await service.call('GET', `/v1/messages/${sent.body.id}`)).toMatchObject({
        status: 200,
        body: { content: { text }, metadata: { note: text } },
      });
    });

    it('lists them page by page, newest first, by status, conversation and connection', async () => {
      const ids: string[] = [];
      for (let n = 0; n < 5; n++) {
        ids.unshift((await send({ to: n === 2 ? BEN : ANA, text: String(n), outsideWindow: 'hold' })).body.id);
      }
      const seen: string[] = [];
      for (let query = '?limit=2'; query !== '';) {
        const { body } = await service.call<Page>('GET', `/v1/messages${query}`);
        seen.push(...body.messages.map(({ id }) => id));
        query = body.nextCursor === undefined ? '' : `?limit=2&cursor=${body.nextCursor}`;
      }
      expect(seen).toEqual(ids);
      expect(await count(`conversation=${encodeURIComponent(BEN)}`)).toBe(1);
      expect(await count('status=held')).toBe(5);
      expect(await count('status=failed')).toBe(0);
      expect(await count('connection=default')).toBe(5);
      expect(await count('connection=other')).toBe(0);
    });

    it('lists every mistake in a query', async () => {
      const { status, body } = await service.call<Problem>('GET', '/v1/messages?limit=0&status=gone&page=2');
      expect(status).toBe(400);
      expect(body.code).toBe('VALIDATION_FAILED');
      expect(body.errors!.map(({ field }) => field).toSorted()).toEqual(['limit', 'page', 'status']);
      const cursor = await service.call<Problem>('GET', '/v1/messages?cursor=nonsense');
      expect(cursor).toMatchObject({ status: 400, body: { code: 'INVALID_PAGE', errors: [{ field: 'cursor' }] } });
    });

    it('says 304 to who has the answer already', async () => {
      const { body } = await send({ to: ANA, text: 'hi', outsideWindow: 'hold' });
      const first = await service.call('GET', `/v1/messages/${body.id}`);
      const etag = first.headers.get('etag')!;
      const same = await service.call('GET', `/v1/messages/${body.id}`, { headers: { 'if-none-match': etag } });
      expect(same).toMatchObject({ status: 304, body: '' });
      await service.call('DELETE', `/v1/messages/${body.id}`);
      const changed = await service.call('GET', `/v1/messages/${body.id}`, { headers: { 'if-none-match': etag } });
      expect(changed.status).toBe(200);
    });
  });

  describe('for what users wrote', () => {
    it('gives and lists it', async () => {
      const phone = service.twilio.phone(ANA, { profileName: 'Ana' });
      await phone.sends('one');
      await phone.sendsLocation({ latitude: 1, longitude: 2 });
      const { body } = await service.call<Page>('GET', '/v1/inbound-messages?limit=1');
      expect(body.messages).toMatchObject([{ kind: 'location', latitude: 1, longitude: 2 }]);
      const next = await service.call<Page>('GET', `/v1/inbound-messages?limit=1&cursor=${body.nextCursor}`);
      expect(next.body.messages).toMatchObject([{ kind: 'text', text: 'one', profileName: 'Ana' }]);
      const one = await service.call('GET', `/v1/inbound-messages/${next.body.messages[0]!.sid}`);
      expect(one).toMatchObject({ status: 200, body: { text: 'one' } });
      const none = await service.call<Problem>('GET', '/v1/inbound-messages/SM00000000000000000000000000000001');
      expect(none).toMatchObject({ status: 404, body: { code: 'MESSAGE_NOT_FOUND' } });
    });

    it('streams its files, as what they are', async () => {
      await service.twilio.phone(ANA).sendsImage({ data: Buffer.from('a picture'), contentType: 'image/png' });
      const { body } = await service.call<Page>('GET', '/v1/inbound-messages');
      const { sid } = body.messages[0]!;
      const file = await service.call<string>('GET', `/v1/inbound-messages/${sid}/media/0`);
      expect(file).toMatchObject({ status: 200, body: 'a picture' });
      expect(Object.fromEntries(file.headers)).toMatchObject({
        'content-type': 'image/png',
        'content-disposition': 'inline',
        'x-content-type-options': 'nosniff',
      });
      const other = await service.call<Problem>('GET', `/v1/inbound-messages/${sid}/media/1`);
      expect(other).toMatchObject({ status: 404, body: { code: 'MEDIA_NOT_FOUND' } });
    });

    it('never shows a page of a user’s as one of its own', async () => {
      await service.twilio.phone(ANA).sendsDocument({ data: Buffer.from('<script>'), contentType: 'text/html' });
      const { body } = await service.call<Page>('GET', '/v1/inbound-messages');
      const { headers } = await service.call('GET', `/v1/inbound-messages/${body.messages[0]!.sid}/media/0`);
      expect(headers.get('content-disposition')).toBe('attachment');
      expect(headers.get('content-security-policy')).toContain('sandbox');
    });
  });

  describe('for conversations', () => {
    const path = `/v1/conversations/${encodeURIComponent(ANA)}`;

    it('tells the window and the last messages', async () => {
      expect(await service.call('GET', path)).toMatchObject({ status: 404, body: { code: 'CONVERSATION_NOT_FOUND' } });
      await send({ to: ANA, text: 'waits', outsideWindow: 'hold' });
      expect(await service.call('GET', path)).toMatchObject({ status: 200, body: { window: { open: false } } });
      await service.twilio.phone(ANA).sends('hi');
      const { body } = await service.call<{ messages: { direction: string }[] }>('GET', path);
      expect(body).toMatchObject({ user: { value: ANA }, window: { open: true, expiresAt: expect.any(String) } });
      expect(body.messages.map(({ direction }) => direction).toSorted()).toEqual(['inbound', 'outbound']);
    });

    it('shows typing once the user has written', async () => {
      expect((await service.call('POST', `${path}/typing`)).status).toBe(404);
      await service.twilio.phone(ANA).sends('hi');
      const shown = new Promise((resolve) => service.twilio.events.once('typing', resolve));
      expect((await service.call('POST', `${path}/typing`)).status).toBe(204);
      await shown;
    });

    it('sends nothing to who opted out, until they are opted in', async () => {
      const waiting = await send({ to: ANA, text: 'waits', outsideWindow: 'hold' });
      const out = await service.call('PUT', `${path}/opt-out`);
      expect(out).toMatchObject({ status: 200, body: { optOut: { source: 'api' } } });
      expect(await service.call('GET', `/v1/messages/${waiting.body.id}`)).toMatchObject({
        body: { status: 'canceled', error: { code: 'OPTED_OUT' } },
      });
      expect(await send({ to: ANA, text: 'hi' })).toMatchObject({ status: 409, body: { code: 'OPTED_OUT' } });
      expect((await service.call('DELETE', `${path}/opt-out`)).status).toBe(200);
      expect((await send({ to: ANA, text: 'hi' })).status).toBe(202);
    });

    it('says what an address has to look like', async () => {
      const { status, body } = await service.call<Problem>('GET', '/v1/conversations/Ana');
      expect({ status, code: body.code }).toEqual({ status: 400, code: 'INVALID_ADDRESS' });
      expect(body.detail).toContain('+15551230001');
    });
  });

  it('answers what it does not know with a problem', async () => {
    const { status, body } = await service.call<Problem>('GET', '/v1/nothing');
    expect({ status, code: body.code }).toEqual({ status: 404, code: 'NOT_FOUND' });
  });
});
