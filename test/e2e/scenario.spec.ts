import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { parse } from 'yaml';
import { Concierge } from '../../examples/concierge';
import { WhatsappTwilioModule } from '../../src';
import { TwilioEmulator } from '../../src/emulator';
import { readScenario } from '../../src/emulator/scenario/read-scenario';
import { runScenario } from '../../src/emulator/scenario/run-scenario';

const EXAMPLES = join(__dirname, '../../examples/scenarios');

describe('The bot of the README, in the scenarios of examples/', () => {
  let twilio: TwilioEmulator;
  let app: INestApplication;
  afterEach(async () => {
    await app.close();
    await twilio.stop();
  });

  it.each(['first-hello', 'late-and-unlucky'])(
    'passes %s',
    async (name) => {
      const scenario = readScenario(parse(await readFile(join(EXAMPLES, `${name}.yaml`), 'utf8')));
      twilio = await TwilioEmulator.start({ seed: scenario.seed ?? 1 });
      const { accountSid, authToken, sender, url } = twilio;
      const moduleRef = await Test.createTestingModule({
        imports: [WhatsappTwilioModule.forRoot({ accountSid, authToken, fromNumber: sender, apiBaseUrl: url })],
        providers: [Concierge],
      }).compile();
      app = moduleRef.createNestApplication({ rawBody: true, logger: false });
      await app.listen(0, '127.0.0.1');
      const { port } = app.getHttpServer().address() as AddressInfo;
      twilio.webhook({ url: `http://127.0.0.1:${port}/webhooks/whatsapp/twilio` });
      const report = await runScenario(twilio, scenario);
      expect(report.steps.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
      expect(report).toMatchObject({ passed: true, alerts: [] });
    },
    30_000,
  );
});
