// Light or dark: as the system is, until the user chooses.

import { find } from './dom.js';
import { icon } from './icons.js';

const dark = matchMedia('(prefers-color-scheme: dark)');
const chosen = () => localStorage.getItem('theme');

function show() {
  const isDark = (chosen() ?? (dark.matches ? 'dark' : 'light')) === 'dark';
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
  const button = find('theme');
  button.replaceChildren(icon(isDark ? 'sun' : 'moon'));
  button.setAttribute('aria-pressed', String(isDark));
}

export function startTheme() {
  find('theme').addEventListener('click', () => {
    const next = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
    // Choosing what the system says anyway is to follow the system again.
    if (next === (dark.matches ? 'dark' : 'light')) localStorage.removeItem('theme');
    else localStorage.setItem('theme', next);
    show();
  });
  dark.addEventListener('change', show);
  show();
}
