import { element } from '../base/dom.js';

const TONES = 8;

/** The first letters of a name, on a colour that the name always has. */
export function avatar(name) {
  const letters = [
    ...name
      .replace(/[^\p{L}\p{N}\s]/gu, ' ')
      .trim()
      .matchAll(/(?:^|\s)(\S)/gu),
  ].map(([, letter]) => letter);
  let sum = 0;
  for (const character of name) sum += character.codePointAt(0);
  return element(
    'span',
    { className: 'avatar', 'data-tone': String(sum % TONES), 'aria-hidden': 'true' },
    /\p{L}/u.test(letters[0] ?? '') ? letters.slice(0, 2).join('').toUpperCase() : '#',
  );
}
