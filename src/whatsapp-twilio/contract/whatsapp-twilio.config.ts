import { registerAs } from '@nestjs/config';
import { readEnvironment } from './environment';
import { hideSecrets } from './hide-secrets';
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
  return hideSecrets(options, { connectionId });
});
