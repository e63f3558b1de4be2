import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { TwilioEmulator } from '../emulator';
import { readScenario } from '../emulator/scenario/read-scenario';
import { runScenario, type ScenarioReport, type StepReport } from '../emulator/scenario/run-scenario';
import type { Scenario } from '../emulator/scenario/scenario';
import { CliError } from './cli.error';
import { ACCOUNT_SID, AUTH_TOKEN, portOf, startEmulator } from './emulator';
import { readOptions, urlOf } from './options';

/**
 * Plays a scenario against an application in any language, and reports each step. Exit code 1 if one failed, or if
 * Twilio's debugger had something to say that no step expected.
 */
export async function simulate(args: string[]): Promise<void> {
  const { values, positionals } = parseOptions(args);
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0)
    throw new CliError('Name one scenario: simulate scenario.yaml --webhook <url>');
  if (values.webhook === undefined) throw new CliError('--webhook is missing: where your app takes inbound messages');
  const webhookUrl = urlOf('--webhook', values.webhook);
  const status = values.status === undefined ? {} : { statusCallback: urlOf('--status', values.status) };
  const scenario = await load(file);
  const twilio = await startEmulator({
    port: portOf(values.port),
    webhookUrl,
    accountSid: values['account-sid'],
    authToken: values['auth-token'],
    ...(values.sender === undefined ? {} : { sender: values.sender }),
    ...status,
    ...(scenario.seed === undefined ? {} : { seed: scenario.seed }),
  });
  try {
    const report = await play(twilio, scenario, values.json);
    if (!report.passed) process.exitCode = 1;
  } finally {
    await twilio.stop();
  }
}

function parseOptions(args: string[]) {
  let positionals: string[] = [];
  const values = readOptions(() => {
    const parsed = parseArgs({
      args,
      allowPositionals: true,
      options: {
        webhook: { type: 'string' },
        status: { type: 'string' },
        port: { type: 'string', default: '4010' },
        'account-sid': { type: 'string', default: ACCOUNT_SID },
        'auth-token': { type: 'string', default: AUTH_TOKEN },
        sender: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    ({ positionals } = parsed);
    return parsed;
  });
  return { values, positionals };
}

async function load(file: string): Promise<Scenario> {
  let source: string;
  try {
    source = await readFile(file, 'utf8');
  } catch (error) {
    throw new CliError(`Cannot read ${file}: ${(error as Error).message}`);
  }
  const { parse, YAMLParseError } = await import('yaml');
  try {
    return readScenario(parse(source));
  } catch (error) {
    if (error instanceof RangeError || error instanceof YAMLParseError) throw new CliError(`${file}: ${error.message}`);
    throw error;
  }
}

async function play(twilio: TwilioEmulator, scenario: Scenario, asJson: boolean): Promise<ScenarioReport> {
  if (asJson) {
    const report = await runScenario(twilio, scenario);
    write(JSON.stringify(report, null, 2));
    return report;
  }
  write(scenario.name);
  const report = await runScenario(twilio, scenario, (step) => write(lineOf(step)));
  for (const { code, text } of report.alerts) write(`  FAIL  Twilio's debugger: ${code} ${text}`);
  const count = (outcome: StepReport['outcome']): number =>
    report.steps.filter((step) => step.outcome === outcome).length;
  write(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`);
  return report;
}

function write(line: string): void {
  process.stdout.write(`${line}\n`);
}

const MARKS: Readonly<Record<StepReport['outcome'], string>> = { passed: 'ok  ', failed: 'FAIL', skipped: '-   ' };

function lineOf({ outcome, title, durationMs, problem }: StepReport): string {
  const time = outcome === 'passed' ? ` (${durationMs} ms)` : '';
  return `  ${MARKS[outcome]}  ${title}${time}${problem === undefined ? '' : `\n        ${problem}`}`;
}
