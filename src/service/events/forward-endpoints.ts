import { parseUrl } from '../../common/parse-url';
import { hideSecrets } from '../../whatsapp-twilio/contract/hide-secrets';
import type { ConfigProblem } from '../../whatsapp-twilio/contract/whatsapp-twilio-config.error';
import { outboundStatuses } from '../../whatsapp-twilio/messages/message-status';
import { type EventType, eventTypes } from '../../whatsapp-twilio/events/event';

/** Where events are posted, and which. Printing it shows no secret. */
export interface ForwardEndpoint {
  /** Names it in the log, in metrics and among dead letters. */
  readonly name: string;
  readonly url: string;
  /** As Standard Webhooks has it: `whsec_` and base64. */
  readonly secret: string;
  /** Only events of these; all of them, unless given. */
  readonly connections?: readonly string[];
  readonly types?: readonly EventType[];
  readonly statuses?: readonly string[];
}

const MOST_ENDPOINTS = 20;
const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;
const URL_RULE = 'an http(s) URL without credentials and fragment.';
const SECRET_RULE = 'whsec_ and 24 to 64 bytes in base64; `echo "whsec_$(openssl rand -base64 32)"` makes one.';
const FIELDS = ['name', 'url', 'secret', 'connections', 'types', 'statuses'];

interface GivenEndpoints {
  readonly url: string;
  readonly secret: string;
  readonly endpoints: string;
}

/** `FORWARD_URL` is one endpoint for everything; `FORWARD_ENDPOINTS` a JSON list of endpoints with filters. */
export function readForwardEndpoints(
  { url, secret, endpoints }: GivenEndpoints,
  problems: ConfigProblem[],
): readonly ForwardEndpoint[] {
  const read: ForwardEndpoint[] = [];
  const alone = onlyEndpoint(url, secret, problems);
  if (alone !== undefined) read.push(alone);
  if (endpoints === '') return read;
  const list = parseList(endpoints);
  if (list === undefined) {
    problems.push({
      name: 'FORWARD_ENDPOINTS',
      message: `must be a JSON list of up to ${MOST_ENDPOINTS} objects with name, url and secret, and connections, types and statuses as filters.`,
    });
  }
  for (const [index, candidate] of (list ?? []).entries()) {
    const problem = problemOf(candidate) ?? nameClash(candidate as ForwardEndpoint, read);
    if (problem === undefined) read.push(hidingItsSecret(candidate as ForwardEndpoint));
    else problems.push({ name: 'FORWARD_ENDPOINTS', message: `entry ${index + 1} ${problem}` });
  }
  return read;
}

/** The endpoint of `FORWARD_URL` and `FORWARD_SECRET`, each with its own complaint. */
function onlyEndpoint(url: string, secret: string, problems: ConfigProblem[]): ForwardEndpoint | undefined {
  if (url === '' && secret === '') return undefined;
  const before = problems.length;
  const isSecretUnreadable = problems.some(({ name }) => /^FORWARD_SECRET(_FILE)?$/.test(name));
  if (url === '') problems.push({ name: 'FORWARD_URL', message: 'is missing, while FORWARD_SECRET is set.' });
  else if (!isUrl(url)) problems.push({ name: 'FORWARD_URL', message: `must be ${URL_RULE}` });
  if (secret === '' && !isSecretUnreadable) {
    problems.push({ name: 'FORWARD_SECRET', message: `is missing, while FORWARD_URL is set: ${SECRET_RULE}` });
  } else if (secret !== '' && !isSecret(secret)) {
    problems.push({ name: 'FORWARD_SECRET', message: `must be ${SECRET_RULE}` });
  }
  return problems.length > before || secret === '' ? undefined : hidingItsSecret({ name: 'default', url, secret });
}

function hidingItsSecret(endpoint: ForwardEndpoint): ForwardEndpoint {
  return hideSecrets({ ...endpoint }, { name: endpoint.name });
}

function parseList(text: string): unknown[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.length <= MOST_ENDPOINTS ? list : undefined;
  } catch {
    return undefined;
  }
}

/** What is wrong with an endpoint, as the rest of a sentence that repeats no value. */
function problemOf(candidate: unknown): string | undefined {
  if (typeof candidate !== 'object' || candidate === null) return 'must be an object with name, url and secret.';
  const unknown = Object.keys(candidate).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) return `has a field that is not known; the fields are ${FIELDS.join(', ')}.`;
  const { name, url, secret, connections, types, statuses } = candidate as Record<string, unknown>;
  if (typeof name !== 'string' || !NAME.test(name)) return 'must have a name of letters, digits, ".", "_" and "-".';
  if (!isUrl(url)) return `must have as url ${URL_RULE}`;
  if (!isSecret(secret)) return `must have as secret ${SECRET_RULE}`;
  if (!isListOf(connections, (id) => NAME.test(id))) return 'must have connections as a list of ids.';
  if (!isListOf(types, (type) => (eventTypes as readonly string[]).includes(type))) {
    return `must have types as a list of ${eventTypes.join(', ')}.`;
  }
  if (!isListOf(statuses, (status) => (outboundStatuses as readonly string[]).includes(status))) {
    return 'must have statuses as a list of statuses of messages.';
  }
  return undefined;
}

function isUrl(url: unknown): boolean {
  const parsed = typeof url === 'string' ? parseUrl(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) return false;
  return parsed.username === '' && parsed.password === '' && parsed.hash === '';
}

/** As Standard Webhooks has them: 24 to 64 bytes. */
function isSecret(secret: unknown): boolean {
  if (typeof secret !== 'string' || !/^(whsec_)?[A-Za-z0-9+/]+={0,2}$/.test(secret)) return false;
  const bytes = Buffer.from(secret.replace(/^whsec_/, ''), 'base64').length;
  return bytes >= 24 && bytes <= 64;
}

function isListOf(value: unknown, fits: (item: string) => boolean): boolean {
  if (value === undefined) return true;
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string' && fits(item));
}

function nameClash({ name }: ForwardEndpoint, others: readonly ForwardEndpoint[]): string | undefined {
  return others.some((other) => other.name === name) ? `has the name ${name}, which another endpoint has.` : undefined;
}
