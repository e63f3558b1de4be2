// A request as a command for the shell. It is the same request, so a webhook's signature is still right.

const OWN_HEADERS = new Set(['host', 'content-length', 'connection', 'authorization', 'content-type', 'accept']);

export function asCurl({ kind, method, url, headers, parameters }) {
  const target = new URL(url, location.origin).href;
  const parts = [`curl ${method === 'GET' ? '' : `-X ${method} `}${quoted(target)}`];
  // The log has no credentials; whoever runs this has them in the environment.
  if (kind === 'rest') parts.push('-u "$TWILIO_ACCOUNT_SID:$TWILIO_AUTH_TOKEN"');
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (!OWN_HEADERS.has(name)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  }
  for (const [name, value] of Object.entries(method === 'GET' ? {} : parameters)) {
    for (const one of [value].flat()) parts.push(`--data-urlencode ${quoted(`${name}=${one}`)}`);
  }
  return parts.join(' \\\n  ');
}

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
