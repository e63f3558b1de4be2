import { ownProperty, parseBoundedJson } from './bounded-json';
import type { InboundContent } from './inbound-message';
import type { ParameterReader } from './webhook-parameters';

/** Twilio limits no flow answer by length; beyond this one it is handed on unparsed. */
const LONGEST_JSON = 262_144;

/**
 * A tapped button, a chosen row or a completed flow. Twilio gives buttons and rows parameters of their own and puts
 * what has none, such as the answers of a flow, into `InteractiveData` in the form Meta gives them.
 *
 * @see https://www.twilio.com/docs/messaging/guides/webhook-request
 * @see https://developers.facebook.com/docs/whatsapp/flows/reference/responsemsgwebhook
 */
export function readInteractiveReply(read: ParameterReader): InboundContent | undefined {
  const json = read('InteractiveData');
  const parsed = json === undefined ? undefined : parseBoundedJson(json, LONGEST_JSON);
  const reply = ownProperty(parsed, 'interactive') ?? parsed;

  return (
    readList(read, ownProperty(reply, 'list_reply')) ??
    readFlowReply(ownProperty(reply, 'nfm_reply') ?? reply) ??
    readButton(read, ownProperty(reply, 'button_reply')) ??
    readFlow(read('FlowData') ?? json)
  );
}

/** `title` and `description` fall back to the message's text, which repeats the title. */
function readList(read: ParameterReader, reply: unknown): InboundContent | undefined {
  const id = read('ListId') ?? text(reply, 'id');
  if (id === undefined) return undefined;
  const description = read('ListDescription') ?? text(reply, 'description');
  return {
    kind: 'list',
    id,
    title: read('ListTitle') ?? text(reply, 'title') ?? read('Body') ?? '',
    ...(description !== undefined && { description }),
  };
}

function readButton(read: ParameterReader, reply: unknown): InboundContent | undefined {
  const title = read('ButtonText') ?? text(reply, 'title');
  const payload = read('ButtonPayload') ?? text(reply, 'id');
  if (title === undefined && payload === undefined) return undefined;
  return { kind: 'button', text: title ?? read('Body') ?? '', ...(payload !== undefined && { payload }) };
}

/** The answers inside Meta's envelope: JSON within JSON, or already an object. */
function readFlowReply(reply: unknown): InboundContent | undefined {
  const answers = ownProperty(reply, 'response_json');
  if (answers === undefined) return undefined;
  return readFlow(typeof answers === 'string' ? answers : JSON.stringify(answers));
}

function readFlow(json: string | undefined): InboundContent | undefined {
  return json === undefined ? undefined : { kind: 'flow', data: parseBoundedJson(json, LONGEST_JSON), json };
}

function text(value: unknown, name: string): string | undefined {
  const found = ownProperty(value, name);
  return typeof found === 'string' && found !== '' ? found : undefined;
}
