const DEEPEST = 32;

/**
 * Parses JSON that came from outside; `undefined` if it is no JSON, longer than `longest` characters, or nested so deep
 * that walking it could exhaust the stack.
 */
export function parseBoundedJson(text: string, longest: number): unknown {
  if (text.length > longest) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isWithinDepth(value, DEEPEST) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The own property `name` of an object; `undefined` for anything that has none. */
export function ownProperty(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

function isWithinDepth(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((inner) => isWithinDepth(inner, depth - 1));
}
