export const SERVICE_ENVIRONMENT = 'whatsapp-twilio:service-environment';
