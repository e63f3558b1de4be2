import { inspect } from 'node:util';
import { scrub } from '../../src/whatsapp-twilio/twilio/scrub';
import {
  isTwilioError,
  TwilioArgumentError,
  TwilioConnectionError,
  TwilioUnreadableAnswerError,
} from '../../src/whatsapp-twilio/twilio/twilio-errors';
import { apiErrorOf, type Headers, retryAfterOf } from '../../src/whatsapp-twilio/twilio/twilio-refusal';

const NOW = Date.parse('2026-01-01T00:00:00Z');

interface Refusal {
  status?: number;
  headers?: Headers;
  body?: unknown;
  idempotent?: boolean;
  secrets?: string[];
}

function refused({ status = 400, headers = {}, body = '', idempotent = false, secrets = [] }: Refusal) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return apiErrorOf({ status, headers, body: text }, { idempotent, secrets, now: NOW });
}

describe('the class of a refusal', () => {
  it.each([
    [401, 20003, 'TWILIO_AUTHENTICATION'],
    [403, 20005, 'TWILIO_AUTHENTICATION'],
    [403, undefined, 'TWILIO_AUTHENTICATION'],
    [400, 20003, 'TWILIO_AUTHENTICATION'],
    [429, 20429, 'TWILIO_RATE_LIMITED'],
    [429, undefined, 'TWILIO_RATE_LIMITED'],
    [400, 21611, 'TWILIO_RATE_LIMITED'],
    [400, 63018, 'TWILIO_RATE_LIMITED'],
    [404, 20404, 'TWILIO_NOT_FOUND'],
    [404, undefined, 'TWILIO_NOT_FOUND'],
    [400, 21211, 'TWILIO_INVALID_REQUEST'],
    [403, 21408, 'TWILIO_INVALID_REQUEST'],
    [418, undefined, 'TWILIO_INVALID_REQUEST'],
    [500, 20500, 'TWILIO_SERVER_ERROR'],
    [502, undefined, 'TWILIO_SERVER_ERROR'],
    [503, 20429, 'TWILIO_SERVER_ERROR'],
    [408, undefined, 'TWILIO_SERVER_ERROR'],
  ])('HTTP %i with error %s is %s', (status, code, expected) => {
    const error = refused({ status, body: { code, message: 'No', status } });
    expect(error.code).toBe(expected);
    expect(error.name).toBe(error.constructor.name);
    expect(error.httpStatus).toBe(status);
    expect(error.twilioCode).toBe(code);
    expect(error.outcome).toBe(expected === 'TWILIO_SERVER_ERROR' ? 'unknown' : 'refused');
    expect(error.retryable).toBe(expected === 'TWILIO_RATE_LIMITED');
  });

  it('lets a failure of the server be retried only where doing it twice does no harm', () => {
    expect(refused({ status: 502, idempotent: true })).toMatchObject({ retryable: true, action: 'retry' });
    expect(refused({ status: 502, idempotent: false })).toMatchObject({ retryable: false, action: 'none' });
  });

  it('explains a refusal with the catalogue', () => {
    const error = refused({
      body: { code: 21617, message: 'The concatenated message body exceeds 1600', status: 400 },
    });
    expect(error.toMessageError()).toEqual({
      code: 21617,
      title: 'Text too long',
      retryable: false,
      action: 'fix-request',
      help: 'Keep the text within 1600 characters.',
    });
    expect(error.message).toBe(
      'Text too long (HTTP 400, error 21617). Twilio says: The concatenated message body exceeds 1600',
    );
  });
});

describe('the forms of a refusal', () => {
  it("reads Twilio's own, with its request id", () => {
    const error = refused({
      status: 401,
      headers: { 'twilio-request-id': 'RQ0123456789abcdef0123456789abcdef' },
      body: { code: 20003, message: 'Authenticate', detail: 'Your AuthToken was incorrect.', status: 401 },
    });
    expect(error).toMatchObject({ twilioCode: 20003, requestId: 'RQ0123456789abcdef0123456789abcdef', details: [] });
    expect(error.message).toContain('Authenticate Your AuthToken was incorrect.');
  });

  it('reads problem details (RFC 9457)', () => {
    const error = refused({
      body: {
        type: 'https://www.twilio.com/docs/api/errors/20422',
        title: 'Invalid parameter',
        status: 400,
        code: 20422,
        detail: 'Two fields are wrong.',
        errors: [{ detail: 'must be a URL', pointer: '#/MediaUrl' }, { detail: 'is required' }],
      },
    });
    expect(error.twilioCode).toBe(20422);
    expect(error.message).toContain('Two fields are wrong.');
    expect(error.details).toEqual([{ detail: 'must be a URL', pointer: '#/MediaUrl' }, { detail: 'is required' }]);
  });

  it('reads a list of errors, of which the first is the main one', () => {
    const error = refused({
      body: {
        errors: [
          { code: 21211, message: 'Invalid To' },
          { code: 21212, message: 'Bad From' },
        ],
      },
    });
    expect(error).toMatchObject({ twilioCode: 21211, details: [{ detail: 'Invalid To' }, { detail: 'Bad From' }] });
  });

  it('reads a code written as text', () => {
    expect(refused({ body: { code: '21608', message: 'x' } }).twilioCode).toBe(21608);
  });

  it.each([
    ['nothing', ''],
    ['HTML', '<html><body><h1>400 Bad Request</h1></body></html>'],
    ['cut JSON', '{"code":21211,"mess'],
    ['a JSON text', '"no"'],
    ['null', 'null'],
    ['a list', '[1,2,3]'],
    ['fields of other types', '{"code":{},"message":[1],"errors":{"a":1},"detail":7}'],
    ['errors that are not objects', '{"errors":[null,1,"x"]}'],
    ['a deep nest', '['.repeat(50_000)],
    ['absurd codes', '{"code":-5}'],
  ])('makes do with %s', (_, body) => {
    const error = refused({ body });
    expect(error).toMatchObject({ code: 'TWILIO_INVALID_REQUEST', httpStatus: 400, outcome: 'refused', details: [] });
    expect(error.twilioCode).toBeUndefined();
    expect(error.message.length).toBeLessThan(200);
  });

  it('bounds what it keeps', () => {
    const errors = Array.from({ length: 5_000 }, () => ({ detail: 'x'.repeat(5_000) }));
    const error = refused({ body: { code: 1, message: 'y '.repeat(50_000), errors } });
    expect(error.details).toHaveLength(20);
    expect(error.details[0]?.detail).toHaveLength(300);
    expect(error.message.length).toBeLessThan(700);
  });
});

describe('Retry-After', () => {
  it.each([
    ['7', 7_000],
    [' 0 ', 0],
    ['Thu, 01 Jan 2026 00:01:30 GMT', 90_000],
    ['Wed, 31 Dec 2025 23:00:00 GMT', 0],
    ['99999999999', 24 * 3_600_000],
    ['Fri, 01 Jan 2100 00:00:00 GMT', 24 * 3_600_000],
    ['soon', undefined],
    ['', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['not a day GMT', undefined],
    [undefined, undefined],
  ])('%p is a wait of %p ms', (value, expected) => {
    expect(retryAfterOf({ 'retry-after': value }, NOW)).toBe(expected);
    expect(refused({ status: 429, headers: { 'retry-after': value } }).retryAfterMs).toBe(expected);
  });
});

describe('what an error may not show', () => {
  it.each([
    ['The number +15551234567 is unverified', 'The number +1555•••67 is unverified'],
    ["'To' whatsapp:+5511987654321 is not valid", "'To' whatsapp:+5511•••21 is not valid"],
    ['Call (555) 123-4567 now', 'Call (555) •••67 now'],
    ['To US.13491208655302741918 failed', 'To US.13•••18 failed'],
    ['See https://user:pw@files.example.com/a.jpg?token=abc for it', 'See https://files.example.com/… for it'],
    [
      '/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json not found',
      '/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json not found',
    ],
    ['exceeds 1600 characters', 'exceeds 1600 characters'],
  ])('%p becomes %p', (text, expected) => {
    expect(scrub(text)).toBe(expected);
  });

  it('is a line break or another control character', () => {
    expect(scrub('one\r\ntwo\u0000\u001b[31m\u2028three')).toBe('one two [31m three');
  });

  it('drops secrets that a server quotes back', () => {
    const error = refused({
      body: {
        code: 21999,
        message: 'Bad s3cr3t-token',
        detail: 's3cr3t-token',
        errors: [{ detail: 's3cr3t-token', pointer: 's3cr3t-token' }],
      },
      secrets: ['s3cr3t-token'],
    });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('s3cr3t');
    expect(JSON.stringify(error.toMessageError())).not.toContain('s3cr3t');
  });

  it('refuses a request id that is not one', () => {
    expect(refused({ headers: { 'twilio-request-id': 'RQ1 \u001b[31m' } }).requestId).toBeUndefined();
  });
});

describe('errors without a refusal', () => {
  it('a request that was not written may be repeated', () => {
    const error = new TwilioConnectionError({ reason: 'ECONNREFUSED', written: false, idempotent: false });
    expect(error).toMatchObject({ code: 'TWILIO_CONNECTION', outcome: 'not-sent', retryable: true, action: 'retry' });
  });

  it('a message that may have been taken may not be sent again blindly', () => {
    const error = new TwilioConnectionError({ reason: 'TIMEOUT', written: true, idempotent: false });
    expect(error).toMatchObject({ outcome: 'unknown', retryable: false, action: 'none' });
    expect(error.help).toContain('message list');
  });

  it('an unreadable answer leaves it open what Twilio did', () => {
    const error = new TwilioUnreadableAnswerError('empty', { httpStatus: 201, idempotent: false });
    expect(error).toMatchObject({ code: 'TWILIO_UNREADABLE_ANSWER', outcome: 'unknown', retryable: false });
  });

  it('a wrong argument is never sent', () => {
    expect(new TwilioArgumentError('No.')).toMatchObject({ outcome: 'not-sent', retryable: false });
  });
});

describe('recognising an error', () => {
  it('works on every class, and across copies of the package', () => {
    let copy: typeof import('../../src/whatsapp-twilio/twilio/twilio-errors') | undefined;
    jest.isolateModules(() => {
      copy = require('../../src/whatsapp-twilio/twilio/twilio-errors');
    });
    const foreign = new copy!.TwilioArgumentError('x');
    expect(foreign).not.toBeInstanceOf(TwilioArgumentError);
    expect(isTwilioError(foreign)).toBe(true);
    expect(isTwilioError(refused({}))).toBe(true);
  });

  it('takes nothing else for one', () => {
    for (const other of [new Error('x'), null, undefined, 'TWILIO_CONNECTION', { code: 'TWILIO_CONNECTION' }]) {
      expect(isTwilioError(other)).toBe(false);
    }
  });
});
