import { CliError } from './cli.error';

/** Runs `parse`, and turns what it says of a wrong option into an error for people. */
export function readOptions<Values>(parse: () => { values: Values }): Values {
  try {
    return parse().values;
  } catch (error) {
    throw new CliError(`${(error as Error).message} See whatsapp-twilio --help.`);
  }
}

/** @throws CliError for what no webhook can be sent to. */
export function urlOf(option: string, text: string): string {
  const isHttp = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
  if (!isHttp) throw new CliError(`${option} must be an address that begins with http:// or https://.`);
  return text;
}
