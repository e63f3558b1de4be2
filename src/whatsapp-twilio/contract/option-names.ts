/** How each checked setting is called in a message: the option, and the environment variable that sets it. */
export const optionNames = {
  accountSid: 'accountSid (TWILIO_ACCOUNT_SID)',
  authToken: 'authToken (TWILIO_AUTH_TOKEN, TWILIO_AUTH_TOKEN_SECONDARY)',
  apiKeySid: 'apiKey.sid (TWILIO_API_KEY_SID)',
  apiKeySecret: 'apiKey.secret (TWILIO_API_KEY_SECRET)',
  fromNumber: 'fromNumber (WHATSAPP_FROM_NUMBER)',
  messagingServiceSid: 'messagingServiceSid (TWILIO_MESSAGING_SERVICE_SID)',
  publicUrl: 'publicUrl (PUBLIC_URL)',
  storageUrl: 'storage.url (DATABASE_URL)',
  rateLimitRpm: 'rateLimit.rpm (WHATSAPP_RATE_LIMIT_RPM)',
  apiBaseUrl: 'apiBaseUrl (TWILIO_API_BASE_URL)',
  connectionId: 'connectionId',
  handlersConcurrency: 'handlers.concurrency',
  handlersTimeoutMs: 'handlers.timeoutMs',
  handlersMaxAttempts: 'handlers.maxAttempts',
  handlersRetryDelayMs: 'handlers.retryDelayMs',
} as const;
