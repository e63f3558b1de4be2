import twilio from 'twilio';
import { officialClientFor } from '../../support/official-client';
import { type Bench, startBench, twiml } from '../bench';

const USER = '+15551230001';

describe('The debugger, judged by the official client', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench();
  });
  afterEach(() => bench.stop());

  const failOnce = async () => {
    bench.answer = (_request, response) => response.writeHead(500).end();
    const { messageSid } = await bench.twilio.phone(USER).sends('hi');
    return messageSid;
  };

  it('lists alerts, newest first, and those of one level', async () => {
    const messageSid = await failOnce();
    bench.answer = (_request, response) => twiml(response, '<Response><Say>hello</Say></Response>');
    await bench.twilio.phone(USER).sends('hi');
    const alerts = await bench.client.monitor.v1.alerts.list();
    expect(alerts.map(({ errorCode, logLevel }) => [errorCode, logLevel])).toEqual([
      ['12200', 'warning'],
      ['11200', 'error'],
    ]);
    const errors = await bench.client.monitor.v1.alerts.list({ logLevel: 'error' });
    expect(errors).toMatchObject([{ resourceSid: messageSid, requestUrl: `${bench.app.origin}/inbound` }]);
    expect((await bench.client.monitor.v1.alerts(errors[0]!.sid).fetch()).alertText).toMatch(/500/);
    expect(await bench.client.monitor.v1.alerts.list({ startDate: new Date(Date.now() + 60_000) })).toEqual([]);
    const other = officialClientFor(bench.twilio.subaccount());
    expect(await other.monitor.v1.alerts.list()).toEqual([]);
  });

  it('tells its webhook, signed like any other', async () => {
    const url = `${bench.app.origin}/debugger`;
    bench.twilio.debuggerWebhook(url);
    const messageSid = await failOnce();
    await bench.twilio.settles();
    const request = bench.app.requests.find((candidate) => candidate.url.pathname === '/debugger')!;
    const form = Object.fromEntries(new URLSearchParams(request.body));
    expect(form).toMatchObject({
      AccountSid: bench.twilio.accountSid,
      Level: 'Error',
      PayloadType: 'application/json',
    });
    expect(JSON.parse(form.Payload ?? '')).toMatchObject({ resource_sid: messageSid, error_code: '11200' });
    const signature = String(request.headers['x-twilio-signature']);
    expect(twilio.validateRequest(bench.twilio.authToken, signature, url, form)).toBe(true);
    // That it failed as well is not an alert of its own.
    expect(bench.twilio.alerts).toHaveLength(1);
  });
});

describe('API keys with a policy, judged by the official client', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench();
  });
  afterEach(() => bench.stop());

  it('may do what it allows, and what it is changed to allow', async () => {
    const { client, twilio: local } = bench;
    const policy = { allow: ['/twilio/messaging/messages/create'] };
    const key = await client.iam.v1.newApiKey.create({
      accountSid: local.accountSid,
      keyType: 'restricted',
      friendlyName: 'sender',
      policy,
    });
    expect((await client.iam.v1.apiKey(key.sid).fetch()).policy).toEqual(policy);
    const restricted = officialClientFor(local, { username: key.sid, password: key.secret });
    await restricted.messages.create({ from: local.sender, to: `whatsapp:${USER}`, body: 'hello' });
    await expect(restricted.messages.list()).rejects.toMatchObject({ status: 403 });
    await client.iam.v1.apiKey(key.sid).update({ policy: { allow: ['/twilio/messaging/messages/read'] } });
    expect(await restricted.messages.list()).toHaveLength(1);
    expect(await client.iam.v1.apiKey(key.sid).remove()).toBe(true);
    await expect(restricted.messages.list()).rejects.toMatchObject({ status: 401 });
  });
});
