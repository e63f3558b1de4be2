import { readScenario } from '../../src/emulator/scenario/read-scenario';
import { runScenario } from '../../src/emulator/scenario/run-scenario';
import { type Bench, startBench, twiml } from './bench';

const ana = { number: '+15551230001', profileName: 'Ana' };

describe('A scenario', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench();
    bench.answer = (request, response) => {
      const body = new URLSearchParams(request.body).get('Body');
      twiml(response, `<Response><Message>You said: ${body}</Message></Response>`);
    };
  });
  afterEach(() => bench.stop());

  const play = (...steps: object[]) => runScenario(bench.twilio, readScenario({ phones: { ana }, steps }));

  it('passes when every step came about', async () => {
    const report = await play(
      { ana: { sends: 'hi' } },
      { ana: { receives: 'You said: hi' } },
      { ana: { replies: 'and again' } },
      { ana: { receives: '/AND AGAIN/i' } },
      { ana: { reacts: '👍' } },
      { ana: { online: false } },
      { ana: { sends: { kind: 'location', latitude: 52.5, longitude: 13.4 } } },
      { ana: { status: 'sent' } },
      { ana: { online: true } },
      { ana: { status: 'read' } },
      { settle: true },
    );
    expect(report.steps.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
    expect(report).toMatchObject({ passed: true, alerts: [] });
    expect(bench.inbound().map((form) => form.get('MessageType'))).toEqual(['text', 'text', 'reaction', 'location']);
  });

  it('stops at the first step that did not, and says why', async () => {
    const report = await play(
      { ana: { sends: 'hi' } },
      { settle: true },
      { ana: { receives: 'Good day', within: '10ms' } },
      { ana: { sends: 'never' } },
    );
    expect(report.steps.map(({ outcome, problem }) => [outcome, problem])).toEqual([
      ['passed', undefined],
      ['passed', undefined],
      ['failed', expect.stringMatching(/No message matching "Good day" came to the phone within 10 ms; others/)],
      ['skipped', undefined],
    ]);
    expect(report.passed).toBe(false);
  });

  it('fails where the application does not take a message', async () => {
    bench.answer = (_request, response) => response.writeHead(500).end();
    const { steps } = await play({ ana: { sends: 'hi' } });
    expect(steps[0]?.problem).toMatch(/11200/);
  });

  it('fails for an alert that no step expected, and not for one that a step did', async () => {
    const callback = async () => {
      const create = { from: bench.twilio.sender, to: 'whatsapp:+15551230001', body: 'x' };
      await bench.client.messages.create({ ...create, statusCallback: `${bench.app.origin}/inbound` });
      await bench.twilio.settles();
    };
    bench.answer = (_request, response) => response.writeHead(404).end();
    await bench.twilio.phone(ana.number).sends('open the window');
    const before = bench.twilio.alerts.length;
    await callback();
    const alerts = bench.twilio.alerts.slice(before).map(({ code }) => code);
    expect(alerts.length).toBeGreaterThan(0);
    expect(await play({ settle: true })).toMatchObject({ passed: false, steps: [{ outcome: 'passed' }] });
    expect(await play({ alerts: [11200, ...alerts] })).toMatchObject({ passed: true });
  });

  it('waits for what becomes of a message', async () => {
    await bench.client.messages.create({ from: bench.twilio.sender, to: 'whatsapp:+15551230001', body: 'too early' });
    expect(await play({ ana: { error: 63016 } }, { ana: { status: 'failed' } })).toMatchObject({ passed: true });
    const { steps } = await play({ ana: { status: 'read', within: '1ms' } });
    expect(steps[0]?.problem).toMatch(/is failed \(63016\), not read/);
  });

  it('moves the clock and makes trouble', async () => {
    const started = bench.twilio.clock.now();
    expect(await play({ advance: '25h' }, { faults: { rates: { 429: 1 } } })).toMatchObject({ passed: true });
    expect(bench.twilio.clock.now() - started).toBeGreaterThanOrEqual(25 * 3_600_000);
    await expect(
      bench.client.messages.create({ from: bench.twilio.sender, to: 'whatsapp:+15551230001', body: 'x' }),
    ).rejects.toMatchObject({ status: 429 });
  });

  it.each([
    [{}, /phones is not a mapping/],
    [{ phones: {}, steps: [] }, /phones is empty/],
    [{ phones: { ana: 'Ana' }, steps: [] }, /phones.ana.number is neither a number/],
    [{ phones: { ana: { number: 15_551_230_001 } }, steps: [] }, /put it in quotes/],
    [{ phones: { ana }, steps: {} }, /steps is not a list/],
    [{ phones: { ana }, steps: [{ bob: { sends: 'hi' } }] }, /steps\[0\] begins with "bob". It can be ana, advance/],
    [{ phones: { ana }, steps: [{ ana: { send: 'hi' } }] }, /steps\[0\].ana has to have one of sends, receives/],
    [{ phones: { ana }, steps: [{ ana: { receives: '/(/' } }] }, /Invalid regular expression/],
    [{ phones: { ana }, steps: [{ advance: 'tomorrow' }] }, /Not a duration/],
    [{ phones: { ana }, steps: [{ faults: { rates: { lost: 1 } } }] }, /no rate lost/],
    [{ phones: { ana }, steps: [{ advance: '1h', settle: true }] }, /more than one entry/],
    [{ phones: { ana: 15_551_230_001 }, steps: [] }, /phones.ana is not a text: put it in quotes/],
    [{ phones: { ana }, steps: [] }, /steps is empty/],
    [{ phones: { ana }, steps: [{ ana: { sends: 42 } }] }, /steps\[0\].ana.sends is not a text: put it in quotes/],
    [{ phones: { ana }, steps: [{ ana: { receives: 'x', within: 'soon' } }] }, /steps\[0\].ana.within: Not a duration/],
    [
      { phones: { ana }, steps: [{ faults: { rates: { 429: 7 } } }] },
      /steps\[0\].faults: rates.429 is not from 0 to 1/,
    ],
    [
      { phones: { ana }, steps: [{ settle: true }], templates: [{ types: { 'twilio/text': { body: 'x' } } }] },
      /templates\[0\].sid/,
    ],
    [{ phones: { ana }, steps: [], step: [] }, /has no step. It has name, seed/],
  ])('is refused with a word on what is wrong: %j', (scenario, message) => {
    expect(() => readScenario(scenario)).toThrow(message);
  });
});
