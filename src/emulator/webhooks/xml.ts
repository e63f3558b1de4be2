/** An element of an XML document; text and CDATA are its string children. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: (XmlElement | string)[];
}

export class XmlError extends Error {
  override readonly name = 'XmlError';
}

const TOKEN =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<\/([\w:.-]+)\s*>|<([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;
const DEEPEST = 100;
const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * Parses the XML that TwiML needs: elements, attributes, text, CDATA, comments and the predefined entities. A DOCTYPE
 * is refused.
 *
 * @throws XmlError when the document is not well-formed.
 */
export function parseXml(text: string): XmlElement {
  const document: XmlElement = { name: '', attributes: {}, children: [] };
  const open = [document];
  const scanner = new RegExp(TOKEN);
  const source = text.replace(/^\uFEFF/, '').trim();
  while (scanner.lastIndex < source.length) {
    const token = scanner.exec(source);
    if (!token) throw new XmlError('The document is not well-formed');
    const parent = open.at(-1) ?? document;
    const [, cdata, closed, opened, attributes, selfClosed, content] = token;
    if (closed !== undefined) {
      if (open.length === 1 || parent.name !== closed) throw new XmlError(`Unexpected </${closed}>`);
      open.pop();
    } else if (opened !== undefined) {
      const element: XmlElement = { name: opened, attributes: readAttributes(attributes ?? ''), children: [] };
      parent.children.push(element);
      if (selfClosed === '') open.push(element);
      if (open.length > DEEPEST) throw new XmlError('The elements are nested too deeply');
    } else if (cdata !== undefined) {
      parent.children.push(cdata);
    } else if (content !== undefined) {
      parent.children.push(decode(content));
    }
  }
  const [root, ...more] = document.children.filter((child) => typeof child !== 'string' || child.trim() !== '');
  if (open.length > 1) throw new XmlError(`<${open.at(-1)?.name}> is never closed`);
  if (root === undefined || typeof root === 'string' || more.length > 0) throw new XmlError('There is no single root');
  return root;
}

/** The text of an element and all below it. */
export function textOf(element: XmlElement): string {
  return element.children.map((child) => (typeof child === 'string' ? child : textOf(child))).join('');
}

function readAttributes(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name = '', double, single] of text.matchAll(ATTRIBUTE))
    attributes[name] = decode(double ?? single ?? '');
  return attributes;
}

function decode(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{1,8}));|&/gi,
    (entity, decimal?: string, hex?: string, name?: string) => {
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
      const character = name === undefined ? fromCodePoint(code) : ENTITIES[name];
      if (character === undefined) throw new XmlError(`Unknown entity ${entity}`);
      return character;
    },
  );
}

function fromCodePoint(code: number): string | undefined {
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}
