import { createHash } from 'node:crypto';
import {
  checkTwilioSignature,
  parseFormBody,
  signTwilioRequest,
  verifyTwilioSignature,
  type SignedTwilioRequest,
} from '../../src/whatsapp-twilio/twilio/signature';
import { candidateUrls } from '../../src/whatsapp-twilio/twilio/signature-urls';

const TOKEN = '0123456789abcdef0123456789abcdef';
const HOOK = 'https://example.com/hook';
const PARAMS = { MessageSid: 'SM1', From: 'whatsapp:+15551230001', Body: 'Hello' };

/** A request that Twilio signed as `signed`, and that reached us as `url`. */
function requestOf(signed: string, url: string | readonly string[] = signed, params = {}): SignedTwilioRequest {
  return { signature: signTwilioRequest(TOKEN, signed, params), url, params };
}

function accepts(signed: string, url: string): boolean {
  return verifyTwilioSignature(requestOf(signed, url, PARAMS), TOKEN);
}

/** As JavaScript calls it, which no compiler checked. */
function checkUnchecked(request: unknown, tokens: unknown): unknown {
  return Reflect.apply(checkTwilioSignature, undefined, [request, tokens]);
}

const spellings = (url: string): string[] => [...candidateUrls(url)];

describe('signTwilioRequest', () => {
  it.each([
    [
      'RSOYDt4T1cUTdK1PDd93/VVr8B8=',
      'https://mycompany.com/myapp.php?foo=1&bar=2',
      {
        CallSid: 'CA1234567890ABCDE',
        Caller: '+14158675309',
        Digits: '1234',
        From: '+14158675309',
        To: '+18005551212',
      },
    ],
    [
      'L/OH5YylLD5NRKLltdqwSvS0BnU=',
      'https://example.com/myapp.php?foo=1&bar=2',
      {
        Digits: '1234',
        To: '+18005551212',
        From: '+14158675310',
        Caller: '+14158675310',
        CallSid: 'CA1234567890ABCDE',
      },
    ],
  ])("gives Twilio's published signature %s", (signature, url, params) => {
    expect(signTwilioRequest('12345', url, params)).toBe(signature);
    expect(verifyTwilioSignature({ signature, url, params }, '12345')).toBe(true);
  });

  it('leaves out fragment, user name and password, and keeps the rest of the URL as written', () => {
    const signature = signTwilioRequest(TOKEN, "HTTPS://Example.com:8443/a/../b?x='%27+%20#");
    expect(signTwilioRequest(TOKEN, "HTTPS://me:p@ss@Example.com:8443/a/../b?x='%27+%20#rc=3&rp=all")).toBe(signature);
    expect(signTwilioRequest(TOKEN, "https://example.com:8443/a/../b?x='%27+%20")).not.toBe(signature);
  });

  it('sorts keys by code units, not by language', () => {
    const sorted = ['Body', 'BodyX', 'MediaUrl1', 'MediaUrl10', 'MediaUrl2', '_x', 'body', 'é', '\u{1f600}', '\uff21'];
    const shuffled = Object.fromEntries(sorted.toReversed().map((key) => [key, '.']));
    expect(signTwilioRequest(TOKEN, HOOK, shuffled)).toBe(signTwilioRequest(TOKEN, `${HOOK}${sorted.join('.')}.`));
  });

  it('sorts by key alone, so that To comes before ToCity whatever their values', () => {
    const signature = signTwilioRequest(TOKEN, HOOK, { ToCity: 'Berlin', To: 'whatsapp:+15551230001' });
    expect(signature).toBe(signTwilioRequest(TOKEN, `${HOOK}Towhatsapp:+15551230001ToCityBerlin`));
  });

  it('writes a repeated key once for each distinct value, values sorted', () => {
    const signature = signTwilioRequest(TOKEN, `${HOOK}KaKb`);
    expect(signTwilioRequest(TOKEN, HOOK, { K: ['b', 'a', 'b'] })).toBe(signature);
    expect(signTwilioRequest(TOKEN, HOOK, new URLSearchParams('K=b&K=a&K=b'))).toBe(signature);
  });

  it('writes the key alone for an empty value, and nothing for an empty list', () => {
    expect(signTwilioRequest(TOKEN, HOOK, { Body: '', None: [] })).toBe(signTwilioRequest(TOKEN, `${HOOK}Body`));
  });

  it('takes keys that objects already have', () => {
    const body = '__proto__=1&constructor=2&toString=3&10=4&9=5';
    const params = parseFormBody(body);
    const signature = signTwilioRequest(TOKEN, HOOK, params);
    expect(signature).toBe(signTwilioRequest(TOKEN, `${HOOK}10495__proto__1constructor2toString3`));
    expect(signTwilioRequest(TOKEN, HOOK, Object.fromEntries(params))).toBe(signature);
  });

  it('takes half a surrogate pair as the replacement character it becomes in UTF-8', () => {
    const signature = signTwilioRequest(TOKEN, HOOK, { Body: '\ud83d' });
    expect(signature).toBe(signTwilioRequest(TOKEN, HOOK, { Body: '\ufffd' }));
  });
});

describe('parseFormBody', () => {
  it('reads + as space and escapes as UTF-8, from text and from bytes', () => {
    const body = 'Body=a+b%2Bc%20%F0%9F%98%80&Name=Zo\u00eb';
    const entries = [
      ['Body', 'a b+c \u{1f600}'],
      ['Name', 'Zo\u00eb'],
    ];
    expect([...parseFormBody(body)]).toEqual(entries);
    expect([...parseFormBody(Buffer.from(body))]).toEqual(entries);
    expect([...parseFormBody(new TextEncoder().encode(body))]).toEqual(entries);
  });

  it('trims, renames and drops nothing', () => {
    const body = '?a=1&a=1& b =%20x%0D%0A&empty=&bare&c[d]=%EF%BB%BFe=f';
    expect([...parseFormBody(body)]).toEqual([
      ['?a', '1'],
      ['a', '1'],
      [' b ', ' x\r\n'],
      ['empty', ''],
      ['bare', ''],
      ['c[d]', '\ufeffe=f'],
    ]);
  });

  it('reads an empty body as no parameters', () => {
    expect([...parseFormBody('')]).toEqual([]);
  });
});

describe('a signed form', () => {
  const request = requestOf(HOOK, HOOK, PARAMS);

  it('is accepted as signed', () => {
    expect(checkTwilioSignature(request, TOKEN)).toEqual({ ok: true, url: HOOK, tokenIndex: 0 });
  });

  it('is accepted with 10,000 parameters', () => {
    const params = parseFormBody(Array.from({ length: 10_000 }, (_, index) => `Key${index}=value`).join('&'));
    expect(verifyTwilioSignature(requestOf(HOOK, HOOK, params), TOKEN)).toBe(true);
  });

  it.each<[string, Partial<SignedTwilioRequest>]>([
    ['a value', { params: { ...PARAMS, Body: 'hello' } }],
    ['a space more', { params: { ...PARAMS, Body: 'Hello ' } }],
    ['an empty parameter more', { params: { ...PARAMS, Extra: '' } }],
    ['a parameter less', { params: { MessageSid: 'SM1', Body: 'Hello' } }],
    ['no parameters', { params: undefined }],
    ['its lines ended otherwise', { ...requestOf(HOOK, HOOK, { Body: 'a\r\nb' }), params: { Body: 'a\nb' } }],
    ['a letter decomposed', { ...requestOf(HOOK, HOOK, { Body: '\u00eb' }), params: { Body: 'e\u0308' } }],
    ['another path', { url: `${HOOK}/` }],
    ['another host', { url: 'https://example.org/hook' }],
    ['another scheme', { url: 'http://example.com/hook' }],
    ['another port', { signature: signTwilioRequest(TOKEN, 'https://example.com:8443/hook', PARAMS) }],
    ['a query more', { url: `${HOOK}?a=1` }],
    ['its query reordered', { ...requestOf(`${HOOK}?a=1&b=2`, `${HOOK}?b=2&a=1`, PARAMS) }],
  ])('is a mismatch with %s', (_, change) => {
    expect(checkTwilioSignature({ ...request, ...change }, TOKEN)).toEqual({ ok: false, reason: 'mismatch' });
  });

  it('is verified with its parameters even when the URL has a bodySHA256', () => {
    const url = `${HOOK}?bodySHA256=${'0'.repeat(64)}`;
    const form = requestOf(url, url, PARAMS);
    expect(verifyTwilioSignature(form, TOKEN)).toBe(true);
    expect(verifyTwilioSignature({ ...form, params: { ...PARAMS, Body: 'forged' } }, TOKEN)).toBe(false);
    expect(verifyTwilioSignature({ ...form, params: {} }, TOKEN)).toBe(false);
  });

  it('is refused, not misread, when a parser made objects of its keys', () => {
    const nested = Object.assign(Object.create(null), { b: '1' });
    for (const value of [nested, [nested], null, undefined, 7]) {
      const nestedRequest = { ...request, params: { a: value } };
      expect(checkUnchecked(nestedRequest, TOKEN)).toEqual({ ok: false, reason: 'malformed-params' });
    }
  });
});

describe('a signed GET', () => {
  it('is verified by its URL alone', () => {
    const url = `${HOOK}?MessageSid=SM1&Body=Hello+World`;
    const signature = signTwilioRequest(TOKEN, url);
    expect(verifyTwilioSignature({ signature, url }, TOKEN)).toBe(true);
    expect(verifyTwilioSignature({ signature, url: url.replace('World', 'Moon') }, TOKEN)).toBe(false);
  });
});

describe('a signed JSON body', () => {
  const jsonBody = '{"text":"Zo\u00eb", "spaces" : true}';
  const hash = createHash('sha256').update(jsonBody).digest('hex');
  const url = `${HOOK}?a=1&bodySHA256=${hash}`;
  const request: SignedTwilioRequest = { signature: signTwilioRequest(TOKEN, url), url, jsonBody };

  it('is accepted as text and as bytes', () => {
    expect(checkTwilioSignature(request, TOKEN)).toEqual({ ok: true, url, tokenIndex: 0 });
    expect(verifyTwilioSignature({ ...request, jsonBody: Buffer.from(jsonBody) }, TOKEN)).toBe(true);
    expect(verifyTwilioSignature({ ...request, jsonBody: new TextEncoder().encode(jsonBody) }, TOKEN)).toBe(true);
  });

  it('is refused when a byte of the body differs, even one without meaning', () => {
    for (const body of [jsonBody.replace(' : ', ':'), '', '{}']) {
      const result = checkTwilioSignature({ ...request, jsonBody: body }, TOKEN);
      expect(result).toEqual({ ok: false, reason: 'wrong-body-hash' });
    }
  });

  it('is refused when the hash was exchanged together with the body', () => {
    const forged = createHash('sha256').update('{}').digest('hex');
    const result = checkTwilioSignature({ ...request, jsonBody: '{}', url: url.replace(hash, forged) }, TOKEN);
    expect(result).toEqual({ ok: false, reason: 'mismatch' });
  });

  it('is refused without a hash in the URL', () => {
    const signature = signTwilioRequest(TOKEN, HOOK);
    const result = checkTwilioSignature({ signature, url: HOOK, jsonBody }, TOKEN);
    expect(result).toEqual({ ok: false, reason: 'missing-body-hash' });
  });

  it.each(['', hash.slice(0, 40), hash.toUpperCase(), `${hash}0`])('is refused with the signed hash "%s"', (other) => {
    const signed = `${HOOK}?bodySHA256=${other}`;
    const result = checkTwilioSignature({ signature: signTwilioRequest(TOKEN, signed), url: signed, jsonBody }, TOKEN);
    expect(result).toEqual({ ok: false, reason: 'wrong-body-hash' });
  });

  it('does not let parameters in unsigned beside the body', () => {
    expect(verifyTwilioSignature({ ...request, params: { Body: 'unsigned' } }, TOKEN)).toBe(false);
  });
});

describe('the spelling of the URL', () => {
  it.each([
    ['the default port was added', 'https://example.com:443/hook', HOOK],
    ['the default port was removed', HOOK, 'https://example.com:443/hook'],
    ['the default port of http was added', 'http://example.com:80/hook', 'http://example.com/hook'],
    ['the default port of http was removed', 'http://example.com/hook', 'http://example.com:80/hook'],
    ['another port was kept', 'https://example.com:8443/hook', 'https://example.com:8443/hook'],
    ['another port was removed', HOOK, 'https://example.com:8443/hook'],
    ['the host is an IPv6 address', 'https://[2001:db8::1]:443/hook', 'https://[2001:db8::1]/hook'],
    ['the configured URL has user info', HOOK, 'https://user:pass@example.com/hook'],
    ['the password has an @', HOOK, 'https://user:p@ss@example.com/hook'],
    ['the configured URL has connection overrides', HOOK, `${HOOK}#rc=3&rp=5xx,ct`],
    ['the host stands bare in the console', 'https://example.com', 'https://example.com/'],
    ['the host stands bare in the configuration', 'https://example.com/', 'https://example.com'],
    ['the bare host has a query', 'https://example.com?a=1', 'https://example.com/?a=1'],
    ["the bare host has an ' in its query", "https://example.com/?c='x'+y", "https://example.com?c='x'+y"],
    ['the host has capitals', HOOK, 'https://Example.COM/hook'],
    ['Twilio signed an apostrophe plain', `${HOOK}?c=Sull'Adda+x&e=a%40b`, `${HOOK}?c=Sull%27Adda+x&e=a%40b`],
    ['Twilio signed an apostrophe escaped', `${HOOK}?c=Sull%27Adda+x`, `${HOOK}?c=Sull'Adda+x`],
    ["Twilio signed ' @ : plain", `${HOOK}?c=sip:1@h+'x'`, `${HOOK}?c=sip%3a1%40h+%27x%27`],
    ["Twilio signed ' @ : escaped", `${HOOK}?c=sip%3A1%40h+%27x%27`, `${HOOK}?c=sip:1@h+'x'`],
    ['the query was written again by a parser', `${HOOK}?a=x%20y%40z&b=`, `${HOOK}?a=x+y@z&b`],
    ['the host is international', 'https://xn--bcher-kva.example/hook', 'https://b\u00fccher.example/hook'],
    ['a letter came unescaped', `${HOOK}?c=Zo%C3%AB`, `${HOOK}?c=Zo\u00eb`],
  ])('does not matter where %s', (_, signed, url) => {
    expect(accepts(signed, url)).toBe(true);
  });

  it('may be signed with the user info in it, as the official package does', () => {
    const url = 'https://user:pass@example.com/hook?a=1';
    expect(spellings(url)).toContain(url);
    expect(spellings(url)).toContain('https://user:pass@example.com:443/hook?a=1');
  });

  it.each([HOOK, `${HOOK}?a=1`, 'https://example.com', `${HOOK} `])('is that of %j whatever its fragment', (url) => {
    expect(spellings(`${url}#rc=3&rp=all`)).toEqual(spellings(url));
  });

  it('gives two candidates for an ordinary URL, and few for the strangest', () => {
    expect(spellings(HOOK)).toEqual(['https://example.com/hook', 'https://example.com:443/hook']);
    expect(spellings(`${HOOK}?connection=7`)).toEqual([
      'https://example.com/hook?connection=7',
      'https://example.com:443/hook?connection=7',
    ]);
    const query = "?a='%27@%40:%3A+ \u00eb&&b";
    expect(spellings(`HTTPS://EXAMPLE.com:8443/a/../hook${query}`).length).toBeLessThanOrEqual(12);
    expect(spellings(`https://u'er:pass@EXAMPLE.com:8443${query}#rc=1`).length).toBeLessThanOrEqual(20);
  });

  it('covers every key of a long query', () => {
    const query = Array.from({ length: 1000 }, (_, index) => `k${index}=${index}`).join('&');
    expect(accepts(`${HOOK}?${query}`, `${HOOK}?${query}&Body=unsigned`)).toBe(false);
  });
});

describe('several URLs and tokens', () => {
  const others = ['https://old.example.com/hook', 'not a URL'];
  const oldToken = 'f'.repeat(32);

  it('says which URL and which token fit', () => {
    const request = requestOf(HOOK, [...others, HOOK], PARAMS);
    const result = checkTwilioSignature(request, [oldToken, '', oldToken, TOKEN]);
    expect(result).toEqual({ ok: true, url: HOOK, tokenIndex: 3 });
  });

  it('refuses a signature that fits none of them', () => {
    expect(verifyTwilioSignature(requestOf(HOOK, others, PARAMS), [oldToken, TOKEN])).toBe(false);
    expect(verifyTwilioSignature(requestOf(HOOK, [...others, HOOK], PARAMS), [oldToken, TOKEN.toUpperCase()])).toBe(
      false,
    );
  });
});

describe('a request that cannot be verified', () => {
  const request = requestOf(HOOK, HOOK, PARAMS);
  const valid = request.signature ?? '';

  it.each([[''], [' '], [[]], [['', '\t']]])('is refused with %j as tokens, even if signed with that', (tokens) => {
    for (const token of ['', tokens].flat()) {
      const signature = signTwilioRequest(token, HOOK, PARAMS);
      expect(checkTwilioSignature({ ...request, signature }, tokens)).toEqual({ ok: false, reason: 'no-token' });
    }
  });

  it.each([undefined, null, [[undefined]]])('is refused with %j as tokens', (tokens) => {
    expect(checkUnchecked(request, tokens)).toEqual({ ok: false, reason: 'no-token' });
  });

  it.each([undefined, ''])('is refused with %j as signature', (signature) => {
    expect(checkTwilioSignature({ ...request, signature }, TOKEN)).toEqual({ ok: false, reason: 'missing-signature' });
  });

  it.each<[string, unknown]>([
    ['cut short', valid.slice(0, -1)],
    ['without padding', `${valid.slice(0, -1)}A`],
    ['of 16 bytes', `${'A'.repeat(22)}==`],
    ['too long', `${valid}=`],
    ['with a space', ` ${valid}`],
    ['with a line after it', `${valid}\n`],
    ['sent twice', `${valid}, ${valid}`],
    ['in base64url', `${'-_'.repeat(13)}A=`],
    ['in hex', 'ab'.repeat(20)],
    ['with stray bits in its last digit', `${'A'.repeat(26)}B=`],
    ['in a list', [valid]],
  ])('is refused with a signature %s', (_, signature) => {
    expect(checkUnchecked({ ...request, signature }, TOKEN)).toEqual({ ok: false, reason: 'malformed-signature' });
  });

  it.each([
    [''],
    ['/hook'],
    ['example.com/hook'],
    ['https://'],
    ['https://exa mple.com/hook'],
    ['https://example.com:99999/hook'],
    ['ftp://example.com/hook'],
  ])('is refused without throwing at the URL %j, even if signed for that', (url) => {
    const result = checkTwilioSignature(requestOf(url, url, PARAMS), TOKEN);
    expect(result).toEqual({ ok: false, reason: 'invalid-url' });
  });

  it.each([[[]], [undefined], [null], [[undefined]]])('is refused without throwing at %j for URLs', (url) => {
    expect(checkUnchecked({ ...request, url }, TOKEN)).toEqual({ ok: false, reason: 'invalid-url' });
  });
});
