/**
 * An element with properties and children. Names with a dash, and `role`, are attributes; what is undefined is left
 * out. Text is put in as text, never as HTML.
 */
export function element(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (key.includes('-') || key === 'role') node.setAttribute(key, value);
    else node[key] = value;
  }
  node.append(...children.flat().filter((child) => child !== undefined && child !== null));
  return node;
}

export const find = (id) => document.getElementById(id);

/** For screen readers only. */
export const hidden = (text) => element('span', { className: 'hidden' }, text);

/** Calls `task` soon, and once for all calls until then. */
export function batched(task, delayMs = 30) {
  let timer;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      task();
    }, delayMs);
  };
}
