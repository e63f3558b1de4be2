// WhatsApp's own formatting: *bold* _italic_ ~strike~ `code` ```mono```, lists and quotes.
// @see https://faq.whatsapp.com/539178204879377

import { element } from '../base/dom.js';

const TAGS = { '*': 'strong', _: 'em', '~': 's' };
const WORD = /[\p{L}\p{N}]/u;
const LINK = /https?:\/\/[^\s<>"]+/y;
const LINES = [
  ['quote', /^> ?(.*)$/],
  ['bullet', /^[*-] (.+)$/],
  ['number', /^(\d{1,4})\. (.+)$/],
];

/** The text as nodes. Whatever it says, it stays text. */
export function formatted(text) {
  return text
    .split(/```([\s\S]+?)```/)
    .flatMap((part, index) => (index % 2 === 1 ? element('code', { className: 'mono' }, part) : blocks(part)));
}

function blocks(text) {
  const runs = [];
  for (const line of text.split('\n')) {
    const [kind, match] = kindOf(line);
    const last = runs.at(-1);
    if (last?.kind === kind) last.lines.push(match);
    else runs.push({ kind, lines: [match] });
  }
  return runs.flatMap(block);
}

function kindOf(line) {
  for (const [kind, pattern] of LINES) {
    const match = pattern.exec(line);
    if (match) return [kind, match];
  }
  return ['plain', [line, line]];
}

function block({ kind, lines }) {
  if (kind === 'plain') return inline(lines.map(([line]) => line).join('\n'));
  if (kind === 'quote') return element('blockquote', {}, inline(lines.map(([, line]) => line).join('\n')));
  if (kind === 'bullet') return element('ul', {}, ...lines.map(([, item]) => element('li', {}, inline(item))));
  const items = lines.map(([, , item]) => element('li', {}, inline(item)));
  return element('ol', { start: Number(lines[0][1]) }, ...items);
}

/** @param within the marks that are open already; the same one does not open twice. */
function inline(text, within = '') {
  const nodes = [];
  let plain = '';
  for (let at = 0; at < text.length;) {
    const span = codeAt(text, at) ?? markedAt(text, at, within) ?? linkAt(text, at);
    if (!span) {
      plain += text[at];
      at += 1;
      continue;
    }
    nodes.push(plain, span.node);
    plain = '';
    at = span.end;
  }
  return [...nodes, plain].filter((node) => node !== '');
}

function codeAt(text, at) {
  if (text[at] !== '`') return undefined;
  const end = text.indexOf('`', at + 1);
  const code = text.slice(at + 1, end);
  if (end < 0 || code === '' || code.includes('\n')) return undefined;
  return { node: element('code', {}, code), end: end + 1 };
}

/** A mark opens at the beginning of a word, and closes at the end of one on the same line. */
function markedAt(text, at, within) {
  const mark = text[at];
  if (!(mark in TAGS) || within.includes(mark) || !opens(text, at)) return undefined;
  for (let end = at + 2; end < text.length && text[end] !== '\n'; end++) {
    if (text[end] !== mark || isSpace(text[end - 1]) || isWord(text[end + 1])) continue;
    const content = text.slice(at + 1, end);
    return { node: element(TAGS[mark], {}, inline(content, within + mark)), end: end + 1 };
  }
  return undefined;
}

function opens(text, at) {
  const next = text[at + 1];
  return !isWord(text[at - 1]) && !isSpace(next) && next !== text[at];
}

function linkAt(text, at) {
  if (text[at] !== 'h') return undefined;
  LINK.lastIndex = at;
  const href = LINK.exec(text)?.[0].replace(/[.,;:!?)'*_~]+$/, '');
  if (href === undefined) return undefined;
  const node = element('a', { href, target: '_blank', rel: 'noopener noreferrer' }, href);
  return { node, end: at + href.length };
}

const isWord = (character) => character !== undefined && WORD.test(character);
const isSpace = (character) => character === undefined || /\s/.test(character);

const EMOJI = /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|\u200d|\ufe0f)+$/u;

/** Up to three emoji and nothing else are shown large. */
export function isLarge(text) {
  return text.length <= 40 && EMOJI.test(text) && [...new Intl.Segmenter().segment(text)].length <= 3;
}
