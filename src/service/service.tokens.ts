export const SERVICE_ENVIRONMENT = 'whatsapp-twilio:service-environment';
export const FORWARDERS = 'whatsapp-twilio:forwarders';
