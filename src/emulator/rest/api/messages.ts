import { json, type Reply } from '../../http';
import { isFinal, type Message } from '../../message';
import { rfc2822 } from '../dates';
import { type Context, route } from '../route';
import { invalid, notFound, TwilioError } from '../twilio-error';
import { createMessage } from './create-message';
import { listMessages } from './list-messages';
import { messagePath, messageResource } from './resources';

const MESSAGES = '/2010-04-01/Accounts/{AC}/Messages';
const resource = '/twilio/messaging/messages';

/** @see https://www.twilio.com/docs/messaging/api/message-resource */
export const messageRoutes = [
  route(`${MESSAGES}(?:.json)?`, { GET: (context) => json(200, listMessages(context)), POST: create }, { resource }),
  route(`${MESSAGES}/{SM|MM}(?:.json)?`, { GET: fetch, POST: update, DELETE: remove }, { resource }),
  route(`${MESSAGES}/{SM|MM}/Feedback.json`, { POST: giveFeedback }, { resource }),
];

/** @throws TwilioError 404 when the account has no such message. */
export function findMessage({ core, account, call }: Context, sid = ''): Message {
  const message = core.messages.get(sid);
  if (message?.accountSid !== account.sid) throw notFound(call.path);
  return message;
}

function create(context: Context): Reply {
  const message = createMessage(context);
  context.delivery.start(message);
  return json(201, messageResource(message));
}

function fetch(context: Context, sid?: string): Reply {
  return json(200, messageResource(findMessage(context, sid)));
}

/** Cancels what is scheduled, or empties the text of what has left. */
function update(context: Context, sid?: string): Reply {
  const message = findMessage(context, sid);
  const { core, delivery, call } = context;
  const status = call.form.get('Status');
  const body = call.form.get('Body');
  if (status !== null) {
    if (status !== 'canceled') throw invalid(20422, 'Invalid Parameter: Status');
    if (!delivery.cancel(message)) {
      throw new TwilioError(409, 20409, `A message that is ${message.status} cannot be canceled`);
    }
  }
  if (body !== null) {
    if (body !== '') throw invalid(20422, 'Invalid Parameter: Body can only be emptied');
    if (!isFinal(message.status) && message.status !== 'delivered' && message.status !== 'sent') {
      throw new TwilioError(409, 20009, 'Cannot redact a message that is still on its way');
    }
    core.messages.update(message, { body: '' });
  }
  return json(200, messageResource(message));
}

function remove(context: Context, sid?: string): Reply {
  context.core.messages.remove(findMessage(context, sid));
  return { status: 204 };
}

/** @see https://www.twilio.com/docs/messaging/api/message-feedback-resource */
function giveFeedback(context: Context, sid?: string): Reply {
  const message = findMessage(context, sid);
  const { core, call } = context;
  const outcome = call.form.get('Outcome') ?? 'confirmed';
  if (outcome !== 'confirmed' && outcome !== 'unconfirmed') throw invalid(20422, 'Invalid Parameter: Outcome');
  core.messages.update(message, { feedback: outcome });
  return json(201, {
    account_sid: message.accountSid,
    date_created: rfc2822(core.clock.now()),
    date_updated: rfc2822(core.clock.now()),
    message_sid: message.sid,
    outcome,
    uri: `${messagePath(message.accountSid, message.sid)}/Feedback.json`,
  });
}
