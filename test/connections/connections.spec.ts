import { inbound } from 'nestjs-whatsapp-twilio/testing';
import { postSigned } from '../support/signed-webhook';
import { engines, useStorage } from '../support/storages';
import { addTenant, author, connectionsOf, startTenantHost, type Tenant } from '../support/tenants';
import type { WhatsappHost } from '../support/whatsapp-host';

describe.each(engines)('Stored connections, on %s', (engine) => {
  const storage = useStorage(engine);
  let host: WhatsappHost;
  beforeEach(async () => {
    host = await startTenantHost({ module: { storage: { url: storage.url } } });
  });
  afterEach(() => host.close());

  const connections = () => connectionsOf(host);
  const fields = (account = host.twilio.account()) => ({
    accountSid: account.accountSid,
    authToken: account.authToken,
    fromNumber: account.sender,
  });

  it('are shown as they were given, without their secrets', async () => {
    const account = host.twilio.account();
    const apiKey = account.apiKey();
    const { id } = await connections().create(
      { ...fields(account), label: ' Blue Whale ', apiKey, limits: { rpm: 30 } },
      author,
    );
    expect(await connections().get(id)).toEqual({
      id,
      label: 'Blue Whale',
      mode: 'byok',
      state: 'active',
      accountSid: account.accountSid,
      fromNumber: account.sender,
      apiKeySid: apiKey.sid,
      limits: { rpm: 30 },
      validation: expect.objectContaining({ valid: true, checkedAt: expect.any(Date) }),
      createdAt: expect.any(Date),
      updatedAt: expect.any(Date),
    });
    expect(await connections().get('default')).toMatchObject({ mode: 'managed', accountSid: host.twilio.accountSid });
    expect(await connections().get('nobody')).toBeUndefined();
  });

  it('are listed in pages, the configured one first', async () => {
    const ids = ['default'];
    for (let number = 0; number < 4; number++) ids.push((await connections().create(fields(), author)).id);
    const listed: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await connections().list({ limit: 2, ...(cursor && { cursor }) });
      listed.push(...page.connections.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(listed).toEqual(ids);
    expect((await connections().list({ limit: 1 })).nextCursor).toBeDefined();
    for (const page of [{ limit: 0 }, { limit: 201 }, { limit: 1.5 }, { cursor: 'none' }]) {
      await expect(connections().list(page)).rejects.toMatchObject({ code: 'INVALID_PAGE' });
    }
  });

  it('are changed field by field, and tried at Twilio before', async () => {
    const account = host.twilio.account();
    const { id } = await connections().create({ ...fields(account), label: 'Old' }, author);
    account.addSender('whatsapp:+15550009001');
    const changed = await connections().update(id, { label: null, fromNumber: '+15550009001' }, author);
    expect(changed).toMatchObject({ fromNumber: 'whatsapp:+15550009001' });
    expect(changed).not.toHaveProperty('label');
    const wrong = connections().update(id, { fromNumber: '+15550009999' }, author);
    await expect(wrong).rejects.toMatchObject({ code: 'CONNECTION_REFUSED', problems: [{ code: 'sender-unknown' }] });
    expect((await connections().get(id))?.fromNumber).toBe('whatsapp:+15550009001');
  });

  it.each([
    [{ authToken: 'with space' }, 'authToken'],
    [{ accountSid: 'AC12' }, 'accountSid'],
    [{ fromNumber: '15551234' }, 'fromNumber'],
    [{ messagingServiceSid: 'MG1' }, 'messagingServiceSid'],
    [{ apiKey: { sid: 'SK1', secret: 'x' } }, 'apiKey.sid'],
    [{ limits: { rpm: 0 } }, 'limits.rpm'],
    [{ state: 'asleep' }, 'state'],
    [{ label: 'two\nlines' }, 'label'],
    [{ lable: 'misspelt' }, 'lable'],
  ])('are refused with %j', async (wrong, field) => {
    const creating = connections().create({ ...fields(), ...wrong } as never, author);
    await expect(creating).rejects.toMatchObject({ code: 'INVALID_CONNECTION', errors: [{ field }] });
  });

  it('need somebody who makes the change, and keep their account', async () => {
    const nobody = connections().create(fields(), { actor: '' });
    await expect(nobody).rejects.toMatchObject({ code: 'INVALID_CONNECTION', errors: [{ field: 'actor' }] });
    const { id } = await connections().create(fields(), author);
    const moved = connections().update(id, { accountSid: host.twilio.account().accountSid } as never, author);
    await expect(moved).rejects.toMatchObject({ errors: [{ field: 'accountSid' }] });
  });

  it('have a sender that no other of their account has', async () => {
    const account = host.twilio.account({ senders: ['whatsapp:+15550009101', 'whatsapp:+15550009102'] });
    const { accountSid, authToken } = account;
    const first = { accountSid, authToken, fromNumber: '+15550009101' };
    await connections().create(first, author);
    const other = await connections().create({ accountSid, authToken, fromNumber: '+15550009102' }, author);
    for (const conflict of [
      connections().create(first, author),
      connections().update(other.id, { fromNumber: '+15550009101' }, author),
      connections().create({ ...fields(host.twilio), fromNumber: null }, author),
    ]) {
      await expect(conflict).rejects.toMatchObject({ code: 'CONNECTION_CONFLICT' });
    }
    // One may have all the rest of the account.
    await connections().create({ accountSid, authToken }, author);
    const rest = connections().create({ accountSid, authToken }, author);
    await expect(rest).rejects.toMatchObject({ code: 'CONNECTION_CONFLICT' });
  });

  it('are validated on demand, and keep what Twilio said', async () => {
    const { account, connection }: Tenant = await addTenant(host, host.twilio.account());
    account.suspend();
    const validation = await connections().validate(connection.id, author);
    expect(validation).toMatchObject({ valid: false, problems: [{ code: 'account-suspended' }] });
    expect((await connections().get(connection.id))?.validation).toEqual(validation);
    expect(await connections().validate('default', author)).toMatchObject({ valid: true });
    await expect(connections().validate('nobody', author)).rejects.toMatchObject({ code: 'CONNECTION_NOT_FOUND' });
  });

  it('leave a trail of who changed what, without a value', async () => {
    const { id } = await connections().create(fields(), { actor: 'ana', reason: 'a new customer' });
    await connections().update(id, { label: 'Secretive', limits: { rpm: 7 } }, { actor: 'ben' });
    await connections().remove(id, { actor: 'cem' });
    const { events } = await connections().events({ connectionId: id });
    expect(events).toMatchObject([
      { actor: 'cem', action: 'removed', fields: [] },
      { actor: 'ben', action: 'updated', fields: ['label', 'limits'] },
      { actor: 'ana', action: 'created', reason: 'a new customer', fields: ['accountSid', 'authToken', 'fromNumber'] },
    ]);
    expect(events).toHaveLength(3);
    expect(JSON.stringify(events)).not.toContain('Secretive');
    const page = await connections().events({ limit: 1 });
    expect((await connections().events({ limit: 1, cursor: page.nextCursor! })).events[0]?.actor).toBe('ben');
  });

  it('send no faster than their own limit, whatever the app allows', async () => {
    const account = host.twilio.account();
    const { id } = await connections().create({ ...fields(account), limits: { rpm: 2 } }, author);
    const sending = Array.from({ length: 5 }, (_, number) =>
      host.outbound.send({ connectionId: id, to: `+1555400000${number}`, text: 'Hi' }),
    );
    await Promise.all(sending);
    const { updates } = host.recorder;
    await updates.until(() => updates.all.filter(({ status }) => status === 'read').length === 2);
    const other = await addTenant(host, host.twilio.account());
    const free = await host.outbound.send({ connectionId: other.connection.id, to: '+15554000010', text: 'Hi' });
    await host.recorder.reaches(free, 'read');
    expect(account.messages).toHaveLength(2);
  });

  it('that are removed are refused at once, as unknown accounts are', async () => {
    const { account, connection } = await addTenant(host, host.twilio.account());
    const url = `${host.url}/webhooks/whatsapp/twilio`;
    const params = () =>
      inbound.text({ AccountSid: account.accountSid, From: 'whatsapp:+15553000001', To: account.sender });
    expect(await postSigned(url, params(), { token: account.authToken })).toMatchObject({ status: 200 });
    await connections().remove(connection.id, author);
    expect(await postSigned(url, params(), { token: account.authToken })).toMatchObject({ status: 403 });
    await expect(connections().remove(connection.id, author)).rejects.toMatchObject({ code: 'CONNECTION_NOT_FOUND' });
    // And known again once they are stored again.
    await addTenant(host, account);
    expect(await postSigned(url, params(), { token: account.authToken })).toMatchObject({ status: 200 });
  });
});
