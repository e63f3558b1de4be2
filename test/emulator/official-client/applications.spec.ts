import { type Bench, startBench } from '../bench';

const USER = 'whatsapp:+15551230001';

describe('TwiML applications, judged by the official client', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench({ enforceWindow: false });
  });
  afterEach(() => bench.stop());

  const applications = () => bench.client.applications;
  const send = async (overrides: Record<string, unknown>) => {
    await bench.client.messages.create({ from: bench.twilio.sender, to: USER, body: 'hello', ...overrides });
    await bench.twilio.settles();
    return [...new Set(bench.app.requests.splice(0).map(({ url }) => url.pathname))];
  };
  const url = (path: string) => bench.app.origin + path;

  it('are created, fetched, listed, changed and deleted', async () => {
    const { sid } = await applications().create({
      friendlyName: 'Bot',
      messageStatusCallback: url('/app'),
      voiceMethod: 'GET',
      voiceCallerIdLookup: true,
    });
    await applications().create({ friendlyName: 'Other' });
    expect(await applications()(sid).fetch()).toMatchObject({
      friendlyName: 'Bot',
      messageStatusCallback: url('/app'),
      smsStatusCallback: url('/app'),
      voiceMethod: 'GET',
      voiceCallerIdLookup: true,
      voiceUrl: null,
      smsMethod: 'POST',
    });
    expect(await applications().list()).toHaveLength(2);
    expect((await applications().list({ friendlyName: 'Bot' })).map((one) => one.sid)).toEqual([sid]);
    expect(await applications()(sid).update({ friendlyName: 'Robot' })).toMatchObject({
      friendlyName: 'Robot',
      messageStatusCallback: url('/app'),
    });
    expect(await applications()(sid).remove()).toBe(true);
    await expect(applications()(sid).fetch()).rejects.toMatchObject({ status: 404, code: 20404 });
  });

  it('are told of the messages that name them and no URL of their own', async () => {
    const { sid: applicationSid } = await applications().create({ messageStatusCallback: url('/app') });
    expect(await send({ applicationSid })).toEqual(['/app']);
    expect(await send({ applicationSid, statusCallback: url('/own') })).toEqual(['/own']);
    const silent = await applications().create({});
    expect(await send({ applicationSid: silent.sid })).toEqual(['/status']);
  });

  it('are refused with what is no URL or method, and change nothing then', async () => {
    const { sid } = await applications().create({ friendlyName: 'Bot' });
    await expect(applications()(sid).update({ friendlyName: 'New', voiceMethod: 'PUT' })).rejects.toMatchObject({
      status: 400,
      code: 20422,
    });
    await expect(applications()(sid).update({ messageStatusCallback: 'nowhere' })).rejects.toMatchObject({
      status: 400,
    });
    expect(await applications()(sid).fetch()).toMatchObject({ friendlyName: 'Bot', messageStatusCallback: null });
  });

  it("are the account's own: a message that names another is refused with 21218", async () => {
    await expect(send({ applicationSid: `AP${'0'.repeat(32)}` })).rejects.toMatchObject({ status: 400, code: 21218 });
    expect(bench.twilio.messages).toEqual([]);
  });
});
