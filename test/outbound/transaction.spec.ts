import { Client } from 'pg';
import { inbound } from 'nestjs-whatsapp-twilio/testing';
import { type PostgresServer, startPostgres } from '../support/postgres';
import { postSigned } from '../support/signed-webhook';
import { startWhatsappHost, type WhatsappHost } from '../support/whatsapp-host';

describe('A message in a transaction of the host’s', () => {
  let postgres: PostgresServer;
  let host: WhatsappHost;
  let client: Client;

  beforeAll(async () => {
    postgres = await startPostgres();
    host = await startWhatsappHost({ module: { storage: { url: postgres.url } }, emulator: { enforceWindow: false } });
    client = new Client(postgres.url);
    await client.connect();
    await client.query('create table orders (id int primary key)');
  });
  afterAll(async () => {
    await client.end();
    await host.close();
    await postgres.remove();
  });

  it('is sent once the transaction is committed', async () => {
    await client.query('begin');
    await client.query('insert into orders values (1)');
    const message = await host.outbound.send({ to: '+15554000001', text: 'Ordered' }, { transaction: client });
    expect(message).toMatchObject({ status: 'queued', createdAt: expect.any(Date) });
    expect(await host.outbound.get(message.id)).toBeUndefined();
    await client.query('commit');
    await host.recorder.reaches(message, 'accepted');
    expect(host.twilio.messages.map(({ body }) => body)).toEqual(['Ordered']);
  });

  it('does not exist when the transaction is rolled back', async () => {
    await client.query('begin');
    const message = await host.outbound.send({ to: '+15554000002', text: 'Never' }, { transaction: client });
    await client.query('rollback');
    const next = await host.outbound.send({ to: '+15554000002', text: 'Next' });
    await host.recorder.reaches(next, 'accepted');
    expect(await host.outbound.get(message.id)).toBeUndefined();
    expect(host.twilio.messages.map(({ body }) => body)).not.toContain('Never');
  });

  it('does not hold up what the user writes while the transaction is open', async () => {
    await client.query('begin');
    await host.outbound.send({ to: '+15554000003', text: 'Slowly' }, { transaction: client });
    const params = inbound.text({
      AccountSid: host.twilio.accountSid,
      From: 'whatsapp:+15554000003',
      To: host.twilio.sender,
    });
    const answer = await postSigned(`${host.url}/webhooks/whatsapp/twilio`, params, { token: host.twilio.authToken });
    expect(answer.status).toBe(200);
    await host.recorder.messages.first(({ sid }) => sid === params['MessageSid']);
    await client.query('rollback');
  });

  it('keeps the promise of its idempotency key', async () => {
    const message = { to: '+15554000004', text: 'Once', idempotencyKey: 'order-4' };
    await client.query('begin');
    const first = await host.outbound.send(message, { transaction: client });
    await client.query('commit');
    expect((await host.outbound.send(message)).id).toBe(first.id);
    await client.query('begin');
    expect((await host.outbound.send(message, { transaction: client })).id).toBe(first.id);
    const other = { ...message, text: 'Twice' };
    await expect(host.outbound.send(other, { transaction: client })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
    await client.query('commit');
  });

  it('is not possible on SQLite, which has one writer', async () => {
    const embedded = await startWhatsappHost();
    await expect(
      embedded.outbound.send({ to: '+15554000005', text: 'Hi' }, { transaction: client }),
    ).rejects.toMatchObject({ code: 'TRANSACTION_NOT_POSSIBLE' });
    await embedded.close();
  });
});
