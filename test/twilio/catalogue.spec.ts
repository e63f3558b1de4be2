import { describeTwilioError, twilioErrorCatalogue } from '../../src/whatsapp-twilio/twilio/error-catalogue';

const everyEntry = [...twilioErrorCatalogue.values()];

describe('the catalogue of Twilio errors', () => {
  // The codes that Twilio's pages name for WhatsApp messages, each standing here once.
  const codes = `
    20003 20004 20005 20006 20403 20008 20404 20409 20410 20422 20429 20500 20503 21211 21212 21408 21601 21603 21606
    21659 21608 21609 21610 21611 21612 21614 21617 21619 21620 21623 21654 21655 21656 21657 21658 21660 21701 21702
    21703 21705 21910 35111 35114 35115 35117 35118 35125 35126 63007 63031 92002 92005 92006 92007 92009 30001 30002
    30008 30036 30410 63001 63002 63003 63005 63006 63008 63009 63010 63011 63012 63013 63014 63015 63016 63017 63018 63019
    63020 63021 63022 63023 63024 63025 63026 63027 63028 63029 63030 63032 63033 63034 63035 63036 63037 63038 63040
    63041 63042 63043 63044 63045 63046 63047 63049 63051 63062 63112 60728 11751`
    .trim()
    .split(/\s+/)
    .map(Number);

  it('holds every code once', () => {
    expect(new Set(twilioErrorCatalogue.keys())).toEqual(new Set(codes));
    expect(twilioErrorCatalogue.size).toBe(codes.length);
  });

  it('says of each, in one sentence, what to do', () => {
    for (const { code, title, help } of everyEntry) {
      expect({ code, title }).toEqual({ code, title: expect.stringMatching(/^[A-Z].{3,}[^.]$/) });
      expect({ code, help }).toEqual({ code, help: expect.stringMatching(/^[A-Z].+\.$/) });
    }
  });

  it('marks as retryable what only time mends, and media that may have been fixed', () => {
    const odd = everyEntry.filter((entry) => entry.retryable !== (entry.action === 'retry'));
    expect(odd.map((entry) => entry.code)).toEqual([63019]);
  });

  it('cannot be changed', () => {
    expect(everyEntry.every(Object.isFrozen)).toBe(true);
  });

  it.each([
    [63016, 'fix-request', false],
    [63018, 'retry', true],
    [63015, 'recipient', false],
    [21610, 'recipient', false],
    [20003, 'fix-account', false],
    [63046, 'none', false],
    [20500, 'none', false],
  ])('%i calls for %s', (code, action, retryable) => {
    expect(describeTwilioError(code)).toMatchObject({ code, action, retryable });
  });
});

describe('describing an error', () => {
  it('gives exactly the fields of a message error', () => {
    expect(Object.keys(describeTwilioError(63016))).toEqual(['code', 'title', 'retryable', 'action', 'help']);
  });

  it('judges an unknown code by the HTTP status that came with it', () => {
    expect(describeTwilioError(29999, { httpStatus: 401 })).toMatchObject({ code: 29999, action: 'fix-account' });
    expect(describeTwilioError(29999, { httpStatus: 429 })).toMatchObject({ action: 'retry', retryable: true });
    expect(describeTwilioError(29999, { httpStatus: 400 })).toMatchObject({ action: 'fix-request', retryable: false });
    expect(describeTwilioError(29999, { httpStatus: 502 })).toMatchObject({ action: 'none', retryable: false });
  });

  it('judges an unknown code without a status by its range', () => {
    expect(describeTwilioError(21999)).toMatchObject({ title: 'Twilio error 21999', action: 'fix-request' });
    expect(describeTwilioError(63999)).toMatchObject({ action: 'none', retryable: false });
    expect(describeTwilioError(63999).help).toContain('https://www.twilio.com/docs/api/errors/63999');
  });

  it('has a name for an error without a usable code', () => {
    expect(describeTwilioError(undefined).code).toBe('UNKNOWN');
    expect(describeTwilioError(undefined, { httpStatus: 502 }).code).toBe('HTTP_502');
    for (const code of [Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY, 0]) {
      expect(describeTwilioError(code).code).toBe('UNKNOWN');
    }
  });

  it('masks the phone numbers in a message of Twilio', () => {
    const { title } = describeTwilioError(21999, { message: 'The number +15551234567 is unverified.' });
    expect(title).toBe('The number +1555•••67 is unverified.');
  });
});
