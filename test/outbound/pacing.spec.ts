import { Pacing, type Place } from '../../src/whatsapp-twilio/outbound/pacing';

const BUSY = 'AC1';
const OTHER = 'AC2';

describe('The requests of an account that are under way', () => {
  let pacing: Pacing;
  beforeEach(() => (pacing = new Pacing()));

  const places = (account = BUSY) => pacing.places(account, 0);
  const take = (number: number): Place[] => Array.from({ length: number }, () => pacing.take(BUSY));

  it('are at most ten, whatever another account has', () => {
    const [first] = take(10);
    expect([places(), places(OTHER)]).toEqual([0, 10]);
    first!.end();
    expect(places()).toBe(1);
  });

  it('are half as many after Twilio said that it is too much', () => {
    const [place] = take(1);
    pacing.refused(place!, 0);
    place!.end();
    expect([places(), places(OTHER)]).toEqual([5, 10]);
  });

  it('are halved once for all that Twilio refused together, and again for those that came after', () => {
    const together = take(4);
    for (const place of together.slice(0, 2)) pacing.refused(place, 0);
    pacing.succeeded(together[2]!);
    pacing.refused(together[3]!, 0);
    for (const place of together) place.end();
    expect(places()).toBe(5);
    const [after] = take(1);
    pacing.refused(after!, 0);
    after!.end();
    expect(places()).toBe(2);
  });

  it('are never fewer than one, and as many as before when all went well for a while', () => {
    for (let time = 0; time < 5; time++) {
      const [place] = take(1);
      pacing.refused(place!, 0);
      place!.end();
    }
    expect(places()).toBe(1);
    const [place] = take(1);
    for (let success = 0; success < 60; success++) pacing.succeeded(place!);
    place!.end();
    expect(places()).toBe(10);
  });

  it('are none after three refusals in a row, until Twilio may be asked again', () => {
    const refused = take(3);
    for (const place of refused) {
      expect(pacing.pausedUntil(BUSY, 0)).toBeUndefined();
      pacing.refused(place, 7000);
      place.end();
    }
    expect([places(), pacing.places(BUSY, 6999), pacing.pausedUntil(BUSY, 6999)]).toEqual([0, 0, 7000]);
    expect([places(OTHER), pacing.places(BUSY, 7000)]).toEqual([10, 5]);
  });

  it('leave their place when their answer is late, but never to more than 32', () => {
    const all: Place[] = [];
    while (places() > 0) {
      const [place] = take(1);
      place!.yield();
      all.push(place!);
    }
    expect([all.length, places(OTHER)]).toEqual([32, 10]);
    for (const place of all) place.end();
    expect(places()).toBe(10);
  });

  it('are late after two seconds, or sooner where answers come fast', () => {
    expect(pacing.lateAfterMs).toBe(2000);
    pacing.answered(100);
    expect(pacing.lateAfterMs).toBe(800);
    for (let answers = 0; answers < 50; answers++) pacing.answered(5);
    expect(pacing.lateAfterMs).toBe(250);
    for (let answers = 0; answers < 50; answers++) pacing.answered(1500);
    expect(pacing.lateAfterMs).toBe(2000);
  });
});
