/** Injection tokens. Strings, as two copies of the package can be loaded. */
export const SETTINGS = 'whatsapp-twilio:settings';
export const STORAGE = 'whatsapp-twilio:storage';
export const DATABASE = 'whatsapp-twilio:database';
export const RUNTIME = 'whatsapp-twilio:runtime';
export const SIGNALS = 'whatsapp-twilio:signals';
/** Names this registration among the processes that share its storage. */
export const WORKER_ID = 'whatsapp-twilio:worker-id';
/** The host's own connections; undefined without any. */
export const CONNECTION_PROVIDER = 'whatsapp-twilio:connection-provider';
export const WEBHOOK_PATH = 'whatsapp-twilio:webhook-path';
