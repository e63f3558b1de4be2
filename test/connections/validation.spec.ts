import { type ConnectionProblemCode } from 'nestjs-whatsapp-twilio';
import { TwilioEmulator } from 'nestjs-whatsapp-twilio/emulator';
import { Agent } from 'undici';
import { systemClock } from '../../src/common/clock';
import { Connection } from '../../src/whatsapp-twilio/connections/connection';
import { probeConnection } from '../../src/whatsapp-twilio/connections/probe-connection';
import { TwilioProbe } from '../../src/whatsapp-twilio/connections/twilio-probe';
import { readConnection } from '../../src/whatsapp-twilio/connections/validate-connection';
import type { TwilioAccount } from '../support/tenants';

describe('The validation of a connection', () => {
  let twilio: TwilioEmulator;
  let elsewhere: TwilioEmulator;
  let account: TwilioAccount;
  const dispatcher = new Agent();

  beforeAll(async () => {
    [twilio, elsewhere] = [await TwilioEmulator.start(), await TwilioEmulator.start()];
  });
  afterAll(async () => {
    await Promise.all([twilio.stop(), elsewhere.stop(), dispatcher.close()]);
  });
  beforeEach(() => {
    account = twilio.account({ type: 'Trial' });
  });

  function validate(overrides: object = {}, baseUrl = twilio.url) {
    const { accountSid, authToken, sender: fromNumber } = account;
    const read = readConnection({ id: 'a', accountSid, authToken, fromNumber, ...overrides });
    if (!read.ok) throw new Error(JSON.stringify(read.errors));
    const connection = new Connection(read.facts, read.secrets);
    const probe = new TwilioProbe(connection, { baseUrl, clock: systemClock, dispatcher, regions: [elsewhere.url] });
    return probeConnection(connection, probe, () => 1000);
  }

  it('tells what the account is when everything fits', async () => {
    expect(await validate({ messagingServiceSid: account.messagingService(), apiKey: account.apiKey() })).toEqual({
      valid: true,
      problems: [],
      checkedAt: new Date(1000),
      providerMeta: { accountStatus: 'active', accountType: 'Trial' },
    });
    account = account.subaccount();
    expect((await validate()).providerMeta.ownerAccountSid).toMatch(/^AC/);
  });

  it.each<[ConnectionProblemCode, () => object | Promise<object>]>([
    ['wrong-token', () => ({ authToken: 'f'.repeat(32) })],
    ['wrong-token', () => ({ accountSid: `AC${'9'.repeat(32)}` })],
    ['wrong-token', () => ({ authToken: twilio.authToken })],
    [
      'wrong-region',
      () => {
        const other = elsewhere.account();
        return { accountSid: other.accountSid, authToken: other.authToken };
      },
    ],
    [
      'account-suspended',
      () => {
        account.suspend();
        return {};
      },
    ],
    ['sender-unknown', () => ({ fromNumber: 'whatsapp:+15559990000' })],
    ['service-unknown', () => ({ messagingServiceSid: `MG${'9'.repeat(32)}` })],
    ['api-key-refused', () => ({ apiKey: { ...account.apiKey(), secret: 'another' } })],
    ['api-key-refused', () => ({ apiKey: twilio.account().apiKey() })],
    ['api-key-without-rights', () => ({ apiKey: account.apiKey({ kind: 'restricted', allow: [] }) })],
  ])('finds %s', async (code, arrange) => {
    const validation = await validate(await arrange());
    expect(validation).toMatchObject({ valid: false, problems: [{ code }] });
    expect(validation.error).toBe(validation.problems[0]!.message);
  });

  it('finds a sender on a later page of a long list, and the shared sandbox without a list', async () => {
    account = twilio.account({
      senders: Array.from({ length: 120 }, (_, index) => `whatsapp:+1555222${String(index).padStart(4, '0')}`),
    });
    expect(await validate({ fromNumber: account.senders.at(-1) })).toMatchObject({ valid: true });
    expect(await validate({ fromNumber: 'whatsapp:+14155238886' })).toMatchObject({ valid: true });
  });

  it('does not take an outage for a refusal', async () => {
    expect(await validate({}, 'http://127.0.0.1:9')).toMatchObject({
      valid: false,
      problems: [{ code: 'unreachable' }],
    });
  });
});
