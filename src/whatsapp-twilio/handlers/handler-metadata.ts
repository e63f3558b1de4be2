/** A decorator for methods that can be called like `Handler`; others do not compile. */
export type HandlerDecorator<Handler> = <Method extends Handler>(
  target: object,
  property: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/** Notes on the method which events it wants, after checking that they exist. Several decorators on it add up. */
export function checkedFilter<Handler, Value extends string>(
  decorator: string,
  metadataKey: string,
  permitted: readonly Value[],
  wanted: readonly Value[],
): HandlerDecorator<Handler> {
  const unknown = wanted.filter((value) => !permitted.includes(value));
  if (unknown.length > 0) {
    throw new TypeError(`@${decorator}(${unknown.join(', ')}): not known. Use any of ${permitted.join(', ')}.`);
  }
  const filter = wanted.length > 0 ? wanted : permitted;
  return (target, property, descriptor) => {
    const method = descriptor.value;
    if (typeof target === 'function' || typeof property === 'symbol') {
      throw new TypeError(`@${decorator} goes on a method of the instance with a name, not on ${String(property)}.`);
    }
    if (typeof method !== 'function') throw new TypeError(`@${decorator} goes on a method, not on ${property}.`);
    const earlier = filterOf(method, metadataKey) ?? [];
    Reflect.defineMetadata(metadataKey, [...new Set([...earlier, ...filter])], method);
  };
}

/** The events that a method wants, or nothing if it is no handler. */
export function filterOf(method: object, metadataKey: string): readonly string[] | undefined {
  return Reflect.getMetadata(metadataKey, method) as readonly string[] | undefined;
}
