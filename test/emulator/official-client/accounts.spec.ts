import twilio from 'twilio';
import { officialClientFor } from '../../support/official-client';
import { assertAccountResource } from '../../support/twilio-openapi';
import { type Bench, startBench } from '../bench';

const USER = '+15551230001';
const refused = { status: 401, code: 20003 };

describe('Accounts, judged by the official client', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench();
  });
  afterEach(() => bench.stop());

  it('are fetched, renamed, listed with their subaccounts, and those suspended and closed', async () => {
    const { client, twilio: local } = bench;
    expect(await client.api.v2010.accounts(local.accountSid).update({ friendlyName: 'Head office' })).toMatchObject({
      friendlyName: 'Head office',
      status: 'active',
    });
    const sub = await client.api.v2010.accounts.create({ friendlyName: 'Branch' });
    expect(sub).toMatchObject({ ownerAccountSid: local.accountSid, status: 'active', type: 'Full' });
    const names = async (filter = {}) =>
      (await client.api.v2010.accounts.list(filter)).map(({ friendlyName }) => friendlyName);
    expect(await names()).toEqual(['Head office', 'Branch']);
    expect(await names({ friendlyName: 'Branch' })).toEqual(['Branch']);
    await client.api.v2010.accounts(sub.sid).update({ status: 'suspended' });
    expect(await names({ status: 'suspended' })).toEqual(['Branch']);
    const subClient = officialClientFor({ url: local.url, accountSid: sub.sid, authToken: sub.authToken });
    await expect(subClient.messages.list()).rejects.toMatchObject({ status: 403, code: 20005 });
    await client.api.v2010.accounts(sub.sid).update({ status: 'closed' });
    await expect(subClient.messages.list()).rejects.toMatchObject(refused);
    await expect(client.api.v2010.accounts(sub.sid).update({ status: 'active' })).rejects.toMatchObject({
      code: 20422,
    });
    await expect(client.api.v2010.accounts(local.accountSid).update({ status: 'closed' })).rejects.toMatchObject({
      status: 403,
    });
  });

  it("answer in the shape of Twilio's published description", async () => {
    const { url, accountSid, authToken } = bench.twilio.subaccount();
    const authorization = `Basic ${btoa(`${accountSid}:${authToken}`)}`;
    const response = await fetch(`${url}/2010-04-01/Accounts/${accountSid}.json`, {
      headers: { authorization, connection: 'close' },
    });
    const resource: unknown = await response.json();
    assertAccountResource(resource);
    expect(resource).toMatchObject({ owner_account_sid: bench.twilio.accountSid });
  });

  it('keep their messages, senders and webhooks apart', async () => {
    const one = bench.twilio.subaccount({ webhookUrl: `${bench.app.origin}/inbound` });
    const other = bench.twilio.account({ webhookUrl: `${bench.app.origin}/inbound` });
    expect(new Set([bench.twilio.sender, one.sender, other.sender]).size).toBe(3);
    await one.phone(USER).sends('to one');
    await other.phone(USER).sends('to other');
    expect(bench.inbound().map((form) => [form.get('AccountSid'), form.get('To'), form.get('Body')])).toEqual([
      [one.accountSid, one.sender, 'to one'],
      [other.accountSid, other.sender, 'to other'],
    ]);
    for (const [index, { authToken }] of [one, other].entries()) {
      const { body, headers } = bench.app.requests[index]!;
      const params = Object.fromEntries(new URLSearchParams(body));
      const signature = String(headers['x-twilio-signature']);
      const valid = (token: string) => twilio.validateRequest(token, signature, `${bench.app.origin}/inbound`, params);
      expect([valid(authToken), valid(bench.twilio.authToken)]).toEqual([true, false]);
    }
    const client = officialClientFor(one);
    const [message] = await client.messages.list();
    expect(message?.body).toBe('to one');
    await expect(officialClientFor(other).messages(message!.sid).fetch()).rejects.toMatchObject({ code: 20404 });
    const create = (from: string) => client.messages.create({ from, to: `whatsapp:${USER}`, body: 'hello' });
    await expect(create(other.sender)).rejects.toMatchObject({ code: 21660 });
    await create(one.sender);
    expect((await one.phone(USER).receives()).body).toBe('hello');
    expect(bench.twilio.messages).toEqual([]);
  });

  it('count the 24 hours of each sender by itself', async () => {
    bench.twilio.addSender('whatsapp:+15550006000', { url: `${bench.app.origin}/inbound` });
    await bench.twilio.phone(USER).sends('to the first');
    const send = async (from: string) => {
      const { sid } = await bench.client.messages.create({ from, to: `whatsapp:${USER}`, body: 'hello' });
      await bench.twilio.settles();
      return (await bench.client.messages(sid).fetch()).errorCode;
    };
    expect(await send(bench.twilio.sender)).toBeNull();
    expect(await send('whatsapp:+15550006000')).toBe(63016);
    await bench.twilio.phone(USER, { sender: 'whatsapp:+15550006000' }).sends('to the second');
    expect(await send('whatsapp:+15550006000')).toBeNull();
  });

  it('let a parent act on a subaccount by its path, and never the other way round', async () => {
    const sub = bench.twilio.subaccount();
    const asParent = bench.client.api.v2010.accounts(sub.accountSid);
    const sent = await asParent.messages.create({ from: sub.sender, to: `whatsapp:${USER}`, body: 'hello' });
    expect(sent.accountSid).toBe(sub.accountSid);
    const asChild = officialClientFor(sub).api.v2010.accounts(bench.twilio.accountSid);
    await expect(asChild.messages.list()).rejects.toMatchObject(refused);
    const stranger = bench.twilio.account();
    await expect(bench.client.api.v2010.accounts(stranger.accountSid).fetch()).rejects.toMatchObject(refused);
  });

  it('suspend their subaccounts with themselves', async () => {
    const sub = bench.twilio.subaccount();
    bench.twilio.suspend();
    await expect(officialClientFor(sub).messages.list()).rejects.toMatchObject({ status: 403, code: 20005 });
  });

  it('do not start with a SID or a sender that is taken', () => {
    expect(() => bench.twilio.subaccount({ accountSid: bench.twilio.accountSid })).toThrow(RangeError);
    expect(() => bench.twilio.subaccount({ senders: [bench.twilio.sender] })).toThrow(RangeError);
  });
});

describe('Auth tokens, judged by the official client', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench();
  });
  afterEach(() => bench.stop());

  const signedBy = (token: string) => {
    const { body, headers } = bench.app.requests.at(-1)!;
    const params = Object.fromEntries(new URLSearchParams(body));
    const signature = String(headers['x-twilio-signature']);
    return twilio.validateRequest(token, signature, `${bench.app.origin}/inbound`, params);
  };

  it('authenticate as secondary, and sign only once promoted; the old one is refused at once', async () => {
    const { twilio: local, client } = bench;
    const old = local.authToken;
    const { secondaryAuthToken } = await client.accounts.v1.secondaryAuthToken().create();
    expect(local.secondaryToken).toBe(secondaryAuthToken);
    const withNew = officialClientFor({ ...accessOf(local), authToken: secondaryAuthToken });
    expect(await withNew.messages.list()).toEqual([]);
    await local.phone(USER).sends('before');
    expect([signedBy(old), signedBy(secondaryAuthToken)]).toEqual([true, false]);

    expect((await client.accounts.v1.authTokenPromotion().update()).authToken).toBe(secondaryAuthToken);
    expect([local.authToken, local.secondaryToken]).toEqual([secondaryAuthToken, undefined]);
    await local.phone(USER).sends('after');
    expect([signedBy(old), signedBy(secondaryAuthToken)]).toEqual([false, true]);
    await expect(client.messages.list()).rejects.toMatchObject(refused);
    expect(await withNew.messages.list()).toHaveLength(2);
    await expect(withNew.accounts.v1.authTokenPromotion().update()).rejects.toMatchObject({ code: 20404 });
  });

  it('are refused once deleted again', async () => {
    const { secondaryAuthToken } = await bench.client.accounts.v1.secondaryAuthToken().create();
    expect(await bench.client.accounts.v1.secondaryAuthToken().remove()).toBe(true);
    const client = officialClientFor({ ...accessOf(bench.twilio), authToken: secondaryAuthToken });
    await expect(client.messages.list()).rejects.toMatchObject(refused);
    await expect(bench.client.accounts.v1.secondaryAuthToken().remove()).rejects.toMatchObject({ code: 20404 });
  });

  it('of a parent do not work for its subaccount outside the 2010 API', async () => {
    const sub = bench.twilio.subaccount();
    await bench.client.accounts.v1.secondaryAuthToken().create();
    expect(sub.secondaryToken).toBeUndefined();
  });
});

describe('API keys, judged by the official client', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench();
  });
  afterEach(() => bench.stop());

  const clientOf = (key: { sid: string; secret: string }) =>
    officialClientFor(bench.twilio, { username: key.sid, password: key.secret });

  it('are made with a secret that is shown once, renamed, listed and deleted', async () => {
    const { client } = bench;
    const key = await client.newKeys.create({ friendlyName: 'worker' });
    expect(await clientOf(key).messages.list()).toEqual([]);
    expect((await client.keys.list()).map(({ sid, friendlyName }) => [sid, friendlyName])).toEqual([
      [key.sid, 'worker'],
    ]);
    expect((await client.keys(key.sid).update({ friendlyName: 'web' })).friendlyName).toBe('web');
    expect(JSON.stringify(await client.keys(key.sid).fetch())).not.toContain(key.secret);
    expect(await client.keys(key.sid).remove()).toBe(true);
    await expect(clientOf(key).messages.list()).rejects.toMatchObject(refused);
  });

  it('may do by their kind: all, all but accounts and keys, or what is listed', async () => {
    const { twilio: local } = bench;
    const account = (key: { sid: string; secret: string }) =>
      clientOf(key).api.v2010.accounts(local.accountSid).fetch();
    const create = (key: { sid: string; secret: string }) =>
      clientOf(key).messages.create({ from: local.sender, to: `whatsapp:${USER}`, body: 'hello' });
    const [main, standard] = [local.apiKey({ kind: 'main' }), local.apiKey()];
    const restricted = local.apiKey({ kind: 'restricted', allow: ['/twilio/messaging/messages/read'] });
    expect((await account(main)).sid).toBe(local.accountSid);
    await expect(account(standard)).rejects.toMatchObject(refused);
    await expect(clientOf(standard).keys.list()).rejects.toMatchObject(refused);
    await create(standard);
    expect(await clientOf(restricted).messages.list()).toHaveLength(1);
    await expect(create(restricted)).rejects.toMatchObject({ status: 403, code: 70051 });
    await expect(account(restricted)).rejects.toMatchObject(refused);
  });

  it('outlive a change of the token', async () => {
    const key = bench.twilio.apiKey();
    bench.twilio.changeToken();
    expect(await clientOf(key).messages.list()).toEqual([]);
  });
});

function accessOf({ url, accountSid, authToken }: { url: string; accountSid: string; authToken: string }) {
  return { url, accountSid, authToken };
}
