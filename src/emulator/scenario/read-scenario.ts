import { parseDuration } from '../../common/duration';
import { parseAddress } from '../../whatsapp-twilio/messages/address';
import type { NewContent } from '../accounts/provision-content';
import { readFaults } from '../faults/read-faults';
import type { MessageStatus } from '../message';
import { areContentTypes, contentProblem } from '../rules/check-content';
import type { Action, Scenario, ScenarioPhone, Step, TextMatcher } from './scenario';

type Fields = Readonly<Record<string, unknown>>;

const DEFAULT_WITHIN = '5s';
const MOST_STEPS = 10_000;

/**
 * Reads a scenario from what a YAML or JSON file says.
 *
 * @throws RangeError that names the place and says what can be there.
 */
export function readScenario(given: unknown): Scenario {
  const fields = record('The scenario', given);
  only('The scenario', fields, ['name', 'seed', 'phones', 'templates', 'steps']);
  const phones = new Map(
    Object.entries(record('phones', fields.phones)).map(([name, phone]) => [name, readPhone(name, phone)]),
  );
  if (phones.size === 0) throw new RangeError('phones is empty. Name one: { ana: { number: "+15551230001" } }');
  const names = [...phones.keys()];
  const steps = list('steps', fields.steps);
  if (steps.length === 0) throw new RangeError('steps is empty. Name one: - ana: { sends: hi }');
  if (steps.length > MOST_STEPS) throw new RangeError(`steps has more than ${MOST_STEPS} entries`);
  return {
    name: text('name', fields.name ?? 'scenario'),
    seed: fields.seed === undefined ? undefined : whole('seed', fields.seed),
    phones: Object.fromEntries(phones),
    templates: list('templates', fields.templates ?? []).map((one, index) => readTemplate(`templates[${index}]`, one)),
    steps: steps.map((step, index) => readStep(`steps[${index}]`, step, names)),
  };
}

function readPhone(name: string, given: unknown): ScenarioPhone {
  const where = `phones.${name}`;
  const fields = isObject(given) ? record(where, given) : { number: text(where, given) };
  only(where, fields, ['number', 'profileName', 'bsuid', 'onWhatsapp', 'open', 'readReceipts']);
  const number = text(`${where}.number`, fields.number);
  if (!parseAddress(number))
    throw new RangeError(`${where}.number is neither a number such as "+15551230001" nor a user id`);
  const flags = ['onWhatsapp', 'open', 'readReceipts'].filter((flag) => fields[flag] !== undefined);
  const texts = ['profileName', 'bsuid'].filter((field) => fields[field] !== undefined);
  return {
    number,
    ...Object.fromEntries(flags.map((flag) => [flag, bool(`${where}.${flag}`, fields[flag])])),
    ...Object.fromEntries(texts.map((field) => [field, text(`${where}.${field}`, fields[field])])),
  };
}

function readTemplate(where: string, given: unknown): NewContent {
  const fields = record(where, given);
  only(where, fields, ['sid', 'friendlyName', 'language', 'types', 'variables', 'approved']);
  const { types } = fields;
  if (!areContentTypes(types)) throw new RangeError(`${where}: ${contentProblem(types, undefined)}`);
  const sid = text(`${where}.sid`, fields.sid);
  if (!/^HX[0-9a-fA-F]{32}$/.test(sid)) throw new RangeError(`${where}.sid is no content SID (HX and 32 hex digits)`);
  return {
    sid,
    types,
    friendlyName: fields.friendlyName === undefined ? undefined : text(`${where}.friendlyName`, fields.friendlyName),
    language: fields.language === undefined ? undefined : text(`${where}.language`, fields.language),
    variables: fields.variables === undefined ? undefined : readVariables(where, fields.variables),
    approved: fields.approved === undefined ? undefined : bool(`${where}.approved`, fields.approved),
  };
}

function readVariables(where: string, given: unknown): Record<string, string> {
  const entries = Object.entries(record(`${where}.variables`, given));
  return Object.fromEntries(entries.map(([name, value]) => [name, text(`${where}.variables.${name}`, value)]));
}

type ActionReader = (where: string, value: unknown, phone: string, withinMs: number) => Action;

/** What a phone does, or what is seen of it. */
const PHONE_ACTIONS: Readonly<Record<string, ActionReader>> = {
  sends: (where, value, phone) => ({
    kind: 'sends',
    phone,
    message: isObject(value) ? record(where, value) : { kind: 'text', text: text(where, value) },
  }),
  receives: (where, value, phone, withinMs) => ({ kind: 'receives', phone, text: matcher(where, value), withinMs }),
  taps: (where, value, phone) => ({ kind: 'taps', phone, title: text(where, value) }),
  picks: (where, value, phone) => ({ kind: 'picks', phone, title: text(where, value) }),
  replies: (where, value, phone) => ({ kind: 'replies', phone, text: text(where, value) }),
  reacts: (where, value, phone) => ({ kind: 'reacts', phone, emoji: text(where, value) }),
  reads: (_where, _value, phone) => ({ kind: 'reads', phone }),
  online: (where, value, phone) => ({ kind: 'online', phone, on: bool(where, value) }),
  blocks: (where, value, phone) => ({ kind: 'blocks', phone, on: bool(where, value) }),
  optsOut: (where, value, phone) => ({ kind: 'optsOut', phone, on: bool(where, value) }),
  status: (where, value, phone, withinMs) => ({ kind: 'status', phone, status: status(where, value), withinMs }),
  error: (where, value, phone, withinMs) => ({ kind: 'error', phone, code: whole(where, value), withinMs }),
};

const WORLD_ACTIONS: Readonly<Record<string, ActionReader>> = {
  advance: (where, value) => ({ kind: 'advance', by: duration(where, value) }),
  faults: (where, value) => ({ kind: 'faults', faults: at(where, () => readFaults(value)) }),
  settle: () => ({ kind: 'settle' }),
  alerts: (where, value) => ({ kind: 'alerts', codes: list(where, value).map((code) => whole(where, code)) }),
};

/** `{ ana: { sends: hi } }`, `{ ana: { receives: /hello/i, within: 2s } }` or `{ advance: 25h }`. */
function readStep(where: string, given: unknown, phones: readonly string[]): Step {
  const [[name, value] = ['', undefined], ...more] = Object.entries(record(where, given));
  if (more.length > 0) throw new RangeError(`${where} has more than one entry. Write a step for each.`);
  const world = Object.hasOwn(WORLD_ACTIONS, name) ? WORLD_ACTIONS[name] : undefined;
  if (world) return { action: world(`${where}.${name}`, value, '', 0), title: `${name} ${inWords(value)}` };
  if (!phones.includes(name)) {
    const known = [...phones, ...Object.keys(WORLD_ACTIONS)].join(', ');
    throw new RangeError(`${where} begins with ${JSON.stringify(name)}. It can be ${known}.`);
  }
  return readPhoneStep(`${where}.${name}`, record(`${where}.${name}`, value), name);
}

function readPhoneStep(where: string, fields: Fields, phone: string): Step {
  const { within = DEFAULT_WITHIN, ...rest } = fields;
  const [[verb, value] = ['', undefined], ...more] = Object.entries(rest);
  const read = Object.hasOwn(PHONE_ACTIONS, verb) ? PHONE_ACTIONS[verb] : undefined;
  if (!read || more.length > 0) {
    throw new RangeError(`${where} has to have one of ${Object.keys(PHONE_ACTIONS).join(', ')}.`);
  }
  const withinMs = duration(`${where}.within`, within);
  return {
    action: read(`${where}.${verb}`, value, phone, withinMs),
    title: `${phone} ${verb} ${inWords(value)}`.trim(),
  };
}

/** `/hello/i` is an expression; anything else is the text itself. */
function matcher(where: string, value: unknown): TextMatcher {
  const source = text(where, value);
  const [, pattern, flags] = /^\/(.+)\/([imsu]*)$/s.exec(source) ?? [];
  if (pattern === undefined) return source;
  return at(where, () => new RegExp(pattern, flags));
}

/** Says where it is that something was wrong. */
function at<Result>(where: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw new RangeError(`${where}: ${(error as Error).message}`, { cause: error });
  }
}

function duration(where: string, value: unknown): number {
  return at(where, () => parseDuration(typeof value === 'number' ? value : text('it', value)));
}

const STATUSES: readonly MessageStatus[] = [
  'accepted',
  'scheduled',
  'queued',
  'sent',
  'delivered',
  'read',
  'undelivered',
  'failed',
  'canceled',
];

function status(where: string, value: unknown): MessageStatus {
  const found = STATUSES.find((one) => one === value);
  if (!found) throw new RangeError(`${where} is none of ${STATUSES.join(', ')}`);
  return found;
}

function inWords(value: unknown): string {
  if (value === true || value === undefined || value === null) return '';
  return typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function record(where: string, value: unknown): Fields {
  if (isObject(value) && !Array.isArray(value)) return { ...value };
  throw new RangeError(`${where} is not a mapping`);
}

function list(where: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new RangeError(`${where} is not a list`);
}

function only(where: string, fields: Fields, names: readonly string[]): void {
  const unknown = Object.keys(fields).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new RangeError(`${where} has no ${unknown}. It has ${names.join(', ')}.`);
}

function text(where: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  const hint = ['number', 'boolean'].includes(typeof value) ? ': put it in quotes' : '';
  throw new RangeError(`${where} is not a text${hint}`);
}

function whole(where: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw new RangeError(`${where} is not a whole number`);
}

function bool(where: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new RangeError(`${where} is neither true nor false`);
}
