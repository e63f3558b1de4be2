import { randomUUID } from 'node:crypto';
import type { Signals } from '../../src/whatsapp-twilio/signals';
import { SIGNALS } from '../../src/whatsapp-twilio/tokens';
import { Happenings } from '../support/happenings';
import { twilioConsole } from '../support/rotation-load';
import { type ServiceAnswer, startService, type ServiceHost } from '../support/service-host';
import { engines, useStorage } from '../support/storages';
import { encryptionKey, type TwilioAccount } from '../support/tenants';

const PATH = '/v1/connections';
const ADMIN = 'the-secret-of-the-admin';
const keys = {
  API_KEYS: [
    `boss:${ADMIN}`,
    'app[write]:the-secret-of-the-app',
    'board[read]:the-secret-of-the-board',
    'shop[write@default]:the-secret-of-the-shop',
  ].join(','),
};

interface Answer {
  readonly id: string;
  readonly code: string;
  readonly detail: string;
  readonly twilioCode?: number;
  readonly errors: readonly { readonly field: string; readonly code: string; readonly message: string }[];
  readonly connections: readonly { readonly id: string }[];
  readonly nextCursor?: string;
  readonly events: readonly { readonly actor: string; readonly action: string; readonly reason?: string }[];
  readonly rotation: { readonly step: string; readonly kind: string; readonly promotedAt?: string };
}

const fieldsOf = ({ accountSid, authToken, sender: fromNumber }: TwilioAccount) => ({
  accountSid,
  authToken,
  fromNumber,
});

describe.each(engines)('The REST API for connections on %s', (engine) => {
  const storage = useStorage(engine);
  let service: ServiceHost;
  const answers: ServiceAnswer<Answer>[] = [];
  afterEach(() => service.close());

  const start = async (variables: Record<string, string> = { ENCRYPTION_KEYS: encryptionKey('first') }) => {
    service = await startService({ variables: { ...keys, DATABASE_URL: storage.url, ...variables } });
  };

  async function call(method: string, path = '', body?: unknown, secret = ADMIN): Promise<ServiceAnswer<Answer>> {
    const answer = await service.call<Answer>(method, PATH + path, { body, secret });
    answers.push(answer);
    return answer;
  }

  const create = (account: TwilioAccount, more: object = {}) => call('POST', '', { ...fieldsOf(account), ...more });
  const fieldsIn = ({ body }: ServiceAnswer<Answer>) => body.errors.map(({ field }) => field);

  describe('stores', () => {
    beforeEach(() => start());

    it('what Twilio accepts, and says where it is', async () => {
      const account = service.twilio.account();
      const created = await create(account, { label: 'Blue Whale', limits: { rpm: 60 }, reason: 'a new customer' });
      expect(created).toMatchObject({
        status: 201,
        body: {
          label: 'Blue Whale',
          mode: 'byok',
          state: 'active',
          accountSid: account.accountSid,
          fromNumber: account.sender,
          limits: { rpm: 60 },
          validation: { valid: true },
        },
      });
      const { id } = created.body;
      expect(created.headers.get('location')).toBe(`${PATH}/${id}`);
      expect((await call('GET', `/${id}`)).body).toEqual(created.body);
      const sent = await service.call<{ connectionId: string }>('POST', '/v1/messages', {
        body: { connectionId: id, to: '+15551230001', text: 'Hi' },
        secret: ADMIN,
      });
      expect(sent).toMatchObject({ status: 202, body: { connectionId: id } });
    });

    it('nothing that Twilio refuses, and says which field has to change', async () => {
      const account = service.twilio.account();
      const wrong = await create(account, { authToken: '0'.repeat(32) });
      expect(wrong).toMatchObject({ status: 422, body: { code: 'CONNECTION_REFUSED', twilioCode: 20003 } });
      expect(wrong.body.errors).toEqual([
        { field: 'authToken', code: 'wrong-token', message: expect.stringContaining('primary token') },
      ]);
      const sender = await create(account, { fromNumber: 'whatsapp:+15550009999' });
      expect(sender).toMatchObject({
        status: 422,
        body: { errors: [{ field: 'fromNumber', code: 'sender-unknown' }] },
      });
      expect(sender.body).not.toHaveProperty('twilioCode');
      expect((await call('GET')).body.connections).toHaveLength(1);
    });

    it('nothing that is wrong in itself, and lists every field', async () => {
      const { status, body } = await call('POST', '', { accountSid: 'AC1', lable: 'x', reason: 7 });
      expect({ status, code: body.code }).toEqual({ status: 400, code: 'INVALID_CONNECTION' });
      const fields = await call('POST', '', { accountSid: 'AC1', lable: 'x' });
      expect(fieldsIn(fields).toSorted()).toEqual(['accountSid', 'authToken', 'lable']);
      for (const nothing of ['[]', '"x"', undefined]) {
        expect(await call('POST', '', nothing)).toMatchObject({ status: 400 });
      }
    });

    it('no sender twice', async () => {
      const account = service.twilio.account();
      await create(account);
      expect(await create(account)).toMatchObject({ status: 409, body: { code: 'CONNECTION_CONFLICT' } });
      const managed = { accountSid: service.twilio.accountSid, authToken: service.twilio.authToken };
      expect(await call('POST', '', managed)).toMatchObject({ status: 409, body: { code: 'CONNECTION_CONFLICT' } });
    });
  });

  it('lists them in pages, the configured one first', async () => {
    await start();
    const ids = ['default'];
    for (let number = 0; number < 3; number++) ids.push((await create(service.twilio.account())).body.id);
    const seen: string[] = [];
    for (let query = '?limit=2'; query !== '';) {
      const { body } = await call('GET', query);
      seen.push(...body.connections.map(({ id }) => id));
      query = body.nextCursor === undefined ? '' : `?limit=2&cursor=${body.nextCursor}`;
    }
    expect(seen).toEqual(ids);
    expect(fieldsIn(await call('GET', '?limit=201'))).toEqual(['limit']);
    expect(await call('GET', '?cursor=none')).toMatchObject({ status: 400, body: { code: 'INVALID_PAGE' } });
  });

  it('changes and removes them, and keeps who did it', async () => {
    await start();
    const account = service.twilio.account();
    const { id } = (await create(account, { label: 'Old' })).body;
    const changed = await call('PATCH', `/${id}`, { label: null, state: 'disabled', reason: 'they asked' });
    expect(changed).toMatchObject({ status: 200, body: { id, state: 'disabled' } });
    expect(changed.body).not.toHaveProperty('label');
    expect(fieldsIn(await call('PATCH', `/${id}`, { accountSid: account.accountSid }))).toEqual(['accountSid']);
    expect((await call('DELETE', `/${id}?reason=gone`)).status).toBe(204);
    expect(await call('GET', `/${id}`)).toMatchObject({ status: 404, body: { code: 'CONNECTION_NOT_FOUND' } });
    const { body } = await call('GET', `/${id}/events`);
    expect(body.events).toMatchObject([
      { actor: 'boss', action: 'removed', reason: 'gone' },
      { actor: 'boss', action: 'updated', reason: 'they asked', fields: ['label', 'state'] },
      { actor: 'boss', action: 'created' },
    ]);
    const first = (await call('GET', `/${id}/events?limit=1`)).body;
    const second = (await call('GET', `/${id}/events?limit=1&cursor=${first.nextCursor}`)).body;
    expect(second.events).toMatchObject([{ action: 'updated' }]);
  });

  it('leaves the configured one to the configuration', async () => {
    await start();
    expect(await call('GET', '/default')).toMatchObject({ status: 200, body: { mode: 'managed' } });
    expect(await call('POST', '/default/validate')).toMatchObject({ status: 200, body: { valid: true } });
    for (const [method, path] of [
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/rotate'],
    ] as const) {
      const answer = await call(method, `/default${path}`, method === 'DELETE' ? undefined : {});
      expect(answer).toMatchObject({ status: 409, body: { code: 'CONNECTION_NOT_STORED' } });
    }
  });

  it('knows none that there is none of', async () => {
    await start();
    for (const id of [randomUUID(), 'x', '%00', 'a%2Fb', 'x'.repeat(90)]) {
      for (const [method, path] of [
        ['GET', ''],
        ['PATCH', ''],
        ['DELETE', ''],
        ['GET', '/events'],
        ['POST', '/validate'],
        ['POST', '/rotate'],
        ['POST', '/rotate/abort'],
        ['POST', '/rotate/continue'],
      ] as const) {
        const answer = await call(method, `/${id}${path}`, method === 'PATCH' ? {} : undefined);
        expect(answer).toMatchObject({ status: 404, body: { code: 'CONNECTION_NOT_FOUND' } });
      }
    }
  });

  it('asks Twilio again on demand', async () => {
    await start();
    const account = service.twilio.account();
    const { id } = (await create(account)).body;
    account.suspend();
    const validated = await call('POST', `/${id}/validate`, { reason: 'they cannot send' });
    expect(validated).toMatchObject({ status: 200, body: { valid: false, problems: [{ code: 'account-suspended' }] } });
    expect((await call('GET', `/${id}`)).body).toMatchObject({ validation: validated.body });
    const refused = await call('POST', `/${id}/validate`, { why: 'x' });
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ field: 'why', code: 'unknown' }] } });
  });

  it('stores none without a key for secrets', async () => {
    await start({});
    const answer = await create(service.twilio.account());
    expect(answer).toMatchObject({ status: 409, body: { code: 'ENCRYPTION_KEYS_REQUIRED' } });
    expect(answer.body.detail).toContain('ENCRYPTION_KEYS');
  });

  it('says so when Twilio cannot be asked', async () => {
    await start({ ENCRYPTION_KEYS: encryptionKey('first'), TWILIO_API_BASE_URL: 'http://127.0.0.1:9' });
    const answer = await create(service.twilio.account());
    expect(answer).toMatchObject({ status: 503, body: { code: 'TWILIO_UNREACHABLE' } });
    expect(answer.headers.get('retry-after')).toBe('5');
  });

  it('is for keys with the scope admin alone', async () => {
    await start();
    const { id } = (await create(service.twilio.account())).body;
    for (const name of ['app', 'board', 'shop']) {
      for (const [method, path] of [
        ['POST', ''],
        ['GET', ''],
        ['GET', `/${id}`],
        ['PATCH', `/${id}`],
        ['DELETE', `/${id}`],
        ['GET', `/${id}/events`],
        ['POST', `/${id}/validate`],
        ['POST', `/${id}/rotate`],
        ['POST', `/${id}/rotate/abort`],
        ['POST', `/${id}/rotate/continue`],
        ['GET', '/default'],
      ] as const) {
        const answer = await call(method, path, undefined, `the-secret-of-the-${name}`);
        expect(answer).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
        expect(answer.body.detail).toContain('admin');
      }
    }
    expect((await call('GET', `/${id}`)).status).toBe(200);
  });

  it('says anonymous for who needs no key', async () => {
    service = await startService({
      variables: { DATABASE_URL: storage.url, ENCRYPTION_KEYS: encryptionKey('first') },
    });
    const { id } = (await create(service.twilio.account())).body;
    expect((await call('GET', `/${id}/events`)).body.events).toMatchObject([{ actor: 'anonymous' }]);
  });

  describe('rotates', () => {
    let account: TwilioAccount;
    let id: string;
    let changes: Happenings<true>;

    beforeEach(async () => {
      await start();
      account = service.twilio.account();
      ({ id } = (await create(account)).body);
      changes = new Happenings();
      const signals = service.app.get<Signals>(SIGNALS, { strict: false });
      signals.connections.on(() => changes.add(true));
      signals.rotations.on(() => changes.add(true));
    });

    /** Looks after each change until the rotation is there. */
    const reaches = async (step: string) => {
      for (;;) {
        const seen = changes.all.length;
        const { body } = await call('GET', `/${id}`);
        if (body.rotation.step === step) return body.rotation;
        await changes.count(seen + 1);
      }
    };
    const rotate = (path = '', body?: unknown) => call('POST', `/${id}/rotate${path}`, body);
    const isValid = () => call('POST', `/${id}/validate`);

    it('by Twilio’s API, to the end', async () => {
      const { authToken: before } = account;
      const started = await rotate('', {});
      expect(started).toMatchObject({ status: 202, body: { connectionId: id, kind: 'twilio', needsAttention: false } });
      expect(await rotate()).toMatchObject({ status: 409, body: { code: 'ROTATION_UNDER_WAY' } });
      await reaches('accepting');
      expect((await rotate('/continue')).status).toBe(202);
      await reaches('overlapping');
      expect(account.authToken).not.toBe(before);
      expect(await rotate('/abort')).toMatchObject({ status: 409, body: { code: 'ROTATION_NOT_ABORTABLE' } });
      await rotate('/continue', { reason: 'nothing is on its way' });
      expect(await reaches('done')).toMatchObject({ kind: 'twilio', promotedAt: expect.any(String) });
      expect((await isValid()).body).toMatchObject({ valid: true });
      const { events } = (await call('GET', `/${id}/events`)).body;
      expect(events.map(({ action, actor }) => `${action} ${actor}`)).toEqual([
        'validated boss',
        'rotation-done system',
        'rotation-continued boss',
        'rotation-promoted system',
        'rotation-continued boss',
        'rotation-started boss',
        'created boss',
      ]);
    });

    it('by hand, to the end', async () => {
      const { secondary, promote } = twilioConsole({ account });
      const { authToken: before } = account;
      const started = await rotate('', { authToken: await secondary(), overlapSeconds: 0, reason: 'every quarter' });
      expect(started).toMatchObject({ status: 202, body: { kind: 'manual', step: 'waiting' } });
      await promote();
      await rotate('/continue');
      expect(await reaches('done')).toMatchObject({ kind: 'manual', promotedAt: expect.any(String) });
      expect(account.authToken).not.toBe(before);
      expect((await isValid()).body).toMatchObject({ valid: true });
    });

    it('back, when it is aborted', async () => {
      const { authToken: before } = account;
      await rotate();
      await reaches('accepting');
      expect(await rotate('/abort', { reason: 'not now' })).toMatchObject({ status: 202, body: { connectionId: id } });
      await reaches('aborted');
      expect(account.secondaryToken).toBeUndefined();
      expect(account.authToken).toBe(before);
      for (const path of ['/abort', '/continue']) {
        expect(await rotate(path)).toMatchObject({ status: 404, body: { code: 'ROTATION_NOT_FOUND' } });
      }
    });

    it('not to a wrong token, nor for what it does not understand', async () => {
      const wrong = await rotate('', { authToken: '0'.repeat(32) });
      expect(wrong).toMatchObject({ status: 422, body: { code: 'CONNECTION_REFUSED', twilioCode: 20003 } });
      expect(fieldsIn(await rotate('', { authToken: null }))).toEqual(['authToken']);
      expect(fieldsIn(await rotate('', { overlapSeconds: -1 }))).toEqual(['overlapSeconds']);
      expect(fieldsIn(await rotate('', { token: 'x' }))).toEqual(['token']);
      expect(fieldsIn(await rotate('', '[]'))).toEqual(['body']);
      expect((await call('GET', `/${id}`)).body).not.toHaveProperty('rotation');
    });
  });

  it('tells no secret, in no answer and in no line of the log', async () => {
    const lines: string[] = [];
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => lines.push(String(chunk)) > 0);
    try {
      await start({ ENCRYPTION_KEYS: encryptionKey('first'), LOG_LEVEL: 'debug' });
      answers.length = 0;
      const account = service.twilio.account();
      const apiKey = account.apiKey();
      const { id } = (await create(account, { apiKey })).body;
      const wrongToken = 'deadbeef'.repeat(4);
      await call('PATCH', `/${id}`, { authToken: wrongToken });
      await call('PATCH', `/${id}`, { authToken: account.authToken });
      await call('POST', '', { authToken: wrongToken, apiKey: { sid: 'SK1', secret: apiKey.secret } });
      await call('POST', `/${id}/rotate`, { authToken: wrongToken });
      const next = await twilioConsole({ account }).secondary();
      await call('POST', `/${id}/rotate`, { authToken: next });
      await call('GET');
      await call('GET', `/${id}`);
      await call('GET', `/${id}/events`);
      expect(lines.join('')).toContain('/v1/connections/:id');
      const told = lines.join('') + JSON.stringify(answers.map(({ body, headers }) => [body, [...headers]]));
      for (const secret of [account.authToken, apiKey.secret, next, wrongToken, ADMIN])
        expect(told).not.toContain(secret);
    } finally {
      write.mockRestore();
    }
  });
});
