import * as fc from 'fast-check';
import {
  finalStatuses,
  fromTwilioStatus,
  isFinal,
  mergeStatus,
  outboundStatuses,
  type OutboundStatus,
} from '../../src/whatsapp-twilio/messages/message-status';

const fold = (reports: readonly OutboundStatus[], start: OutboundStatus = 'sending') =>
  reports.reduce(mergeStatus, start);

/** Shuffled, and with some of them repeated. */
const anyOrder = (statuses: readonly OutboundStatus[]) =>
  fc
    .tuple(fc.constant(statuses), fc.array(fc.constantFrom(...statuses), { maxLength: 4 }))
    .chain(([once, again]) => fc.shuffledSubarray([...once, ...again], { minLength: once.length + again.length }));

describe('the status of an outbound message', () => {
  it.each([
    [['accepted', 'sent', 'delivered', 'read'], 'read'],
    [['sent', 'undelivered'], 'undelivered'],
    [['accepted', 'failed'], 'failed'],
    [['accepted', 'sent', 'read'], 'read'],
    [['unknown', 'accepted'], 'accepted'],
  ] as [OutboundStatus[], OutboundStatus][])('ends the same whatever the order of %j', (reports, end) => {
    fc.assert(fc.property(anyOrder(reports), (shuffled) => fold(shuffled) === end));
  });

  it('depends on no order and on no repetition, for any reports', () => {
    const status = fc.constantFrom(...outboundStatuses);
    fc.assert(
      fc.property(status, status, status, (a, b, c) => {
        expect(mergeStatus(a, b)).toBe(mergeStatus(b, a));
        expect(mergeStatus(mergeStatus(a, b), c)).toBe(mergeStatus(a, mergeStatus(b, c)));
        expect(mergeStatus(a, a)).toBe(a);
      }),
    );
  });

  it.each(['canceled', 'expired', 'failed', 'undelivered'] as const)('%s is not undone by a late sent', (status) => {
    expect(mergeStatus(status, 'sent')).toBe(status);
    expect(mergeStatus(status, 'accepted')).toBe(status);
  });

  it.each(['canceled', 'expired', 'failed', 'undelivered'] as const)('what arrived is not %s', (status) => {
    expect(mergeStatus('delivered', status)).toBe('delivered');
    expect(mergeStatus(status, 'delivered')).toBe('delivered');
    expect(mergeStatus('read', status)).toBe('read');
  });

  it('is final when nothing more is expected, which delivered is not', () => {
    expect(outboundStatuses.filter(isFinal)).toEqual(['canceled', 'expired', 'failed', 'undelivered', 'read']);
    expect([...finalStatuses]).toEqual(outboundStatuses.filter(isFinal));
  });

  it('lists every status once', () => {
    expect(new Set(outboundStatuses).size).toBe(outboundStatuses.length);
  });

  it.each([
    ['accepted', 'accepted'],
    ['scheduled', 'accepted'],
    ['queued', 'accepted'],
    ['sending', 'accepted'],
    ['sent', 'sent'],
    ['delivered', 'delivered'],
    ['partially_delivered', 'sent'],
    ['read', 'read'],
    ['READ', 'read'],
    ['failed', 'failed'],
    ['Undelivered', 'undelivered'],
    ['canceled', 'canceled'],
  ])("Twilio's %s is %s", (twilio, ours) => {
    expect(fromTwilioStatus(twilio)).toBe(ours);
  });

  it.each(['receiving', 'received', '', 'constructor', 'held'])("Twilio's %j says nothing of it", (twilio) => {
    expect(fromTwilioStatus(twilio)).toBeUndefined();
  });
});
