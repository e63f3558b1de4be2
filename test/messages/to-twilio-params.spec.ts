import { toTwilioParams, type TwilioSend } from '../../src/whatsapp-twilio/messages/to-twilio-params';

const to = { kind: 'phone', value: '+15551230001' } as const;
const contentSid = `HX${'a'.repeat(32)}`;

const form = (send: Omit<TwilioSend, 'to'>) => [...toTwilioParams({ to, ...send })];

describe("Twilio's form for a message", () => {
  it('has the addresses as Twilio writes them, and the options that were given', () => {
    expect(
      form({
        content: { text: 'Hi' },
        from: { kind: 'phone', value: '+15557654321' },
        messagingServiceSid: `MG${'0'.repeat(32)}`,
        statusCallback: 'https://example.com/status?id=1',
        validityPeriodSeconds: 600,
      }),
    ).toEqual([
      ['To', 'whatsapp:+15551230001'],
      ['From', 'whatsapp:+15557654321'],
      ['MessagingServiceSid', `MG${'0'.repeat(32)}`],
      ['Body', 'Hi'],
      ['StatusCallback', 'https://example.com/status?id=1'],
      ['ValidityPeriod', '600'],
    ]);
  });

  it('goes to a user who hides the phone number by the business-scoped id', () => {
    const params = toTwilioParams({ to: { kind: 'bsuid', value: 'US.123' }, content: { text: 'Hi' } });
    expect(params.get('To')).toBe('whatsapp:US.123');
  });

  it.each([
    ['a text', { text: 'Hi' }, { Body: 'Hi' }],
    ['a file', { media: 'https://example.com/a.jpg' }, { MediaUrl: 'https://example.com/a.jpg' }],
    ['a file with a caption', { media: ['https://e.com/a'], text: 'c' }, { Body: 'c', MediaUrl: 'https://e.com/a' }],
    ['a template', { template: { contentSid } }, { ContentSid: contentSid }],
    ['a template without variables', { template: { contentSid, variables: {} } }, { ContentSid: contentSid }],
    [
      'a template with variables',
      { template: { contentSid, variables: { '1': 'Ann "A"' } } },
      { ContentSid: contentSid, ContentVariables: '{"1":"Ann \\"A\\""}' },
    ],
    [
      'a place',
      { location: { latitude: 37.78789, longitude: -122.391664, label: '375 Beale St' } },
      { Body: '375 Beale St', PersistentAction: 'geo:37.78789,-122.391664|375 Beale St' },
    ],
    ['a pin', { location: { latitude: 0, longitude: -0 } }, { Body: '0,0', PersistentAction: 'geo:0,0' }],
    [
      'a pin close to the equator',
      { location: { latitude: 1e-7, longitude: 1 } },
      { Body: '0.0000001000,1', PersistentAction: 'geo:0.0000001000,1' },
    ],
  ])('carries %s', (_, content, expected) => {
    expect(form({ content })).toEqual([['To', 'whatsapp:+15551230001'], ...Object.entries(expected)]);
  });

  it('repeats MediaUrl for each file', () => {
    const params = toTwilioParams({ to, content: { media: ['https://e.com/a', 'https://e.com/b'] } });
    expect(params.getAll('MediaUrl')).toEqual(['https://e.com/a', 'https://e.com/b']);
  });
});
