import { inbound, statusCallback } from 'nestjs-whatsapp-twilio/testing';
import { Happenings } from '../support/happenings';
import { postSigned } from '../support/signed-webhook';
import { engines, useStorage } from '../support/storages';
import { addTenant, connectionsOf, startTenantHost, type Tenant } from '../support/tenants';
import type { WhatsappHost } from '../support/whatsapp-host';

const MESSAGES = 16;

function text({ account }: Tenant, from: string, body = 'Hi') {
  return inbound.text({ AccountSid: account.accountSid, From: `whatsapp:${from}`, To: account.sender, Body: body });
}

describe.each(engines)('Tenants, on %s', (engine) => {
  const storage = useStorage(engine);
  let host: WhatsappHost;
  let tenants: Tenant[];

  /** Two accounts, and two subaccounts of another. */
  beforeEach(async () => {
    host = await startTenantHost({ module: { storage: { url: storage.url } } });
    const parent = host.twilio.account();
    const accounts = [host.twilio.account(), host.twilio.account(), parent.subaccount(), parent.subaccount()];
    tenants = [];
    for (const account of accounts) tenants.push(await addTenant(host, account));
  });
  afterEach(() => host.close());

  const webhook = (path = '') => `${host.url}/webhooks/whatsapp/twilio${path}`;
  it.each([
    ['', { rates: undefined }],
    [
      ', also while much goes wrong',
      {
        rates: {
          429: 0.1,
          503: 0.05,
          resetAfterAccept: 0.05,
          callbackShuffled: 0.3,
          callbackRepeated: 0.3,
          inboundRepeated: 0.3,
        },
        retryAfter: 1,
      },
    ],
  ])(
    'get what is theirs and nothing else, interleaved under load%s',
    async (_also, faults) => {
      const taken = new Happenings<string>();
      host.twilio.events.on('message', (message) => {
        if (message.direction === 'outbound-api') taken.add(message.sid);
      });
      host.twilio.faults(faults);
      host.recorder.answer = (message) => `${message.connectionId} to ${message.from.value}`;
      const writing = Array.from({ length: MESSAGES }, (_, number) =>
        tenants.map((tenant, index) => tenant.account.phone(`+1555300${index}${100 + number}`).sends('hi')),
      );
      const sending = Array.from({ length: MESSAGES }, (_, number) =>
        tenants.map(({ connection }, index) =>
          host.outbound.send({
            connectionId: connection.id,
            to: `+1555400${index}${100 + number}`,
            text: connection.id,
          }),
        ),
      );
      const forging = Array.from({ length: MESSAGES }, (_, number) =>
        tenants.map(async (claimed, index) => {
          const signer = tenants[(index + 1 + (number % 3)) % tenants.length]!;
          return postSigned(webhook(), text(claimed, '+15553009999'), { token: signer.account.authToken });
        }),
      );
      await Promise.all([...writing.flat(), ...sending.flat()]);
      const forged = await Promise.all(forging.flat());
      expect(new Set(forged.map(({ status }) => status))).toEqual(new Set([403]));
      for (let count = 1; count <= 2 * tenants.length * MESSAGES; count++) await taken.count(count);
      if (faults.rates) await host.twilio.settles(); // nothing is sent a second time later
      for (const [index, tenant] of tenants.entries()) {
        const got = host.recorder.messages.all.filter(({ connectionId }) => connectionId === tenant.connection.id);
        expect(got).toHaveLength(MESSAGES);
        for (const { from, to } of got) {
          expect(from.value).toMatch(new RegExp(`^\\+1555300${index}`));
          expect(`whatsapp:${to.value}`).toBe(tenant.account.sender);
        }
        const sent = tenant.account.messages.filter(({ direction }) => direction === 'outbound-api');
        expect(sent).toHaveLength(2 * MESSAGES);
        expect(new Set(sent.map(({ to }) => to)).size).toBe(2 * MESSAGES);
        for (const { to, from, body } of sent) {
          expect(from).toBe(tenant.account.sender);
          expect(to).toMatch(new RegExp(`^whatsapp:\\+1555[34]00${index}`));
          expect(body.startsWith(tenant.connection.id)).toBe(true);
        }
      }
    },
    60_000,
  );

  it('follow their messages by callbacks that name their connection', async () => {
    const [tenant] = tenants as [Tenant];
    const message = await host.outbound.send({ connectionId: tenant.connection.id, to: '+15554001111', text: 'Hi' });
    const update = await host.recorder.reaches(message, 'read');
    expect(update.connectionId).toBe(tenant.connection.id);
    const callbacks = host.twilio.requests.filter(({ kind }) => kind === 'status');
    expect(callbacks.length).toBeGreaterThan(0);
    for (const { url, status } of callbacks) {
      expect(url).toContain(`/${tenant.connection.id}/status?message=${message.id}`);
      expect(status).toBe(204);
    }
  });

  it('cannot pass for another: an AccountSid needs the signature of its own token', async () => {
    const [first, second, child, sibling] = tenants as [Tenant, Tenant, Tenant, Tenant];
    const forged = [
      [first, second],
      [second, first],
      [child, sibling],
      [first, child],
    ] as const;
    for (const [claimed, signer] of forged) {
      const token = signer.account.authToken;
      expect(await postSigned(webhook(), text(claimed, '+15553009999'), { token })).toMatchObject({ status: 403 });
      const path = `/${claimed.connection.id}`;
      expect(await postSigned(webhook(path), text(claimed, '+15553009999'), { token })).toMatchObject({ status: 403 });
      // Signed well, at another tenant's path.
      expect(await postSigned(webhook(path), text(signer, '+15553009999'), { token })).toMatchObject({ status: 403 });
    }
    const stranger = { ...text(first, '+15553009999'), AccountSid: `AC${'9'.repeat(32)}` };
    expect(await postSigned(webhook(), stranger, { token: first.account.authToken })).toMatchObject({ status: 403 });
    const valid = await postSigned(webhook(), text(first, '+15553001000', 'valid'), { token: first.account.authToken });
    expect(valid).toMatchObject({ status: 200 });
    await host.recorder.messages.first();
    expect(host.recorder.messages.all.map(({ from }) => from.value)).toEqual(['+15553001000']);
  });

  it('cannot report on the message of another', async () => {
    const [first, second] = tenants as [Tenant, Tenant];
    const message = await host.outbound.send({ connectionId: first.connection.id, to: '+15554001111', text: 'Hi' });
    const { sid } = await host.recorder.reaches(message, 'read');
    const params = statusCallback('failed', {
      AccountSid: second.account.accountSid,
      MessageSid: sid!,
      From: second.account.sender,
    });
    const url = webhook(`/${second.connection.id}/status?message=${message.id}`);
    expect(await postSigned(url, params, { token: second.account.authToken })).toMatchObject({ status: 204 });
    const { status, history } = (await host.outbound.get(message.id))!;
    expect(status).toBe('read');
    expect(history.map((event) => event.status)).not.toContain('failed');
  });

  it('cannot send as a number of another connection of their account', async () => {
    const shared = host.twilio.account({ senders: ['whatsapp:+15550008001', 'whatsapp:+15550008002'] });
    const { accountSid, authToken } = shared;
    const connections = connectionsOf(host);
    const by = { actor: 'test' };
    const one = await connections.create({ accountSid, authToken, fromNumber: '+15550008001' }, by);
    const other = await connections.create({ accountSid, authToken, fromNumber: '+15550008002' }, by);
    const send = (from: string) => host.outbound.send({ connectionId: one.id, from, to: '+15554002222', text: 'Hi' });
    await expect(send('+15550008002')).rejects.toMatchObject({ code: 'INVALID_MESSAGE' });
    await expect(send('+15550008001')).resolves.toMatchObject({ connectionId: one.id });
    // Their webhooks are told apart by whom they are for.
    shared.webhook({ url: webhook() });
    await shared.phone('+15553007777').sends('to the first');
    const params = inbound.text({ AccountSid: accountSid, From: 'whatsapp:+15553007778', To: 'whatsapp:+15550008002' });
    expect(await postSigned(webhook(), params, { token: authToken })).toMatchObject({ status: 200 });
    expect(await postSigned(webhook(`/${one.id}`), params, { token: authToken })).toMatchObject({ status: 403 });
    await host.recorder.messages.count(2);
    expect(host.recorder.messages.all.map(({ connectionId, to }) => [connectionId, to.value])).toEqual([
      [one.id, '+15550008001'],
      [other.id, '+15550008002'],
    ]);
  });

  it('lose what was to be sent when their connection is removed, with a reason, and keep what came in', async () => {
    const [tenant] = tenants as [Tenant];
    const message = await host.outbound.send({
      connectionId: tenant.connection.id,
      to: '+15554003333',
      text: 'Later',
      sendAt: new Date(Date.now() + 300),
    });
    await connectionsOf(host).remove(tenant.connection.id, { actor: 'test' });
    const update = await host.recorder.reaches(message, 'failed');
    expect(update.error).toMatchObject({ code: 'CONNECTION_GONE', retryable: false });
    const answer = await postSigned(webhook(), text(tenant, '+15553001000'), { token: tenant.account.authToken });
    expect(answer.status).toBe(403);
  });

  it('do nothing while their connection is disabled', async () => {
    const [tenant] = tenants as [Tenant];
    const { id } = tenant.connection;
    await connectionsOf(host).update(id, { state: 'disabled' }, { actor: 'test' });
    const sending = host.outbound.send({ connectionId: id, to: '+15554004444', text: 'Hi' });
    await expect(sending).rejects.toMatchObject({ code: 'INVALID_MESSAGE' });
    const token = tenant.account.authToken;
    expect(await postSigned(webhook(), text(tenant, '+15553001000'), { token })).toMatchObject({ status: 403 });
    await connectionsOf(host).update(id, { state: 'active' }, { actor: 'test' });
    expect(await postSigned(webhook(), text(tenant, '+15553001000'), { token })).toMatchObject({ status: 200 });
  });
});
