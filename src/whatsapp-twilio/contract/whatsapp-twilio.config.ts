import { registerAs } from '@nestjs/config';
import { readEnvironment, secretFilesIn } from './environment';
import { hideSecrets } from './hide-secrets';
import { rememberSecretFiles } from './secret-files';
import { validateOptions } from './validate-options';

/**
 * The module's part of the configuration, read from the environment and validated when ConfigModule loads it.
 *
 * @example
 * WhatsappTwilioModule.forRootAsync(whatsappTwilioConfig.asProvider())
 */
export const whatsappTwilioConfig = registerAs('whatsappTwilio', () => {
  const { options, problems } = readEnvironment();
  const { connectionId } = validateOptions(options, problems);
  return rememberSecretFiles(hideSecrets(options, { connectionId }), secretFilesIn());
});
