// The tools, one at a time. @see https://www.w3.org/WAI/ARIA/apg/patterns/tabs/

import { find } from '../base/dom.js';

const tabs = [...document.querySelectorAll('#tool-tabs [role="tab"]')];
const KEYS = { ArrowRight: 1, ArrowLeft: -1 };

function select(tab) {
  for (const other of tabs) {
    const isSelected = other === tab;
    other.setAttribute('aria-selected', String(isSelected));
    other.tabIndex = isSelected ? 0 : -1;
    find(other.getAttribute('aria-controls')).hidden = !isSelected;
  }
}

export function startTabs() {
  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener('click', () => select(tab));
    tab.addEventListener('keydown', ({ key }) => {
      if (!(key in KEYS)) return;
      const next = tabs[(index + KEYS[key] + tabs.length) % tabs.length];
      select(next);
      next.focus();
    });
  }
  select(tabs[0]);
}
