export { inbound, samples, type WebhookOverrides, type WebhookParameters } from './payloads';
export { statusCallback, type CallbackStatus } from './status-payloads';
export { signWebhook, type SignedWebhook, type WebhookToSign } from './signer';
