import { ManualClock } from '../../src/common/manual-clock';
import { BoundedCache } from '../../src/whatsapp-twilio/connections/bounded-cache';
import { Connection } from '../../src/whatsapp-twilio/connections/connection';
import { ConnectionRegistry } from '../../src/whatsapp-twilio/connections/connection-registry';
import type { ConnectionSource } from '../../src/whatsapp-twilio/connections/connection-source';

function accountSid(number: number): string {
  return `AC${String(number).padStart(32, '0')}`;
}

function connection(id: string, account: number, token = 'token'): Connection {
  const mode = id === 'default' ? 'managed' : 'byok';
  return new Connection(
    { id, mode, state: 'active', accountSid: accountSid(account), limits: {} },
    { authTokens: [token] },
  );
}

/** A source with one connection, `a` of account 1, that counts what it is asked. */
class Source implements ConnectionSource {
  asked: string[] = [];
  token = 'token';
  before: () => Promise<void> = () => Promise.resolve();

  async byId(id: string) {
    return this.answer(id, id === 'a');
  }

  async byAccount(account: string) {
    return this.answer(account, account === accountSid(1));
  }

  private async answer(asked: string, isKnown: boolean) {
    this.asked.push(asked);
    const found = isKnown ? connection('a', 1, this.token) : undefined;
    await this.before();
    return found;
  }
}

describe('The registry of connections', () => {
  let clock: ManualClock;
  let source: Source;
  let registry: ConnectionRegistry;

  beforeEach(() => {
    clock = new ManualClock();
    source = new Source();
    registry = new ConnectionRegistry(connection('default', 0), [source], clock);
  });

  it('never asks for the configured one, by id or by account', async () => {
    expect((await registry.byId('default'))?.id).toBe('default');
    expect((await registry.byAccount(accountSid(0), {}))?.id).toBe('default');
    expect(source.asked).toEqual([]);
  });

  it('never asks for what is no id and no account', async () => {
    for (const id of ['', '../a', 'a'.repeat(65)]) expect(await registry.byId(id)).toBeUndefined();
    for (const account of ['', 'AC1', `${accountSid(1)}'`]) {
      expect(await registry.byAccount(account, {})).toBeUndefined();
    }
    expect(source.asked).toEqual([]);
  });

  it('keeps what is known, however many unknown accounts are named', async () => {
    await registry.byAccount(accountSid(1), {});
    for (let number = 2; number < 20_000; number++) await registry.byAccount(accountSid(number), {});
    source.asked = [];
    expect((await registry.byAccount(accountSid(1), {}))?.id).toBe('a');
    expect(source.asked).toEqual([]);
  });

  it('asks once for those who ask for the same at the same time', async () => {
    const found = await Promise.all(Array.from({ length: 20 }, () => registry.byId('a')));
    expect(new Set(found).size).toBe(1);
    expect(source.asked).toEqual(['a']);
  });

  it('does not remember what it was told before a change', async () => {
    let go!: () => void;
    source.before = () => new Promise((resolve) => (go = resolve));
    const early = registry.byId('a');
    source.token = 'new';
    registry.forget();
    source.before = () => Promise.resolve();
    go();
    expect((await early)?.authTokens).toEqual(['token']);
    expect((await registry.byId('a'))?.authTokens).toEqual(['new']);
  });

  it('looks again for tokens that do not fit, but not for each forged webhook', async () => {
    const known = (await registry.byId('a'))!;
    clock.advance('1s');
    await registry.fresh(known);
    for (let number = 0; number < 50; number++) await registry.fresh(known);
    expect(source.asked).toHaveLength(2);
  });

  it('goes on with what it knew while nobody can tell, for an hour', async () => {
    await registry.byId('a');
    source.before = () => Promise.reject(new Error('away'));
    clock.advance('30m');
    expect((await registry.byId('a'))?.id).toBe('a');
    await expect(registry.byAccount(accountSid(2), {})).rejects.toMatchObject({ code: 'CONNECTION_LOOKUP_FAILED' });
    clock.advance('31m');
    await expect(registry.byId('a')).rejects.toMatchObject({ code: 'CONNECTION_LOOKUP_FAILED' });
  });

  it('does not let another pass for the configured one', async () => {
    registry = new ConnectionRegistry(connection('default', 1), [source], clock);
    await expect(registry.byId('a')).rejects.toMatchObject({ code: 'CONNECTION_LOOKUP_FAILED' });
  });
});

describe('The cache', () => {
  it('forgets what was not used for longest', () => {
    const cache = new BoundedCache<number>(3, new ManualClock());
    for (const number of [1, 2, 3]) cache.set(String(number), number);
    cache.get('1');
    cache.set('4', 4);
    expect(['1', '2', '3', '4'].filter((key) => cache.get(key) !== undefined)).toEqual(['1', '3', '4']);
  });
});
