import {
  WhatsappTwilioHealthIndicator,
  WhatsappTwilioModule,
  type WhatsappTwilioModuleOptions,
} from 'nestjs-whatsapp-twilio';
import { TwilioEmulator } from 'nestjs-whatsapp-twilio/emulator';
import { inspect } from 'node:util';
import { newId } from '../../src/common/ids';
import { RUNTIME } from '../../src/whatsapp-twilio/tokens';
import { type FakeHttpServer, json, startFakeHttpServer } from '../support/fake-http-server';
import { freePort } from '../support/free-port';
import { type HostApp, startHostApp } from '../support/host-app';
import { MemoryLogger } from '../support/memory-logger';
import { sampleOptions } from '../support/sample-options';
import { TestClock } from '../support/test-clock';

const apiKey = { sid: `SK${'0'.repeat(32)}`, secret: 'key-secret' };
const { accountSid, authToken } = sampleOptions() as { accountSid: string; authToken: string };

describe('The health of Twilio', () => {
  let clock: TestClock;
  let logger: MemoryLogger;
  let host: HostApp | undefined;
  let twilio: TwilioEmulator | undefined;
  let server: FakeHttpServer | undefined;

  beforeEach(() => {
    clock = new TestClock();
    logger = new MemoryLogger();
  });

  afterEach(async () => {
    await server?.close(); // first, as the host waits for what is under way
    await host?.close();
    await twilio?.stop();
    server = host = twilio = undefined;
  });

  async function indicator(options: Partial<WhatsappTwilioModuleOptions>): Promise<WhatsappTwilioHealthIndicator> {
    host = await startHostApp({
      imports: [WhatsappTwilioModule.forRoot(sampleOptions(options))],
      overrides: [[RUNTIME, { clock, random: Math.random, newId }]],
      nest: { logger },
    });
    return host.app.get(WhatsappTwilioHealthIndicator);
  }
  async function ofEmulator(options: Partial<WhatsappTwilioModuleOptions> = {}) {
    twilio = await TwilioEmulator.start({ apiKeys: [apiKey] });
    const { accountSid, authToken, url } = twilio;
    return indicator({ accountSid, authToken, apiBaseUrl: url, ...options });
  }
  async function ofServer(...args: Parameters<typeof startFakeHttpServer>) {
    server = await startFakeHttpServer(...args);
    return indicator({ apiBaseUrl: server.origin });
  }
  const askedFor = () => twilio!.requests.map(({ url }) => new URL(url, twilio!.url).pathname.replace(/AC\w+/, 'AC'));

  it('is up while it takes our requests', async () => {
    const health = await ofEmulator();
    expect(await health.isHealthy()).toEqual({ twilio: { status: 'up' } });
    expect(await health.isHealthy('whatsapp')).toEqual({ whatsapp: { status: 'up' } });
  });

  it('is down when the token is not, or no longer, the right one', async () => {
    const health = await ofEmulator();
    twilio!.changeToken();
    expect(await health.isHealthy()).toEqual({
      twilio: { status: 'down', reason: 'credentials-refused', message: expect.stringContaining('20003') },
    });
  });

  it('is down when the account is suspended, which is told from a wrong token', async () => {
    const health = await ofEmulator();
    twilio!.suspend();
    expect(await health.isHealthy()).toEqual({
      twilio: {
        status: 'down',
        reason: 'account-suspended',
        message: expect.stringContaining('suspended the account'),
      },
    });
  });

  it('is asked for with an API key, which is never used to read the account', async () => {
    const health = await ofEmulator({ apiKey });
    expect(await health.isHealthy()).toMatchObject({ twilio: { status: 'up' } });
    expect(askedFor()).toEqual(['/2010-04-01/Accounts/AC/Messages.json']);
  });

  it('is down when the API key is not the right one, and when its account is suspended', async () => {
    const health = await ofEmulator({ apiKey: { ...apiKey, secret: 'another' } });
    expect(await health.isHealthy()).toMatchObject({ twilio: { reason: 'credentials-refused' } });
    await host!.close();
    await twilio!.stop();
    const withKey = await ofEmulator({ apiKey });
    twilio!.suspend();
    expect(await withKey.isHealthy()).toMatchObject({ twilio: { reason: 'account-suspended' } });
  });

  it('is down when nobody listens there', async () => {
    const health = await indicator({ apiBaseUrl: `http://127.0.0.1:${await freePort()}` });
    expect(await health.isHealthy()).toEqual({
      twilio: { status: 'down', reason: 'unreachable', message: expect.stringContaining('ECONNREFUSED') },
    });
  });

  it.each([
    [500, 'unreachable'],
    [503, 'unreachable'],
    [302, 'unreachable'],
    [400, 'refused'],
    [429, 'refused'],
  ])('is down when it answers %d: %s', async (status, reason) => {
    const health = await ofServer((_request, response) => json(response, status, {}));
    expect(await health.isHealthy()).toMatchObject({ twilio: { status: 'down', reason } });
  });

  it('is down when there is no answer within 4000 ms, and not before', async () => {
    const health = await ofServer(() => {});
    const asked = clock.now();
    let settled = false;
    const result = health.isHealthy().finally(() => (settled = true));
    clock.advance(3999);
    await new Promise(setImmediate);
    expect(settled).toBe(false);
    await clock.reach(asked + 4000);
    expect(await result).toMatchObject({ twilio: { status: 'down', reason: 'unreachable' } });
  });

  it('is asked for once in 15 s, and once by all who ask together', async () => {
    const health = await ofEmulator();
    const results = await Promise.all(Array.from({ length: 50 }, () => health.isHealthy()));
    expect(results).toEqual(Array.from({ length: 50 }, () => ({ twilio: { status: 'up' } })));
    const once = ['/2010-04-01/Accounts/AC.json', '/2010-04-01/Accounts/AC/Messages.json'];
    expect(askedFor().toSorted()).toEqual(once);

    twilio!.suspend();
    clock.advance(14_999);
    expect(await health.isHealthy()).toEqual({ twilio: { status: 'up' } });
    expect(askedFor()).toHaveLength(2);
    clock.advance(1);
    expect(await health.isHealthy()).toMatchObject({ twilio: { reason: 'account-suspended' } });

    twilio!.activate();
    clock.advance('15s');
    expect(await health.isHealthy()).toEqual({ twilio: { status: 'up' } });
  });

  it.each([
    ['what the account tells', 200, { messages: [], next_page_uri: null }],
    ['a refusal', 401, { code: 20003, message: `Authenticate: ${authToken}`, auth_token: 'their-secret' }],
    ['a failure', 500, { message: `for ${accountSid}:${authToken}`, auth_token: 'their-secret' }],
  ])('shows neither our token nor theirs in its answer or in the log: %s', async (_name, status, messages) => {
    const account = { sid: accountSid, status: 'active', auth_token: 'their-secret' };
    const health = await ofServer(({ url }, response) =>
      url.pathname.endsWith('/Messages.json') ? json(response, status, messages) : json(response, 200, account),
    );
    const result = await health.isHealthy();
    expect(server!.requests).toHaveLength(2);
    for (const shown of [
      JSON.stringify(result),
      inspect(result, { depth: 9 }),
      inspect(health, { depth: 3 }),
      logger.lines.join(),
    ]) {
      expect(shown).not.toMatch(new RegExp(`their-secret|${authToken}`));
    }
  });
});
