/** The methods that are described for the path of a request; none where nothing is. */
export type AllowedMethods = (path: string) => readonly string[];

/** Reads them from the paths of an OpenAPI document. */
export function allowedMethods(paths: Readonly<Record<string, object>>): AllowedMethods {
  const routes = Object.entries(paths).map(([path, operations]) => ({
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    methods: Object.keys(operations).map((method) => method.toUpperCase()),
  }));
  return (path) =>
    routes
      .filter(({ pattern }) => pattern.test(path))
      .flatMap(({ methods }) => methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])));
}
