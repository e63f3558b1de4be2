import { Injectable, Module } from '@nestjs/common';
import type { Addressee, ConnectionProvider, ProvidedConnection } from 'nestjs-whatsapp-twilio';
import { inbound } from 'nestjs-whatsapp-twilio/testing';
import { postSigned } from '../support/signed-webhook';
import { startTenantHost, type TwilioAccount } from '../support/tenants';
import { TestClock } from '../support/test-clock';
import type { WhatsappHost, WhatsappHostOptions } from '../support/whatsapp-host';

/** A host's own directory of connections, and what it was asked. */
@Injectable()
class Directory implements ConnectionProvider {
  readonly known: ProvidedConnection[] = [];
  readonly asked: string[] = [];
  answer: (found: ProvidedConnection | undefined) => ProvidedConnection | undefined | Promise<never> = (found) => found;

  findById(id: string) {
    this.asked.push(id);
    return this.answer(this.known.find((each) => each.id === id));
  }

  findByAccount(accountSid: string, { sender }: Addressee) {
    this.asked.push(accountSid);
    return this.answer(
      this.known.find((each) => each.accountSid === accountSid && each.fromNumber === `whatsapp:${sender}`),
    );
  }
}

describe('A host’s own connections', () => {
  let host: WhatsappHost;
  let directory: Directory;
  let account: TwilioAccount;

  async function start(options: WhatsappHostOptions = {}) {
    directory = new Directory();
    host = await startTenantHost({ ...options, module: { connections: directory, ...options.module } });
    account = host.twilio.account();
    account.webhook({ url: `${host.url}/webhooks/whatsapp/twilio` });
    directory.known.push(provided());
  }
  afterEach(() => host.close());

  const provided = (): ProvidedConnection => ({
    id: 'tenant-1',
    accountSid: account.accountSid,
    authToken: account.authToken,
    fromNumber: account.sender,
  });
  const post = (from = '+15553000001') =>
    postSigned(
      `${host.url}/webhooks/whatsapp/twilio`,
      inbound.text({ AccountSid: account.accountSid, From: `whatsapp:${from}`, To: account.sender }),
      { token: account.authToken },
    );

  it('receive, answer and send like stored ones', async () => {
    await start();
    host.recorder.answer = () => 'Hello';
    const phone = account.phone('+15553000001');
    await phone.sends('hi');
    await phone.receives(/Hello/);
    const message = await host.outbound.send({ connectionId: 'tenant-1', to: '+15554000001', text: 'Hi' });
    expect((await host.recorder.reaches(message, 'read')).connectionId).toBe('tenant-1');
  });

  it('are asked for once while they are fresh, and again after 15 seconds', async () => {
    const clock = new TestClock();
    await start({ clock });
    for (let number = 0; number < 5; number++) expect(await post()).toMatchObject({ status: 200 });
    expect(directory.asked.filter((each) => each === account.accountSid)).toHaveLength(1);
    clock.advance('16s');
    expect(await post()).toMatchObject({ status: 200 });
    expect(directory.asked.filter((each) => each === account.accountSid)).toHaveLength(2);
  });

  it('that nobody knows are not asked for again and again', async () => {
    await start();
    directory.known.length = 0;
    for (let number = 0; number < 5; number++) expect(await post()).toMatchObject({ status: 403 });
    expect(directory.asked).toHaveLength(1);
  });

  it('are not asked for without a signature, nor for the configured account', async () => {
    await start();
    const url = `${host.url}/webhooks/whatsapp/twilio`;
    const params = inbound.text({ AccountSid: account.accountSid, To: account.sender });
    for (const signature of ['', 'no signature']) {
      const headers = { 'x-twilio-signature': signature };
      const answer = await fetch(url, { method: 'POST', headers, body: new URLSearchParams(params) });
      expect(answer.status).toBe(403);
    }
    const { accountSid, authToken: token, sender } = host.twilio;
    await postSigned(url, inbound.text({ AccountSid: accountSid, To: sender }), { token });
    expect(directory.asked).toEqual([]);
  });

  it('lose no webhook to a provider that throws: 503, never 403', async () => {
    await start();
    directory.answer = () => Promise.reject(new Error('the directory is down'));
    expect(await post()).toMatchObject({ status: 503 });
    directory.answer = (found) => found;
    expect(await post()).toMatchObject({ status: 200 });
  });

  it('lose no webhook to a provider that hangs: 503 within seconds', async () => {
    const clock = new TestClock();
    await start({ clock });
    directory.answer = () => new Promise<never>(() => {});
    const asked = clock.now();
    const answer = post();
    await clock.reach(asked + 3000);
    expect(await answer).toMatchObject({ status: 503 });
  });

  it('go on with what was known while the provider is down', async () => {
    const clock = new TestClock();
    await start({ clock });
    expect(await post()).toMatchObject({ status: 200 });
    directory.answer = () => Promise.reject(new Error('the directory is down'));
    clock.advance('10m');
    expect(await post()).toMatchObject({ status: 200 });
  });

  it('take a new token at once, when the old one no longer fits', async () => {
    const clock = new TestClock();
    await start({ clock });
    expect(await post()).toMatchObject({ status: 200 });
    const authToken = account.changeToken();
    directory.known[0] = { ...directory.known[0]!, authToken: [authToken] };
    clock.advance('2s');
    expect(await post()).toMatchObject({ status: 200 });
  });

  it.each([
    ['of another account', { accountSid: `AC${'1'.repeat(32)}` }],
    ['without a token', { authToken: '' }],
    ['with an id that is no path', { id: 'a/b' }],
  ])('are not used when the provider gives one %s', async (_, wrong) => {
    await start();
    const right = directory.known[0]!;
    directory.answer = () => ({ ...right, ...wrong });
    expect(await post()).toMatchObject({ status: 503 });
  });

  it('can be given as a class or a factory, with what those need', async () => {
    @Module({ providers: [Directory], exports: [Directory] })
    class DirectoryModule {}
    for (const connections of [Directory, { inject: [], useFactory: () => new Directory() }]) {
      host = await startTenantHost({ imports: [DirectoryModule], module: { connections } });
      const sending = host.outbound.send({ connectionId: 'nobody', to: '+15554000001', text: 'Hi' });
      await expect(sending).rejects.toMatchObject({ code: 'INVALID_MESSAGE' });
      if (connections === Directory) await host.close();
    }
  });
});
