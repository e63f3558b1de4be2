import * as fc from 'fast-check';
import { outboundFields } from '../../src/whatsapp-twilio/messages/unknown-fields';
import { validateOutboundMessage } from '../../src/whatsapp-twilio/messages/validate-outbound-message';

const to = '+15551230001';
const contentSid = `HX${'a'.repeat(32)}`;
const https = 'https://example.com/';

function accepted(input: unknown) {
  const validation = validateOutboundMessage(input);
  if (!validation.ok) throw new Error(`Refused: ${JSON.stringify(validation.errors)}`);
  return validation.request;
}

/** The refused fields with their codes, as `field: code`. */
function refused(input: unknown): string[] {
  const validation = validateOutboundMessage(input);
  return validation.ok ? [] : validation.errors.map(({ field, code }) => `${field}: ${code}`);
}

function messageFor(input: unknown, field: string): string | undefined {
  const validation = validateOutboundMessage(input);
  return validation.ok ? undefined : validation.errors.find((error) => error.field === field)?.message;
}

const withVariables = (variables: unknown) => ({ to, template: { contentSid, variables } });
const withLabel = (label: unknown) => ({ to, location: { latitude: 1, longitude: 1, label } });

/** An object of that many strings. */
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'x']));

describe('validateOutboundMessage', () => {
  it('brings a message into one form', () => {
    expect(
      accepted({
        to: 'whatsapp:+15551230001',
        from: { kind: 'phone', value: '+15557654321' },
        media: `${https}a.jpg`,
        text: 'our room',
        connectionId: 'hotel',
        idempotencyKey: 'booking-1',
        priority: 'bulk',
        sendAt: '2026-01-31T10:00:00+01:00',
        expiresInSeconds: 600,
        outsideWindow: 'hold',
        metadata: { booking: '1' },
      }),
    ).toStrictEqual({
      to: { kind: 'phone', value: '+15551230001' },
      from: { kind: 'phone', value: '+15557654321' },
      content: { media: [`${https}a.jpg`], text: 'our room' },
      connectionId: 'hotel',
      idempotencyKey: 'booking-1',
      priority: 'bulk',
      sendAt: new Date('2026-01-31T09:00:00Z'),
      expiresInSeconds: 600,
      outsideWindow: 'hold',
      metadata: { booking: '1' },
    });
  });

  it('has nothing in it that was not said, but the priority', () => {
    expect(accepted({ to, text: 'Hi' })).toStrictEqual({
      to: { kind: 'phone', value: to },
      content: { text: 'Hi' },
      priority: 'conversation',
    });
  });

  it('takes null as left out', () => {
    expect(accepted({ to, text: 'Hi', media: null, from: null, sendAt: null, metadata: null })).toStrictEqual(
      accepted({ to, text: 'Hi' }),
    );
  });

  it('is frozen, and no copy of it is shared with the caller', () => {
    const media = [`${https}a`];
    const metadata = { a: '1' };
    const request = accepted({ to, media, metadata });
    media.push('javascript:alert(1)');
    metadata.a = '2';
    expect(request).toMatchObject({ content: { media: [`${https}a`] }, metadata: { a: '1' } });
    for (const part of [request, request.to, request.content, request.metadata])
      expect(Object.isFrozen(part)).toBe(true);
    expect('media' in request.content && Object.isFrozen(request.content.media)).toBe(true);
  });

  it.each([undefined, null, 'Hi', 1, []])('refuses %j as a message', (input) => {
    expect(refused(input)).toEqual(['message: invalid']);
  });

  it('names everything that is wrong, each field once', () => {
    expect(refused({ from: 'x', text: '', sendAt: 'soon', priority: 'high' })).toEqual([
      'to: required',
      'from: invalid',
      'text: empty',
      'sendAt: invalid',
      'priority: invalid',
    ]);
  });

  describe('addresses', () => {
    it('may be business-scoped user ids', () => {
      expect(accepted({ to: 'whatsapp:US.13491208655302741918', text: 'Hi' }).to.kind).toBe('bsuid');
    });

    it.each([
      ['no plus', '15551230001'],
      ['spaces', '+1 555 123 0001'],
      ['a number', 15_551_230_001],
      ['an object that contradicts itself', { kind: 'bsuid', value: to }],
      ['an object without a kind', { value: to }],
      ['nothing', ''],
    ])('refuses %s', (_, address) => {
      expect(refused({ to: address, text: 'Hi' })).toEqual(['to: invalid']);
    });

    it('refuses to send from a user', () => {
      expect(refused({ to, from: 'US.13491208655302741918', text: 'Hi' })).toEqual(['from: invalid']);
    });

    it('refuses to send to the sender itself', () => {
      expect(refused({ to, from: `whatsapp:${to}`, text: 'Hi' })).toEqual(['to: conflict']);
    });
  });

  describe('content', () => {
    it('is required', () => {
      expect(refused({ to })).toEqual(['text: required']);
    });

    it.each([
      [{ text: 'Hi', template: { contentSid } }, ['text: conflict']],
      [{ media: https, location: { latitude: 1, longitude: 1 } }, ['media: conflict']],
      [{ media: https, text: 'Hi', template: { contentSid } }, ['media: conflict', 'text: conflict']],
    ])('is of one kind only', (content, errors) => {
      expect(refused({ to, ...content })).toEqual(errors);
    });

    it('is a text of up to 1600 characters', () => {
      expect(refused({ to, text: 'a'.repeat(1600) })).toEqual([]);
      expect(refused({ to, text: 'a'.repeat(1601) })).toEqual(['text: too-long']);
      expect(messageFor({ to, text: 'a'.repeat(1700) }, 'text')).toBe(
        'text has 1700 characters; at most 1600 can be sent. Shorten it or send it as two messages.',
      );
    });

    it('counts an emoji as two characters, as UTF-16 does', () => {
      expect(refused({ to, text: '🙂'.repeat(800) })).toEqual([]);
      expect(refused({ to, text: '🙂'.repeat(801) })).toEqual(['text: too-long']);
    });

    it.each([
      ['', 'empty'],
      [' \n', 'empty'],
      [5, 'invalid'],
    ])('refuses %j as a text', (text, code) => {
      expect(refused({ to, text })).toEqual([`text: ${code}`]);
    });

    it('checks a caption as it checks a text', () => {
      expect(refused({ to, media: https, text: 'a'.repeat(1601) })).toEqual(['text: too-long']);
    });
  });

  describe('media', () => {
    it.each([https, 'http://example.com/a.jpg?x=1', 'HTTPS://EXAMPLE.COM/ä.jpg'])('may be at %s', (url) => {
      expect(refused({ to, media: url })).toEqual([]);
    });

    it.each([
      '',
      'example.com/a.jpg',
      '/a.jpg',
      'ftp://example.com/a',
      'https:a',
      'https://',
      'https://a b',
      ' https://a.b',
      'https://u:p@example.com/a',
      'https://u@example.com/a',
      'data:text/plain,a',
      5,
    ])('may not be at %s', (url) => {
      expect(refused({ to, media: url })).toEqual(['media: invalid']);
    });

    it('has a URL of up to 2048 characters', () => {
      expect(refused({ to, media: https.padEnd(2048, 'a') })).toEqual([]);
      expect(refused({ to, media: https.padEnd(2049, 'a') })).toEqual(['media: too-long']);
    });

    it('has between one and ten files', () => {
      expect(refused({ to, media: [] })).toEqual(['media: empty']);
      expect(refused({ to, media: Array.from({ length: 10 }, () => https) })).toEqual([]);
      expect(refused({ to, media: Array.from({ length: 11 }, () => https) })).toEqual(['media: too-many']);
    });

    it('names the file that is wrong', () => {
      expect(refused({ to, media: [https, 'no'] })).toEqual(['media[1]: invalid']);
    });
  });

  describe('a template', () => {
    it.each(['HX1', `hx${'a'.repeat(32)}`, `HX${'g'.repeat(32)}`, `HX${'a'.repeat(33)}`, 5])(
      'is not named by %s',
      (sid) => {
        expect(refused({ to, template: { contentSid: sid } })).toEqual(['template.contentSid: invalid']);
      },
    );

    it('needs its SID', () => {
      expect(refused({ to, template: {} })).toEqual(['template.contentSid: required']);
      expect(refused({ to, template: contentSid })).toEqual(['template: invalid']);
    });

    it('takes variables that are strings', () => {
      expect(accepted(withVariables({ '1': 'Ann', guest_name: 'a    b' })).content).toEqual({
        template: { contentSid, variables: { '1': 'Ann', guest_name: 'a    b' } },
      });
    });

    it.each([
      ['a number', 5, 'invalid'],
      ['null', null, 'invalid'],
      ['nothing', '', 'empty'],
      ['a line break', 'a\nb', 'invalid'],
      ['a tab', 'a\tb', 'invalid'],
      ['five spaces in a row', 'a     b', 'invalid'],
      ['1601 characters', 'a'.repeat(1601), 'too-long'],
    ])('refuses a variable of %s', (_, value, code) => {
      expect(refused(withVariables({ name: value }))).toEqual([`template.variables.name: ${code}`]);
    });

    it.each(['', 'a b', 'a'.repeat(17)])('refuses a variable called %j', (name) => {
      expect(refused(withVariables({ [name]: 'x' }))).toEqual([`template.variables.${name}: invalid`]);
    });

    it.each([[['Ann']], [new Map([['1', 'Ann']])], ['Ann'], [new Date()]])('refuses %j as variables', (variables) => {
      expect(refused(withVariables(variables))).toEqual(['template.variables: invalid']);
    });

    it('has up to a hundred variables', () => {
      expect(refused(withVariables(many(100)))).toEqual([]);
      expect(refused(withVariables(many(101)))).toEqual(['template.variables: too-many']);
    });

    it('keeps a variable called __proto__ as data', () => {
      const { content } = accepted(withVariables(JSON.parse('{"__proto__":"x"}')));
      expect(JSON.stringify(content)).toContain('{"__proto__":"x"}');
    });
  });

  describe('a location', () => {
    it.each([
      [90, 180],
      [-90, -180],
      [0, 0],
    ])('may be at %d, %d', (latitude, longitude) => {
      expect(refused({ to, location: { latitude, longitude, label: 'Here' } })).toEqual([]);
    });

    it.each([
      [90.1, 0, ['location.latitude: out-of-range']],
      [0, -180.1, ['location.longitude: out-of-range']],
      [Number.NaN, Infinity, ['location.latitude: invalid', 'location.longitude: invalid']],
      ['1', undefined, ['location.latitude: invalid', 'location.longitude: required']],
    ])('may not be at %s, %s', (latitude, longitude, errors) => {
      expect(refused({ to, location: { latitude, longitude } })).toEqual(errors);
    });

    it('has a label of up to 1000 characters', () => {
      expect(refused(withLabel('a'.repeat(1000)))).toEqual([]);
      expect(refused(withLabel('a'.repeat(1001)))).toEqual(['location.label: too-long']);
      expect(refused(withLabel(''))).toEqual(['location.label: empty']);
    });
  });

  describe('how it is sent', () => {
    it.each([
      ['idempotencyKey', ['a', 'a'.repeat(255), 'a b~!'], ['', 'a'.repeat(256), 'ä', 'a\n', 5]],
      ['expiresInSeconds', [1, 36_000], [0, 36_001, 1.5, '60', Number.NaN]],
      ['priority', ['conversation', 'bulk'], ['', 'BULK', 1]],
      ['outsideWindow', ['send', 'hold', 'reject'], ['', 'wait', true]],
      ['connectionId', ['default', '0197-a_b.c'], ['', 'a/b', 'a'.repeat(129), 5]],
      [
        'sendAt',
        [new Date(0), '2026-01-31T09:00Z', '2026-01-31T09:00:00.123-05:30', '2028-02-29T00:00:00Z'],
        [
          'tomorrow',
          '2026-01-31',
          '2026-01-31T09:00:00',
          '2026-02-30T09:00:00Z',
          '2026-01-31T25:00:00Z',
          new Date('x'),
          1e12,
        ],
      ],
      ['metadata', [{}, { a: '' }, Object.create(null)], [[], 'a', { ['']: 'a' }, { a: 1 }, { a: 'x'.repeat(501) }]],
    ] as [string, unknown[], unknown[]][])('%s has its limits', (field, good, bad) => {
      for (const value of good) expect(refused({ to, text: 'Hi', [field]: value })).toEqual([]);
      for (const value of bad) expect(refused({ to, text: 'Hi', [field]: value })).toHaveLength(1);
    });

    it('keeps up to fifty entries of metadata', () => {
      expect(refused({ to, text: 'Hi', metadata: many(50) })).toEqual([]);
      expect(refused({ to, text: 'Hi', metadata: many(51) })).toEqual(['metadata: too-many']);
    });
  });

  describe('a field it does not know', () => {
    it.each([
      ['body', 'text'],
      ['Body', 'text'],
      ['mediaUrl', 'media'],
      ['media_url', 'media'],
      ['contentSid', 'template'],
      ['contentVariables', 'template'],
      ['latitude', 'location'],
      ['idempotency_key', 'idempotencyKey'],
      ['send-at', 'sendAt'],
      ['To', 'to'],
      ['validityPeriod', 'expiresInSeconds'],
    ])('%s is refused with a hint at %s', (name, meant) => {
      expect(messageFor({ to, text: 'Hi', [name]: 'x' }, name)).toBe(`${name} is not known. Use ${meant} instead.`);
    });

    it.each(['colour', '__proto__', 'constructor', 'toString'])('%s is refused by its name', (name) => {
      const input: unknown = JSON.parse(`{"to":"${to}","text":"Hi","${name}":1}`);
      expect(refused(input)).toEqual([`${name}: unknown`]);
    });

    it('inside a template or a location is refused too', () => {
      expect(refused({ to, template: { contentSid, language: 'en' } })).toEqual(['template.language: unknown']);
      expect(refused({ to, location: { latitude: 1, longitude: 1, name: 'x' } })).toEqual(['location.name: unknown']);
    });

    it('is reported shortly however long its name is, and not without end', () => {
      const input = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`${index}`.padEnd(5000, 'x'), 1]));
      const validation = validateOutboundMessage({ to, text: 'Hi', ...input });
      expect(JSON.stringify(validation).length).toBeLessThan(30_000);
    });
  });

  describe('for any input whatever', () => {
    const field = fc.constantFrom(...outboundFields, 'body', '__proto__');

    it('answers instead of throwing, and repeats no value', () => {
      const secret = 'SECRET+15559998888';
      const anything = fc.oneof(fc.anything({ withNullPrototype: true }), fc.constant(secret), fc.constant([secret]));
      fc.assert(
        fc.property(fc.array(fc.tuple(field, anything)), (entries) => {
          const validation = validateOutboundMessage(Object.fromEntries(entries));
          if (validation.ok) return;
          expect(validation.errors.length).toBeGreaterThan(0);
          expect(validation.errors.map(({ message }) => message).join()).not.toContain('SECRET');
          expect(new Set(validation.errors.map((error) => error.field)).size).toBe(validation.errors.length);
        }),
        { numRuns: 500 },
      );
    });
  });
});
