import type { WhatsappTwilioModuleOptions } from '../whatsapp-twilio.options';
import type { EnvironmentOptions } from './environment';

/** Options that come from files which may change while the app runs. */
export interface SecretFiles {
  /** Where the secrets are read from. */
  readonly paths: readonly string[];
  /** Reads everything again. */
  read(): EnvironmentOptions;
}

const SECRET_FILES = Symbol.for('nestjs-whatsapp-twilio/secret-files');

/** The same options, which remember the files that they were read from. */
export function rememberSecretFiles<T extends object>(options: T, files: SecretFiles | undefined): T {
  if (files === undefined || files.paths.length === 0) return options;
  return Object.defineProperty(options, SECRET_FILES, { value: files });
}

export function secretFilesOf(options: object): SecretFiles | undefined {
  return (options as { [SECRET_FILES]?: SecretFiles })[SECRET_FILES];
}

/** As `files`, for options of which some are set in code. */
export function overriding(
  files: SecretFiles | undefined,
  overrides: Partial<WhatsappTwilioModuleOptions>,
): SecretFiles | undefined {
  if (files === undefined) return undefined;
  return {
    paths: files.paths,
    read() {
      const { options, problems } = files.read();
      return { options: { ...options, ...overrides }, problems };
    },
  };
}
