import { Connection } from '../../src/whatsapp-twilio/connections/connection';
import { takeStep } from '../../src/whatsapp-twilio/connections/rotation-steps';
import type { TwilioClients } from '../../src/whatsapp-twilio/connections/twilio-clients';
import type { RotationRow } from '../../src/whatsapp-twilio/storage/schema';

const PROMOTED = Date.parse('2026-01-01T00:00:00Z');
const HOUR = 3_600_000;

describe('In the overlap of a rotation the old token', () => {
  const connection = new Connection(
    { id: 'c', mode: 'byok', state: 'active', accountSid: `AC${'0'.repeat(32)}`, limits: {} },
    { authTokens: ['new', 'old'] },
  );
  const overlapping: RotationRow = {
    id: 'r',
    scope: 'default',
    connection_id: 'c',
    kind: 'twilio',
    step: 'overlapping',
    overlap_ms: HOUR,
    attempts: 1,
    due_at: PROMOTED + HOUR,
    claims: 1,
    error: null,
    promoted_at: PROMOTED,
    confirmed_at: null,
    started_at: PROMOTED - 5000,
    updated_at: PROMOTED,
    finished_at: null,
  };
  // Twilio is not asked for anything.
  const clients = { authTokens: () => undefined } as unknown as TwilioClients;
  const after = (elapsed: number, overrides: Partial<RotationRow> = {}) =>
    takeStep({ ...overlapping, ...overrides }, connection, clients, { promoteAfterMs: 5000 }, PROMOTED + elapsed);
  const retired = { step: 'done', dueAt: null, retired: true };

  it('is retired once a webhook was seen that is signed with the new one', async () => {
    expect(await after(HOUR, { confirmed_at: PROMOTED + 1000 })).toEqual(retired);
  });

  it('is kept while none was seen, and looked at again', async () => {
    expect(await after(HOUR)).toEqual({ step: 'overlapping', dueAt: PROMOTED + HOUR + 300_000 });
    expect(await after(15_000, { overlap_ms: 15_000 })).toEqual({ step: 'overlapping', dueAt: PROMOTED + 20_000 });
  });

  it('is kept for a day at most', async () => {
    expect(await after(24 * HOUR - 1000)).toEqual({ step: 'overlapping', dueAt: PROMOTED + 24 * HOUR });
    expect(await after(24 * HOUR)).toEqual(retired);
    expect(await after(48 * HOUR, { overlap_ms: 48 * HOUR })).toEqual(retired);
  });

  it('is retired at once where no overlap is wanted', async () => {
    expect(await after(0, { overlap_ms: 0 })).toEqual(retired);
  });
});
