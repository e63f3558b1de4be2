/** An element with properties and children. Text is put in as text, never as HTML. */
export function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children.filter((child) => child !== undefined));
  return node;
}

/** A line drawing in a box of 24 by 24, in the colour of the text around it. */
export function icon(path, width = 24) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', `0 0 ${width} 24`);
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

/** The time of day, as this browser's user writes it. */
export function timeNode(at, options = { hour: '2-digit', minute: '2-digit' }) {
  const time = new Date(at);
  return element('time', { dateTime: time.toISOString() }, time.toLocaleTimeString([], options));
}
