import * as fc from 'fast-check';
import { formatAddress, maskAddress, parseAddress, readAddress } from '../../src/whatsapp-twilio/messages/address';

describe('an address', () => {
  it.each([
    ['whatsapp:+15551230001', { kind: 'phone', value: '+15551230001' }],
    ['+15551230001', { kind: 'phone', value: '+15551230001' }],
    ['whatsapp:US.13491208655302741918', { kind: 'bsuid', value: 'US.13491208655302741918' }],
    ['DE.ENT.abc123', { kind: 'bsuid', value: 'DE.ENT.abc123' }],
  ])('%s is read', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });

  it.each(['', 'whatsapp:', '15551230001', '+0555123000', '+1 555 123 0001', 'us.123', 'US.', `US.${'1'.repeat(129)}`])(
    '%j is none',
    (text) => {
      expect(parseAddress(text)).toBeUndefined();
    },
  );

  it('from Twilio is read in any form', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const address = readAddress(`whatsapp:${text}`);
        expect(formatAddress(address)).toBe(`whatsapp:${text}`);
      }),
    );
  });

  it('is masked for logs', () => {
    expect(maskAddress({ kind: 'phone', value: '+15551230001' })).toBe('+1555•••01');
    expect(maskAddress({ kind: 'bsuid', value: 'US.1' })).toBe('•••');
  });
});
