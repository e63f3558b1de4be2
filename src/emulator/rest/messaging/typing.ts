import { json, type Reply } from '../../http';
import { fieldsOf } from '../json-body';
import { type Context, route } from '../route';
import { invalid, notFound } from '../twilio-error';

/** @see https://www.twilio.com/docs/whatsapp/api/typing-indicators-resource */
export const typingRoutes = [
  route('/v2/Indicators/Typing.json', {
    POST: ({ call, ...context }) => show({ call, ...context }, call.form.get('channel'), call.form.get('messageId')),
  }),
  route('/v3/Indicators/Typing.json', {
    POST: (context) => {
      const { channel, messageId } = fieldsOf(context.call.json);
      return show(context, channel === 'WHATSAPP' ? 'whatsapp' : channel, messageId);
    },
  }),
];

/** Shows the user that the business types, and that it has read the message. */
function show({ core, account }: Context, channel: unknown, messageId: unknown): Reply {
  if (channel !== 'whatsapp') throw invalid(20422, 'Invalid Parameter: channel');
  if (typeof messageId !== 'string' || !/^(SM|MM)[0-9a-fA-F]{32}$/.test(messageId)) {
    throw invalid(20422, 'Invalid Parameter: messageId');
  }
  const message = core.messages.get(messageId);
  if (message?.direction !== 'inbound' || message.accountSid !== account.sid) throw notFound(`Messages/${messageId}`);
  core.messages.update(message, { reception: 'read' });
  core.journal.events.emit('typing', message.user, message.to);
  return json(200, { success: true });
}
