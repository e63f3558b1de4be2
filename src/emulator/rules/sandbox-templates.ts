import type { TemplateCategory } from './approval';
import type { ContentTemplate } from './content';

/**
 * Twilio's own templates, the same for everyone: they are sent from the sandbox's number only, and are the only ones that
 * open a conversation there.
 *
 * @see https://www.twilio.com/docs/whatsapp/sandbox
 */
export const SANDBOX_TEMPLATES: ReadonlyMap<string, ContentTemplate> = new Map(
  [
    template(
      'HXb5b62575e6e4ff6129ad7c8efe1f983e',
      'appointment_reminders',
      'UTILITY',
      'Your appointment is coming up on {{1}} at {{2}}. If you need to change it, please reply back and let us know.',
    ),
    template(
      'HX350d429d32e64a552466cafecbe95f3c',
      'order_notifications',
      'UTILITY',
      'Thank you for your order. Your delivery is scheduled for {{1}} at {{2}}. If you need to change it, please reply back and let us know.',
    ),
    template(
      'HX229f5a04fd0510ce1b071852155d3e75',
      'verification_codes',
      'AUTHENTICATION',
      '{{1}} is your verification code. For your security, do not share this code.',
    ),
  ].map((entry) => [entry.sid, entry]),
);

function template(sid: string, name: string, category: TemplateCategory, body: string): ContentTemplate {
  return {
    sid,
    createdAt: 0,
    updatedAt: 0,
    friendlyName: name,
    language: 'en',
    variables: {},
    types: { 'twilio/text': { body } },
    approval: { name, category, status: 'approved', rejectionReason: '', allowCategoryChange: false },
  };
}
