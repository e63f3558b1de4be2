import { moduleVariables } from '../../src/whatsapp-twilio/contract/environment';

/** Runs the test with only these of the module's variables set, and puts the environment back. */
export async function withEnvironment(variables: Record<string, string>, run: () => Promise<void>): Promise<void> {
  const before = { ...process.env };
  for (const name of Object.keys(moduleVariables)) {
    delete process.env[name];
    delete process.env[`${name}_FILE`];
  }
  Object.assign(process.env, variables);
  try {
    await run();
  } finally {
    for (const name of Object.keys(process.env)) {
      if (!(name in before)) delete process.env[name];
    }
    Object.assign(process.env, before);
  }
}
