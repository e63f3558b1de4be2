import { parseXml, textOf, type XmlElement, XmlError } from './xml';

/** One `<Message>` of the answer to an inbound message. */
export interface TwimlMessage {
  readonly body: string;
  readonly mediaUrls: readonly string[];
  /** Another recipient than the one who wrote. */
  readonly to?: string;
  /** Where the reply's status callbacks go. */
  readonly statusCallback?: string;
}

/** What an answer asks for, or why Twilio cannot follow it. */
export type Twiml =
  | { readonly valid: true; readonly messages: readonly TwimlMessage[]; readonly warning?: TwimlProblem }
  | { readonly valid: false; readonly problem: TwimlProblem };

export interface TwimlProblem {
  readonly code: number;
  readonly text: string;
}

const MOST_MESSAGES = 10;

/** @see https://www.twilio.com/docs/messaging/twiml */
export function parseTwiml(document: string): Twiml {
  let root: XmlElement;
  try {
    root = parseXml(document);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    return problem(12100, `Document parse failure: ${error.message}`);
  }
  if (root.name !== 'Response') return problem(12102, `Root element must be <Response>, not <${root.name}>`);
  const verbs = root.children.filter((child) => typeof child !== 'string');
  const messages = verbs.filter((verb) => verb.name === 'Message').map(readMessage);
  const unknown = verbs.find((verb) => verb.name !== 'Message');
  if (messages.length > MOST_MESSAGES) {
    const warning = { code: 14109, text: `Reply message limit exceeded: only ${MOST_MESSAGES} are sent` };
    return { valid: true, messages: messages.slice(0, MOST_MESSAGES), warning };
  }
  if (unknown === undefined) return { valid: true, messages };
  return { valid: true, messages, warning: { code: 12200, text: `Schema validation warning: <${unknown.name}>` } };
}

function readMessage(element: XmlElement): TwimlMessage {
  const children = element.children.filter((child) => typeof child !== 'string');
  const bodies = children.filter((child) => child.name === 'Body');
  const direct = element.children
    .filter((child) => typeof child === 'string')
    .join('')
    .trim();
  const statusCallback = element.attributes.action ?? element.attributes.statusCallback;
  return {
    body: bodies.length > 0 ? bodies.map(textOf).join('') : direct,
    mediaUrls: children.filter((child) => child.name === 'Media').map((media) => textOf(media).trim()),
    ...(element.attributes.to === undefined ? {} : { to: element.attributes.to }),
    ...(statusCallback === undefined ? {} : { statusCallback }),
  };
}

function problem(code: number, text: string): Twiml {
  return { valid: false, problem: { code, text } };
}
