import { json, type Reply } from '../../http';
import { type Context, route } from '../route';
import { invalid, notFound } from '../twilio-error';

/** @see https://www.twilio.com/docs/whatsapp/api/typing-indicators-resource */
export const typingRoutes = [
  route('/v2/Indicators/Typing.json', {
    POST: ({ call, ...context }) => show({ call, ...context }, call.form.get('channel'), call.form.get('messageId')),
  }),
  route('/v3/Indicators/Typing.json', {
    POST: (context) => {
      const { channel, messageId } = Object(context.call.json) as { channel?: unknown; messageId?: unknown };
      return show(context, channel === 'WHATSAPP' ? 'whatsapp' : channel, messageId);
    },
  }),
];

/** Shows the user that the business types, and that it has read the message. */
function show({ core, account }: Context, channel: unknown, messageId: unknown): Reply {
  if (channel !== 'whatsapp') throw invalid(20422, 'Invalid Parameter: channel');
  const message = typeof messageId === 'string' ? core.messages.get(messageId) : undefined;
  if (message?.direction !== 'inbound' || message.accountSid !== account.sid)
    throw notFound(`Messages/${String(messageId)}`);
  core.messages.update(message, { reception: 'read' });
  core.journal.events.emit('typing', message.user, message.to);
  return json(200, { success: true });
}
