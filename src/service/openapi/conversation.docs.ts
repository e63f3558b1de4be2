import { notModified } from './message.docs';
import { describeOperation, etagHeader } from './operation';
import { connection, ifNoneMatch, path } from './parameters';

const tag = 'Conversations';
const address = path('address', 'The user: a phone number such as `+15551230001`, or a business-scoped user id.');
const missing = 'There is no conversation with this user, or no such connection.';

export const GetConversationDocs = () =>
  describeOperation(
    {
      id: 'getConversation',
      tag,
      summary: 'A conversation, whether its window is open, and its last messages',
      status: 200,
      answer: 'The conversation.',
      schema: 'ConversationWithMessages',
      headers: etagHeader,
      problems: { 404: missing },
    },
    address,
    connection,
    ifNoneMatch,
    notModified,
  );

export const TypingDocs = () =>
  describeOperation(
    {
      id: 'showTyping',
      tag,
      summary: 'Shows the user that an answer is being written',
      description: 'For 25 seconds or until the answer comes. It also marks their last message as read.',
      status: 204,
      answer: 'Shown.',
      problems: { 404: missing, 502: 'Twilio said no: `twilioCode` says why.' },
    },
    address,
    connection,
  );

export const OptOutDocs = () =>
  describeOperation(
    {
      id: 'optOut',
      tag,
      summary: 'Sends the user nothing more',
      description: 'What waits is canceled; what is sent later is refused, until the user writes START or is opted in.',
      status: 200,
      answer: 'The conversation.',
      schema: 'Conversation',
      problems: { 404: missing },
    },
    address,
    connection,
  );

export const OptInDocs = () =>
  describeOperation(
    {
      id: 'optIn',
      tag,
      summary: 'Takes an opt-out back',
      status: 200,
      answer: 'The conversation.',
      schema: 'Conversation',
      problems: { 404: missing },
    },
    address,
    connection,
  );
