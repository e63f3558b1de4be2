import * as fc from 'fast-check';
import {
  inboundMessageKinds,
  type InboundMessageKind,
  type WhatsappMessage,
} from '../../src/whatsapp-twilio/messages/inbound-message';
import { parseInboundMessage } from '../../src/whatsapp-twilio/messages/parse-inbound-message';
import { inbound, samples } from '../../src/testing/payloads';

type OfKind<Kind extends InboundMessageKind> = Extract<WhatsappMessage, { kind: Kind }>;

function isOfKind<Kind extends InboundMessageKind>(message: WhatsappMessage, kind: Kind): message is OfKind<Kind> {
  return message.kind === kind;
}

/** Parses and insists on a kind, so that the kind's fields can be read. */
function parseAs<Kind extends InboundMessageKind>(kind: Kind, params: Record<string, string>): OfKind<Kind> {
  const message = parseInboundMessage(params);
  if (!isOfKind(message, kind)) throw new Error(`Expected the kind ${kind}, got ${message.kind}`);
  return message;
}

const metadata = (context: unknown) => JSON.stringify({ type: 'whatsapp', data: { context } });

describe('parseInboundMessage', () => {
  describe('what every message has', () => {
    it('reads the ids, the addresses and the profile', () => {
      const receivedAt = new Date('2026-01-02T03:04:05Z');
      const params = inbound.text({ Body: 'Hi' });
      expect(parseInboundMessage(params, { connectionId: 'hotel', receivedAt })).toStrictEqual({
        kind: 'text',
        text: 'Hi',
        sid: params['MessageSid'],
        connectionId: 'hotel',
        from: { kind: 'phone', value: '+15551230001' },
        to: { kind: 'phone', value: '+15557654321' },
        waId: '15551230001',
        profileName: samples.profileName,
        forwarded: false,
        frequentlyForwarded: false,
        receivedAt,
        raw: params,
      });
    });

    it('belongs to the default connection unless told otherwise', () => {
      const message = parseInboundMessage(inbound.text());
      expect(message.connectionId).toBe('default');
      expect(message.receivedAt).toBeInstanceOf(Date);
    });

    it.each([
      [{ MessageSid: 'SM1', SmsMessageSid: 'SM2', SmsSid: 'SM3' }, 'SM1'],
      [{ SmsMessageSid: 'SM2', SmsSid: 'SM3' }, 'SM2'],
      [{ SmsSid: 'SM3' }, 'SM3'],
      [{ MessageSid: '' }, ''],
    ])('takes the sid of %j as %j', (params, sid) => {
      expect(parseInboundMessage(params as Record<string, string>).sid).toBe(sid);
    });

    it('knows a user by the business-scoped id when the phone number is hidden', () => {
      const message = parseAs('text', inbound.bsuid());
      expect(message.from).toEqual({ kind: 'bsuid', value: 'US.13491208655302741918' });
      expect(message.userId).toBe('US.13491208655302741918');
      expect(message).not.toHaveProperty('waId');
    });

    it('keeps the phone number and the business-scoped id side by side', () => {
      const message = parseInboundMessage(inbound.text({ ExternalUserId: samples.userId }));
      expect(message.from.kind).toBe('phone');
      expect(message.userId).toBe('US.13491208655302741918');
    });

    it('says which message is quoted, and by whom it was written', () => {
      expect(parseAs('text', inbound.quotedReply({ OriginalRepliedMessageSid: 'SM7' })).replyTo).toEqual({
        sid: 'SM7',
        sender: { kind: 'phone', value: '+15557654321' },
      });
    });

    it('leaves out what the webhook does not say', () => {
      const message = parseInboundMessage(inbound.text({ ProfileName: '', WaId: undefined }));
      for (const absent of ['profileName', 'waId', 'userId', 'replyTo', 'referral']) {
        expect(message).not.toHaveProperty(absent);
      }
    });

    it.each(['true', 'True', 'TRUE'])('takes Forwarded=%s as forwarded', (text) => {
      expect(parseInboundMessage(inbound.forwarded({ Forwarded: text }))).toMatchObject({
        forwarded: true,
        frequentlyForwarded: false,
      });
    });

    it('keeps an address of a form that is not known yet', () => {
      expect(parseInboundMessage(inbound.text({ From: 'whatsapp:@ann.example' })).from.value).toBe('@ann.example');
    });
  });

  describe('the advertisement that led to a message', () => {
    it('is its referral', () => {
      expect(parseInboundMessage(inbound.fromAd()).referral).toEqual({
        sourceId: '120200000000000001',
        sourceType: 'ad',
        sourceUrl: 'https://fb.me/example',
        headline: 'Spring offer',
        body: 'Two nights for the price of one',
        clickId: 'click-1',
        media: [{ url: 'https://example.com/ad.jpg', contentType: 'image/jpeg' }],
      });
    });

    it('may come without its media and without a click id', () => {
      const params = inbound.fromAd({
        ReferralMediaUrl: undefined,
        ReferralMediaContentType: undefined,
        ReferralCtwaClid: undefined,
      });
      const { referral } = parseInboundMessage(params);
      expect(referral?.media).toEqual([]);
      expect(referral).not.toHaveProperty('clickId');
    });
  });

  describe('media', () => {
    it.each([
      ['image', 'image/jpeg'],
      ['video', 'video/mp4'],
      ['audio', 'audio/ogg'],
      ['document', 'application/pdf'],
      ['sticker', 'image/webp'],
      ['contacts', 'text/vcard'],
    ] as const)('%s has its files', (kind, contentType) => {
      const params = inbound[kind]();
      expect(parseAs(kind, params).media).toEqual([{ url: params['MediaUrl0'], contentType }]);
      expect(parseInboundMessage(params)).not.toHaveProperty('text');
    });

    it.each(['image', 'video', 'document'] as const)('%s has its caption as text', (kind) => {
      expect(parseAs(kind, inbound[kind]({ Body: 'our room' })).text).toBe('our room');
    });

    it.each([
      ['image/png', 'image'],
      ['video/3gpp', 'video'],
      ['audio/ogg; codecs=opus', 'audio'],
      ['Image/WebP', 'sticker'],
      ['text/x-vcard', 'contacts'],
      ['application/vnd.ms-excel', 'document'],
      ['text/plain', 'document'],
    ] as const)('without a MessageType, a file of type %s is of kind %s', (contentType, kind) => {
      parseAs(kind, inbound.document({ MessageType: undefined, MediaContentType0: contentType }));
    });

    it('without a MessageType, a WebP image with a caption is an image, for stickers have none', () => {
      parseAs('image', inbound.sticker({ MessageType: undefined, Body: 'look' }));
    });

    it('is told by the parameters when Twilio calls it a text', () => {
      parseAs('image', inbound.image({ MessageType: 'text' }));
    });

    it('reads every file that is there', () => {
      const params = inbound.image({
        NumMedia: '2',
        MediaUrl1: 'https://example.com/2',
        MediaContentType1: 'image/png',
      });
      expect(parseAs('image', params).media).toHaveLength(2);
    });

    it.each(['999999999', '99999999999999999999', '-1', 'x', '', '1e9', undefined])(
      'does not believe NumMedia=%s',
      (numMedia) => {
        expect(parseAs('image', inbound.image({ NumMedia: numMedia })).media).toHaveLength(1);
      },
    );

    it('without a file is unsupported', () => {
      parseAs('unsupported', inbound.image({ MediaUrl0: undefined }));
    });

    it('has the type of unknown bytes when Twilio names none', () => {
      const { media } = parseAs('image', inbound.image({ MediaContentType0: undefined }));
      expect(media[0]?.contentType).toBe('application/octet-stream');
    });
  });

  describe('a location', () => {
    it('has its place', () => {
      const message = parseAs('location', inbound.location());
      expect(message).toMatchObject({
        latitude: 37.78789,
        longitude: -122.391664,
        label: 'Example Café',
        address: '375 Beale St, San Francisco, CA',
      });
    });

    it('may be a bare pin', () => {
      const message = parseAs('location', inbound.location({ Label: undefined, Address: undefined }));
      expect(message).not.toHaveProperty('label');
      expect(message).not.toHaveProperty('address');
    });

    it('is recognised without a MessageType', () => {
      parseAs('location', inbound.location({ MessageType: undefined }));
    });

    it.each(['NaN', 'Infinity', '', ' ', '0x10', '91', '-90.001', '1,5', undefined])(
      'with latitude %s is unsupported, and keeps what came',
      (latitude) => {
        const params = inbound.location({ Latitude: latitude });
        expect(parseAs('unsupported', params)).toMatchObject({ messageType: 'location', raw: params });
      },
    );

    it.each([
      ['1.0E-5', 0.00001],
      ['-0.5', -0.5],
      ['90', 90],
    ])('reads latitude %s', (text, latitude) => {
      expect(parseAs('location', inbound.location({ Latitude: text })).latitude).toBe(latitude);
    });
  });

  describe('a tapped button', () => {
    it('has its title and the id that the developer gave it', () => {
      expect(parseAs('button', inbound.button())).toMatchObject({ text: 'Yes, please', payload: 'yes' });
    });

    it.each(['interactive', 'button', 'text', 'BUTTON', undefined])('is recognised with MessageType %s', (type) => {
      parseAs('button', inbound.button({ MessageType: type }));
    });

    it('may have no payload', () => {
      expect(parseAs('button', inbound.button({ ButtonPayload: undefined }))).not.toHaveProperty('payload');
    });

    it('has its title from the body when Twilio sends the payload alone', () => {
      const params = inbound.button({ ButtonText: undefined, Body: 'Yes', ChannelMetadata: undefined });
      expect(parseAs('button', params)).toMatchObject({ text: 'Yes', payload: 'yes' });
    });

    it('may come as InteractiveData', () => {
      const params = inbound.text({
        MessageType: 'interactive',
        InteractiveData: JSON.stringify({ type: 'button_reply', button_reply: { id: 'yes', title: 'Yes' } }),
      });
      expect(parseAs('button', params)).toMatchObject({ text: 'Yes', payload: 'yes' });
    });
  });

  describe('a chosen row of a list', () => {
    it('has its id, title and description', () => {
      expect(parseAs('list', inbound.list())).toMatchObject({
        id: 'day-2',
        title: 'Tomorrow',
        description: 'Between 9 and 12',
      });
    });

    it('has its title from the body when there is no ListTitle', () => {
      const message = parseAs(
        'list',
        inbound.list({ ListTitle: undefined, ListDescription: undefined, Body: 'Today' }),
      );
      expect(message.title).toBe('Today');
      expect(message).not.toHaveProperty('description');
    });

    it('may come as InteractiveData', () => {
      const params = inbound.text({
        MessageType: 'INTERACTIVE',
        InteractiveData: JSON.stringify({ interactive: { list_reply: { id: 'a', title: 'A', description: 'first' } } }),
      });
      expect(parseAs('list', params)).toMatchObject({ id: 'a', title: 'A', description: 'first' });
    });
  });

  describe('a completed flow', () => {
    const answers = { flow_token: 'token-1', guests: '2' };

    it("has the answers out of Meta's envelope", () => {
      expect(parseAs('flow', inbound.flow())).toMatchObject({ data: answers, json: JSON.stringify(answers) });
    });

    it.each([
      ['the answers alone', answers],
      ['an envelope with an object', { nfm_reply: { response_json: answers } }],
      ['an envelope in Meta`s message', { interactive: { nfm_reply: { response_json: JSON.stringify(answers) } } }],
      ['an envelope without a name', { response_json: JSON.stringify(answers) }],
    ])('is read from %s', (_, data) => {
      expect(parseAs('flow', inbound.flow({ InteractiveData: JSON.stringify(data) })).data).toEqual(answers);
    });

    it('is read from FlowData as well', () => {
      const params = inbound.flow({ InteractiveData: undefined, FlowData: JSON.stringify(answers) });
      expect(parseAs('flow', params).data).toEqual(answers);
    });

    it.each(['{not json', '['.repeat(5000) + ']'.repeat(5000)])('hands on what it cannot parse', (json) => {
      expect(parseAs('flow', inbound.flow({ InteractiveData: json }))).toMatchObject({ data: undefined, json });
    });
  });

  describe('a reaction', () => {
    it('has its emoji and the message it is on', () => {
      const message = parseAs('reaction', inbound.reaction({ OriginalRepliedMessageSid: 'MM9' }));
      expect(message.emoji).toBe('👍');
      expect(message.replyTo?.sid).toBe('MM9');
    });

    it('is empty when the user takes it back', () => {
      expect(parseAs('reaction', inbound.reaction({ Body: '' })).emoji).toBe('');
    });
  });

  describe('what fits no kind', () => {
    it('is unsupported with its type, its text and its files', () => {
      const params = inbound.image({ MessageType: 'Order', Body: '2 x room' });
      expect(parseAs('unsupported', params)).toMatchObject({
        messageType: 'Order',
        text: '2 x room',
        media: [{ contentType: 'image/jpeg' }],
        raw: params,
      });
    });

    it.each([
      ['a poll', inbound.unsupported()],
      ['an empty text', inbound.text({ Body: '' })],
      ['a tap on nothing', inbound.text({ MessageType: 'interactive' })],
      ['no parameters at all', {}],
    ])('is %s', (_, params) => {
      parseAs('unsupported', params);
    });
  });

  it.each(['text', 'image', 'video', 'audio', 'document', 'sticker', 'location', 'contacts', 'reaction'] as const)(
    'compares MessageType without its case: %s',
    (kind) => {
      parseAs(kind, inbound[kind]({ MessageType: kind.toUpperCase() }));
    },
  );

  it('reads a text from before there was a MessageType', () => {
    expect(parseAs('text', inbound.legacyText({ Body: 'Hi' })).text).toBe('Hi');
  });

  describe('ChannelMetadata', () => {
    it('stands in for a parameter that is missing', () => {
      const params = inbound.text({
        ProfileName: undefined,
        WaId: '',
        ChannelMetadata: metadata({ ProfileName: 'Ann', WaId: '1555', Forwarded: true, FrequentlyForwarded: 'true' }),
      });
      expect(parseInboundMessage(params)).toMatchObject({
        profileName: 'Ann',
        waId: '1555',
        forwarded: true,
        frequentlyForwarded: true,
      });
    });

    it('never overrules a parameter', () => {
      const params = inbound.text({ ProfileName: 'Ann', ChannelMetadata: metadata({ ProfileName: 'Bob' }) });
      expect(parseInboundMessage(params).profileName).toBe('Ann');
    });

    it('never says who wrote, or where files are', () => {
      const params = inbound.text({
        From: undefined,
        ChannelMetadata: metadata({ From: 'whatsapp:+15550009999', MediaUrl0: 'https://evil.example' }),
      });
      expect(parseAs('text', params).from.value).toBe('');
    });

    it.each(['{', 'null', '[]', '{"data":null}', '{"data":{"context":"x"}}', metadata({ ProfileName: { a: 1 } })])(
      'is ignored as %s',
      (text) => {
        const message = parseInboundMessage(inbound.text({ ProfileName: undefined, ChannelMetadata: text }));
        expect(message).not.toHaveProperty('profileName');
      },
    );

    it('is ignored when it is larger than any that Twilio sends', () => {
      const text = metadata({ ProfileName: 'Ann', filler: 'x'.repeat(20_000) });
      const message = parseInboundMessage(inbound.text({ ProfileName: undefined, ChannelMetadata: text }));
      expect(message).not.toHaveProperty('profileName');
    });
  });

  describe('raw', () => {
    it('holds parameters that are not known yet', () => {
      expect(parseInboundMessage(inbound.text({ NextYear: 'new' })).raw['NextYear']).toBe('new');
    });

    it('has the first value of a repeated parameter', () => {
      expect(parseInboundMessage(new URLSearchParams('Body=a&Body=b&From=')).raw).toEqual({ Body: 'a', From: '' });
    });

    it('takes a name from Object.prototype as data', () => {
      const { raw } = parseInboundMessage(new URLSearchParams('__proto__=a&constructor=b&toString=c'));
      expect(Object.entries(raw)).toEqual([
        ['__proto__', 'a'],
        ['constructor', 'b'],
        ['toString', 'c'],
      ]);
      expect(JSON.stringify(raw)).toBe('{"__proto__":"a","constructor":"b","toString":"c"}');
      expect(Object.getPrototypeOf(raw)).toBe(Object.prototype);
    });
  });

  describe('for any parameters whatever', () => {
    const known = Object.keys({
      ...inbound.text(),
      ...inbound.image(),
      ...inbound.location(),
      ...inbound.button(),
      ...inbound.list(),
      ...inbound.flow(),
      ...inbound.fromAd(),
    });
    const name = fc.oneof(
      fc.constantFrom(...known, 'FlowData', '__proto__', 'constructor', 'hasOwnProperty'),
      fc.string(),
    );
    const value = fc.oneof(
      fc.constantFrom(...inboundMessageKinds, 'interactive', 'NaN', '-1', '999999', 'whatsapp:', '{"a":[', 'null'),
      fc.string({ unit: 'binary' }),
      fc.json(),
    );
    const pairs = fc.array(fc.tuple(name, value), { maxLength: 40 });

    it('gives one of the kinds, keeps every parameter and survives JSON', () => {
      fc.assert(
        fc.property(pairs, (list) => {
          const params = Object.fromEntries(list);
          const message = parseInboundMessage(params);
          expect(inboundMessageKinds).toContain(message.kind);
          expect(Object.entries(message.raw)).toEqual(Object.entries(params));
          expect(() => JSON.stringify(message)).not.toThrow();
        }),
        { numRuns: 500 },
      );
    });

    it('reads URLSearchParams as it reads a record', () => {
      const receivedAt = new Date(0);
      fc.assert(
        fc.property(pairs, (list) => {
          // A lone surrogate becomes U+FFFD on the way, so the record is made of what arrived.
          const wire = new URLSearchParams(Object.entries(Object.fromEntries(list)));
          const record = Object.fromEntries([...wire].toReversed());
          expect(JSON.parse(JSON.stringify(parseInboundMessage(wire, { receivedAt })))).toEqual(
            JSON.parse(JSON.stringify(parseInboundMessage(record, { receivedAt }))),
          );
        }),
      );
    });

    it('bears thousands of parameters and megabytes of text', () => {
      const params: Record<string, string> = { MessageType: 'image', NumMedia: '999999', Latitude: '1'.repeat(1e6) };
      for (let index = 0; index < 10_000; index++) params[`MediaUrl${index}`] = 'https://example.com';
      params['From'] = params['WaId'] = params['InteractiveData'] = '['.repeat(1e6);
      const message = parseAs('image', params);
      expect(message.media).toHaveLength(100);
      expect(Object.keys(message.raw)).toHaveLength(Object.keys(params).length);
    });
  });
});
