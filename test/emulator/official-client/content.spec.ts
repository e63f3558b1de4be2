import { ContentCreateRequest, ContentUpdateRequest } from 'twilio/lib/rest/content/v1/content';
import { ContentApprovalRequest } from 'twilio/lib/rest/content/v1/content/approvalCreate';
import { officialClientFor } from '../../support/official-client';
import { type Bench, startBench } from '../bench';

const TEXT = { 'twilio/text': { body: 'Hello {{1}}' } };

describe('Content, judged by the official client', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench();
  });
  afterEach(() => bench.stop());

  // Twilio's own examples give the fields as they are sent; the package's types have them in camelCase.
  const create = (types: object = TEXT, rest: object = {}) =>
    bench.client.content.v1.contents.create({
      friendly_name: 'hello',
      language: 'en',
      variables: { '1': 'you' },
      types,
      ...rest,
    } as unknown as ContentCreateRequest);
  const send = async (contentSid: string, contentVariables = '{"1":"Ana"}') => {
    const { sid } = await bench.client.messages.create({
      from: bench.twilio.sender,
      to: 'whatsapp:+4915112345678',
      contentSid,
      contentVariables,
    });
    await bench.twilio.settles();
    return bench.client.messages(sid).fetch();
  };

  it('is created, fetched, listed, changed and deleted', async () => {
    const { sid } = await create();
    const contents = bench.client.content.v1.contents;
    expect(await contents(sid).fetch()).toMatchObject({
      friendlyName: 'hello',
      types: TEXT,
      variables: { '1': 'you' },
    });
    expect((await contents.list()).map((content) => content.sid)).toEqual([sid]);
    const types = { 'twilio/text': { body: 'Goodbye' } };
    expect(await contents(sid).update({ types } as ContentUpdateRequest)).toMatchObject({ types });
    expect(await contents(sid).remove()).toBe(true);
    await expect(contents(sid).fetch()).rejects.toMatchObject({ status: 404, code: 20404 });
  });

  it('is searched by version 2, with all that it filters and sorts by', async () => {
    const hello = (await create()).sid;
    const hallo = (
      await create(
        { 'twilio/media': { media: ['https://example.com/a.png'], body: 'Hallo' } },
        {
          friendly_name: 'greeting',
          language: 'de',
        },
      )
    ).sid;
    bench.twilio.approval(hallo, 'approved');
    const search = async (filter: object) => {
      const found = await bench.client.content.v2.contents.list(filter);
      expect((await bench.client.content.v2.contentAndApprovals.list(filter)).map(({ sid }) => sid)).toEqual(
        found.map(({ sid }) => sid),
      );
      return found.map(({ sid }) => sid);
    };
    expect(await search({})).toEqual([hallo, hello]);
    expect(await search({ contentName: 'GREET' })).toEqual([hallo]);
    expect(await search({ content: 'hello' })).toEqual([hello]);
    expect(await search({ language: ['en', 'fr'] })).toEqual([hello]);
    expect(await search({ contentType: ['twilio/media'] })).toEqual([hallo]);
    expect(await search({ channelEligibility: ['whatsapp:approved'] })).toEqual([hallo]);
    expect(await search({ sortByContentName: 'desc' })).toEqual([hello, hallo]);
    expect(await search({ dateCreatedAfter: new Date(Date.now() + 3_600_000) })).toEqual([]);
    expect(await search({ dateCreatedBefore: new Date(Date.now() + 3_600_000) })).toHaveLength(2);
    expect(await search({ contentName: 'e', language: ['fr'] })).toEqual([]);
    await expect(search({ sortByDate: 'sideways' })).rejects.toMatchObject({ status: 400, code: 20422 });
  });

  it('pages by token', async () => {
    for (let index = 0; index < 5; index += 1) await create();
    expect(await bench.client.content.v1.contents.list({ pageSize: 2 })).toHaveLength(5);
    const page = await bench.client.content.v1.contents.page({ pageSize: 2 });
    const next = await page.nextPage();
    const back = await next?.previousPage();
    expect(back?.instances.map(({ sid }) => sid)).toEqual(page.instances.map(({ sid }) => sid));
  });

  it('may open a conversation only when it is approved', async () => {
    const { sid } = await create();
    expect(await send(sid)).toMatchObject({ status: 'failed', errorCode: 63016 });
    const { approvalCreate, approvalFetch } = bench.client.content.v1.contents(sid);
    const request = { name: 'hello_1', category: 'UTILITY' } as ContentApprovalRequest;
    expect(await approvalCreate.create(request)).toMatchObject({ status: 'received', name: 'hello_1' });
    await expect(approvalCreate.create(request)).rejects.toMatchObject({ code: 92009 });
    expect(await send(sid)).toMatchObject({ errorCode: 63016 });
    bench.twilio.approval(sid, 'approved');
    expect((await approvalFetch().fetch()).whatsapp).toMatchObject({ status: 'approved', content_type: 'twilio/text' });
    expect(await send(sid)).toMatchObject({ status: 'read', body: 'Hello Ana' });
    const listed = await bench.client.content.v1.contentAndApprovals.list();
    expect(listed[0]?.approvalRequests).toMatchObject({ status: 'approved', category: 'UTILITY' });
    expect((await bench.client.content.v1.legacyContents.list())[0]?.legacyBody).toBe('Hello {{1}}');
    await expect(
      bench.client.content.v1.contents(sid).update({ types: TEXT } as ContentUpdateRequest),
    ).rejects.toMatchObject({ status: 400 });
  });

  it.each([
    ['deleted', 63027],
    ['rejected', 63040],
    ['paused', 63041],
    ['disabled', 63042],
  ] as const)(
    'fails when WhatsApp has it as %s, with %i, even to someone who has just written',
    async (status, code) => {
      const { sid } = await create();
      bench.twilio.approval(sid, status, 'INVALID_FORMAT');
      await bench.twilio.phone('+4915112345678').sends('hi');
      expect(await send(sid)).toMatchObject({ status: 'failed', errorCode: code });
    },
  );

  it('fails with 63028 where a variable has no value', async () => {
    const sid = bench.twilio.content({ types: TEXT });
    expect(await send(sid, '{"2":"Ana"}')).toMatchObject({ status: 'failed', errorCode: 63028 });
  });

  it('with a one-time password takes its code and nothing else', async () => {
    const sid = bench.twilio.content({
      types: { 'whatsapp/authentication': { actions: [{ type: 'COPY_CODE', copy_code_text: 'Copy' }] } },
      category: 'AUTHENTICATION',
    });
    expect(await send(sid, '{"1":"123456"}')).toMatchObject({ body: '123456 is your verification code.' });
    await expect(send(sid, '{"1":"123456","2":"x"}')).rejects.toMatchObject({ code: 21656 });
  });

  it('for marketing does not arrive at a number of the United States', async () => {
    const contentSid = bench.twilio.content({ types: { 'twilio/text': { body: 'Sale' } }, category: 'MARKETING' });
    const { sid } = await bench.client.messages.create({
      from: bench.twilio.sender,
      to: 'whatsapp:+15551230001',
      contentSid,
    });
    await bench.twilio.settles();
    expect(await bench.client.messages(sid).fetch()).toMatchObject({ status: 'undelivered', errorCode: 63049 });
  });

  it('has ten buttons with approval, and three without', async () => {
    const actions = Array.from({ length: 4 }, (_, n) => ({ title: `Choice ${n}`, id: `c${n}` }));
    const { sid } = await create({ 'twilio/quick-reply': { body: 'Which, {{1}}?', actions } });
    await bench.twilio.phone('+4915112345678').sends('hi');
    expect(await send(sid)).toMatchObject({ status: 'failed', errorCode: 63005 });
    bench.twilio.approval(sid, 'approved');
    expect(await send(sid)).toMatchObject({ status: 'read' });
  });

  it.each([
    ['no type', {}],
    ['an unknown type', { 'twilio/poll': { body: 'x' } }],
    ['text without a body', { 'twilio/text': {} }],
    [
      'more than ten rows',
      { 'twilio/list-picker': { body: 'x', items: Array.from({ length: 11 }, () => ({ id: '1', item: 'x' })) } },
    ],
    ['a row that is too long', { 'twilio/list-picker': { body: 'x', items: [{ id: '1', item: 'x'.repeat(25) }] } }],
    [
      'a body that is too long',
      { 'twilio/quick-reply': { body: 'x'.repeat(1025), actions: [{ title: 'x', id: '1' }] } },
    ],
  ])('is refused with %s', async (_what, types) => {
    await expect(create(types)).rejects.toMatchObject({ status: 400 });
  });

  it.each([
    ['a name in capitals', { name: 'Hello', category: 'UTILITY' }],
    ['a category that is none', { name: 'hello', category: 'NEWS' }],
  ])('is not submitted with %s', async (_what, request) => {
    const { sid } = await create();
    await expect(
      bench.client.content.v1.contents(sid).approvalCreate.create(request as ContentApprovalRequest),
    ).rejects.toMatchObject({ status: 400 });
  });

  it('for a session only cannot be approved', async () => {
    const { sid } = await create({ 'twilio/list-picker': { body: 'x', items: [{ id: '1', item: 'x' }] } });
    const request = { name: 'menu', category: 'UTILITY' } as ContentApprovalRequest;
    await expect(bench.client.content.v1.contents(sid).approvalCreate.create(request)).rejects.toMatchObject({
      status: 400,
    });
  });

  it('is of its own account alone', async () => {
    const { sid } = await create();
    const other = officialClientFor(bench.twilio.subaccount());
    await expect(other.content.v1.contents(sid).fetch()).rejects.toMatchObject({ status: 404 });
  });
});
