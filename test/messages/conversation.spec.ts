import { customerServiceWindow } from '../../src/whatsapp-twilio/messages/conversation';

const HOUR = 3_600_000;

describe('the customer service window', () => {
  it('is closed for a user who has never written', () => {
    expect(customerServiceWindow(undefined, 5)).toEqual({ open: false });
  });

  it.each([
    [0, true],
    [24 * HOUR - 1, true],
    [24 * HOUR, false],
    [25 * HOUR, false],
  ])('%d ms after the last message is open: %s', (elapsed, open) => {
    expect(customerServiceWindow(1000, 1000 + elapsed)).toEqual({ open, expiresAt: 1000 + 24 * HOUR });
  });

  it('is open for a message whose time lies ahead of our clock', () => {
    expect(customerServiceWindow(2000, 1000).open).toBe(true);
  });
});
