import { parseXml, textOf, type XmlElement, XmlError } from './xml';

/** One `<Message>` of the answer to an inbound message. */
export interface TwimlMessage {
  readonly verb: 'Message';
  readonly body: string;
  readonly mediaUrls: readonly string[];
  /** Another recipient than the one who wrote. */
  readonly to?: string;
  /** Another sender than the one who was written to. */
  readonly from?: string;
  /** Where the reply's status callbacks go. */
  readonly statusCallback?: string;
}

/** Asks another URL for what to do next. */
export interface TwimlRedirect {
  readonly verb: 'Redirect';
  readonly url: string;
  readonly method: 'GET' | 'POST';
}

export type TwimlVerb = TwimlMessage | TwimlRedirect;

/** What an answer asks for, or why Twilio cannot follow it. */
export type Twiml =
  | { readonly valid: true; readonly verbs: readonly TwimlVerb[]; readonly warning?: TwimlProblem }
  | { readonly valid: false; readonly problem: TwimlProblem };

export interface TwimlProblem {
  readonly code: number;
  readonly text: string;
}

const MOST_MESSAGES = 10;

/** What follows a redirect is not reached. @see https://www.twilio.com/docs/messaging/twiml */
export function parseTwiml(document: string): Twiml {
  const version = /^\s*<\?xml\s+version\s*=\s*["']([^"']*)["']/.exec(document)?.[1];
  if (version !== undefined && version !== '1.0') return problem(12101, `Invalid XML version: ${version}`);
  let root: XmlElement;
  try {
    root = parseXml(document);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    return problem(12100, `Document parse failure: ${error.message}`);
  }
  if (root.name !== 'Response') return problem(12102, `Root element must be <Response>, not <${root.name}>`);
  const elements = root.children.filter((child) => typeof child !== 'string');
  const all = elements.map(readVerb).filter((verb) => verb !== undefined);
  const redirect = all.findIndex(({ verb }) => verb === 'Redirect');
  const verbs = redirect < 0 ? all : all.slice(0, redirect + 1);
  const messages = verbs.filter(({ verb }) => verb === 'Message');
  if (messages.length > MOST_MESSAGES) {
    const warning = { code: 14109, text: `Reply message limit exceeded: only ${MOST_MESSAGES} are sent` };
    return { valid: true, verbs: messages.slice(0, MOST_MESSAGES), warning };
  }
  const unknown = elements.find(({ name }) => name !== 'Message' && name !== 'Redirect');
  if (unknown === undefined) return { valid: true, verbs };
  return { valid: true, verbs, warning: { code: 12200, text: `Schema validation warning: <${unknown.name}>` } };
}

function readVerb(element: XmlElement): TwimlVerb | undefined {
  if (element.name === 'Message') return readMessage(element);
  if (element.name !== 'Redirect') return undefined;
  const method = element.attributes.method?.toUpperCase() === 'GET' ? 'GET' : 'POST';
  return { verb: 'Redirect', url: textOf(element).trim(), method };
}

function readMessage(element: XmlElement): TwimlMessage {
  const children = element.children.filter((child) => typeof child !== 'string');
  const bodies = children.filter((child) => child.name === 'Body');
  const direct = element.children
    .filter((child) => typeof child === 'string')
    .join('')
    .trim();
  const { to, from, action, statusCallback = action } = element.attributes;
  return {
    verb: 'Message',
    body: bodies.length > 0 ? bodies.map(textOf).join('') : direct,
    mediaUrls: children.filter((child) => child.name === 'Media').map((media) => textOf(media).trim()),
    ...(to === undefined ? {} : { to }),
    ...(from === undefined ? {} : { from }),
    ...(statusCallback === undefined ? {} : { statusCallback: action ?? statusCallback }),
  };
}

function problem(code: number, text: string): Twiml {
  return { valid: false, problem: { code, text } };
}
