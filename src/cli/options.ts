import { CliError } from './cli.error';

/** Runs `parse`, and turns what it says of a wrong option into an error for people. */
export function readOptions<Values>(parse: () => { values: Values }): Values {
  try {
    return parse().values;
  } catch (error) {
    throw new CliError(`${(error as Error).message} See whatsapp-twilio --help.`);
  }
}
