import type { AxiosResponse } from 'axios';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import OpenAPIClientAxios, { type Document, type OpenAPIClient } from 'openapi-client-axios';
import { checkDescribed, document } from '../support/described-answers';
import { startService, type ServiceHost } from '../support/service-host';
import { encryptionKey } from '../support/tenants';

const linter = join(__dirname, '../../scripts/lint-openapi.mjs');
const ANA = '+15551230001';

describe('openapi.json', () => {
  let service: ServiceHost;
  let client: OpenAPIClient;
  const answered = new Set<string>();

  beforeAll(async () => {
    service = await startService({ variables: { ENCRYPTION_KEYS: encryptionKey('first') } });
    // The API is called through a client that a public package makes of the description alone.
    const api = new OpenAPIClientAxios({
      definition: document as unknown as Document,
      axiosConfigDefaults: { baseURL: service.url, validateStatus: () => true },
    });
    client = await api.init();
  });
  afterAll(() => service.close());

  async function call(
    operationId: string,
    parameters?: unknown,
    body?: unknown,
    config?: object,
  ): Promise<AxiosResponse> {
    const operation = client[operationId] as (...args: unknown[]) => Promise<AxiosResponse>;
    const response = await operation(parameters, body, config);
    const { status, headers, data: answer, config: asked } = response;
    const described = checkDescribed(asked.method!, asked.url!, {
      status,
      headers: Object.fromEntries(Object.entries(headers)),
      body: answer,
    });
    answered.add(described!);
    expect(described).toBe(`${operationId} ${status}`);
    return response;
  }

  it('is what the code says; npm run openapi writes it', async () => {
    const { body } = await service.call('GET', '/openapi.json');
    expect(body).toEqual(document);
  });

  it('has no defaults in what is sent, as generators take them for what has to be there', () => {
    const bodies = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods as Record<string, { requestBody?: object }>).map(({ requestBody }) => requestBody),
    );
    const { schemas } = (document as unknown as { components: { schemas: Record<string, object> } }).components;
    const names = [...JSON.stringify(bodies).matchAll(/schemas\/(\w+)/g)].map(([, name]) => name!);
    expect(names).toContain('SendMessage');
    for (const name of names) expect(JSON.stringify(schemas[name])).not.toContain('"default"');
  });

  it('pleases the linter', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [linter]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe('');
  });

  it('describes what is answered about messages', async () => {
    const contentSid = service.twilio.content({ friendlyName: 'hi', types: { 'twilio/text': { body: 'Hi' } } });
    const sent = await call('sendMessage', null, { to: ANA, template: { contentSid }, metadata: { order: '1' } });
    await call('sendMessage', { 'Idempotency-Key': 'k' }, { to: ANA, text: 'later', sendAt: '2099-01-01T00:00:00Z' });
    await call('sendMessage', { 'Idempotency-Key': 'k' }, { to: ANA, text: 'other' });
    const held = await call('sendMessage', null, {
      to: ANA,
      media: ['https://example.com/a.png'],
      outsideWindow: 'hold',
    });
    await call('sendMessage', null, { to: 'nobody', txt: 'x' });
    const { id } = sent.data as { id: string };
    await service.twilio.settles();
    await call('getMessage', { id });
    await call('getMessage', { id: 'none' });
    await call('listMessages', { limit: 2 });
    await call('listMessages', { limit: 1000 });
    await call('cancelMessage', { id: (held.data as { id: string }).id });
    await call('cancelMessage', { id });
    await call('cancelMessage', { id: 'none' });
    const fails = await call('sendMessage', null, { to: ANA, text: 'outside of the window' });
    await service.twilio.settles();
    await call('getMessage', { id: (fails.data as { id: string }).id });
  });

  it('describes what is answered about users’ messages of every kind', async () => {
    const phone = service.twilio.phone(ANA, { profileName: 'Ana' });
    const sent = service.twilio.messages.find(({ direction }) => direction !== 'inbound')!;
    await phone.sends('hello');
    await phone.sendsImage({ caption: 'look' });
    await phone.sendsSticker();
    await phone.sendsVoice();
    await phone.sendsDocument();
    await phone.sendsContact({ name: 'Ben', phone: '+15551230002' });
    await phone.sendsLocation({ latitude: 1, longitude: 2, label: 'Here' });
    await phone.replies('to that', sent);
    await phone.reacts('👍', sent);
    const list = await call('listInboundMessages', { limit: 100 });
    const { messages } = list.data as { messages: { sid: string; kind: string }[] };
    expect(new Set(messages.map(({ kind }) => kind)).size).toBe(8);
    for (const { sid } of messages) await call('getInboundMessage', { sid });
    await call('getInboundMessage', { sid: 'none' });
    await call('listInboundMessages', { conversation: 'Ana' });
  });

  it('describes what is answered about conversations', async () => {
    await call('getConversation', { address: ANA });
    await call('getConversation', { address: '+15550000000' });
    await call('getConversation', { address: 'Ana' });
    await call('showTyping', { address: ANA });
    await call('showTyping', { address: '+15550000000' });
    await call('optOut', { address: ANA });
    await call('sendMessage', null, { to: ANA, text: 'no' });
    await call('optIn', { address: ANA });
    await call('optIn', { address: '+15550000000' });
    await call('optOut', { address: ANA, connection: 'none' });
  });

  it('describes what is answered about connections', async () => {
    const { accountSid, authToken, sender: fromNumber } = service.twilio.account();
    const fields = { accountSid, authToken, fromNumber, label: 'Blue Whale', limits: { rpm: 60 }, reason: 'new' };
    const created = await call('createConnection', null, fields);
    const { id } = created.data as { id: string };
    await call('createConnection', null, fields);
    await call('createConnection', null, { ...fields, authToken: 'wrong' });
    await call('createConnection', null, { accountSid });
    await call('listConnections', { limit: 1 });
    await call('listConnections', { limit: 0 });
    await call('updateConnection', { id }, { label: null, state: 'active' });
    await call('updateConnection', { id: 'default' }, { label: 'x' });
    await call('updateConnection', { id }, { fromNumber: 'whatsapp:+15550009999' });
    await call('validateConnection', { id }, {});
    await call('abortRotation', { id }, {});
    await call('rotateConnection', { id }, { overlapSeconds: 60 });
    await call('rotateConnection', { id }, {});
    await call('continueRotation', { id }, {});
    await call('getConnection', { id });
    await call('abortRotation', { id }, { reason: 'not now' });
    await call('listConnectionEvents', { id });
    await call('listConnectionEvents', { id: 'none' });
    await call('removeConnection', { id, reason: 'gone' });
    await call('removeConnection', { id });
    await call('removeConnection', { id: 'default' });
    await call('getConnection', { id });
    await call('validateConnection', { id: 'none' }, {});
    await call('rotateConnection', { id: 'default' }, {});
  });

  it('describes the rest', async () => {
    await call('listDeadLetters');
    await call('listDeadLetters', { cursor: 'none' });
    await call('replayDeadLetter', { id: 'none' });
    for (const operation of ['isAlive', 'hasStarted', 'isReady', 'metrics']) await call(operation);
    expect(answered.size).toBeGreaterThanOrEqual(50);
  });
});
