/** The text of a body, or `undefined` if it is larger than `limit` bytes. */
export async function readAtMost(stream: AsyncIterable<Buffer>, limit: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const NO_CONNECTION = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Whether nothing was sent, because no connection came about. */
export function neverConnected(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && NO_CONNECTION.has(String(error.code));
}
