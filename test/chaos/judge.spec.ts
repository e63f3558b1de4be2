import { idealDurationMs } from './ideal-schedule';
import { type Delivery, judgeReplies, mostWithin, outOfOrder, problemsOf } from './judge';
import type { Fate } from './twilio-front';

function delivery(sid: string, from: string, sentAt: number, isAcknowledged = true): Delivery {
  return {
    sid,
    from,
    text: sid,
    sentAt,
    ...(isAcknowledged ? { acknowledgedAt: sentAt + 10 } : { refusal: 'ECONNRESET' }),
  };
}

const replies = (...sids: string[]) => sids.map((sid, at) => ({ at, to: 'ana', text: `re ${sid}` }));

describe('The judge of replies', () => {
  it('finds nothing where each acknowledged message was answered once, in order', () => {
    const deliveries = [delivery('1', 'ana', 0), delivery('2', 'ana', 20), delivery('3', 'ben', 0)];
    expect(problemsOf(judgeReplies(deliveries, replies('1', '3', '2')))).toEqual([]);
  });

  it('does not ask for an answer to what was not acknowledged, and allows it once', () => {
    const deliveries = [delivery('1', 'ana', 0, false), delivery('2', 'ana', 20, false)];
    expect(problemsOf(judgeReplies(deliveries, replies('1')))).toEqual([]);
    expect(judgeReplies(deliveries, replies('1', '1'))).toMatchObject({ doubled: ['1'] });
  });

  it('finds what was lost, doubled and overtaken', () => {
    const deliveries = [delivery('1', 'ana', 0), delivery('2', 'ana', 20), delivery('3', 'ben', 0)];
    expect(judgeReplies(deliveries, replies('2', '1', '1'))).toEqual({ lost: ['3'], doubled: ['1'], overtaken: ['1'] });
    expect(problemsOf(judgeReplies(deliveries, replies('2', '1', '1')))).toHaveLength(3);
  });

  it('knows no order between messages that were under way at the same time', () => {
    const deliveries = [delivery('1', 'ana', 0), delivery('2', 'ana', 5)];
    expect(judgeReplies(deliveries, replies('2', '1')).overtaken).toEqual([]);
  });

  it('finds those that came after a later one of their conversation', () => {
    const list = ['1', '3', '2', '4'].map((text, at) => ({ at, to: 'ana', text }));
    expect(outOfOrder([...list, { at: 9, to: 'ben', text: '0' }], Number)).toEqual([{ at: 2, to: 'ana', text: '2' }]);
  });

  it('counts the most within any minute: one that is a minute old no longer', () => {
    expect(mostWithin([0, 10, 59_999, 60_000, 60_005], 60_000)).toBe(4);
    expect(mostWithin([0, 60_000, 120_000], 60_000)).toBe(1);
    expect(mostWithin([], 60_000)).toBe(0);
  });
});

const messages = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ conversation: String(index), fates: ['taken'] as Fate[] }));

describe('The ideal duration', () => {
  const holds = { taken: 0, hang: 0, '429': 1000, '500': 2000, reset: 15_000 };

  it('is nothing while the budget lasts, and then a minute for each budget', () => {
    expect(idealDurationMs(messages(600), 600, holds)).toBe(0);
    expect(idealDurationMs(messages(601), 600, holds)).toBe(60_000);
    expect(idealDurationMs(messages(1201), 600, holds)).toBe(120_000);
  });

  it('counts requests that come to nothing in the budget', () => {
    const refused = { conversation: 'refused', fates: ['429', 'taken'] as Fate[] };
    expect(idealDurationMs([refused, ...messages(599)], 600, holds)).toBe(60_000);
  });

  it('holds back what is behind a fault in the same conversation only', () => {
    const conversation = 'ana';
    const ofAna = [
      { conversation, fates: ['reset', 'taken'] as Fate[] },
      { conversation, fates: ['500', 'taken'] as Fate[] },
    ];
    expect(idealDurationMs([...ofAna, ...messages(10)], 600, holds)).toBe(17_000);
  });
});
