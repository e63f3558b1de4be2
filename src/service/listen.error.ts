const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there. Stop that, or choose another PORT.',
  EACCES: 'this process may not use that port. Choose a PORT above 1023.',
  EADDRNOTAVAIL: 'this machine has no such address. Set HOST to one of its own, or to 0.0.0.0 for all of them.',
  ENOTFOUND: 'there is no host of that name. Set HOST to an address of this machine, or to 0.0.0.0 for all of them.',
};

/** The service cannot take requests where it was told to. */
export class ListenError extends Error {
  readonly code = 'CANNOT_LISTEN';

  constructor(host: string, port: number, cause: NodeJS.ErrnoException) {
    const reason = reasons[cause.code ?? ''] ?? `${cause.message}. Change HOST or PORT.`;
    super(`The service cannot listen on port ${port} of ${host}: ${reason}`, { cause });
    this.name = 'ListenError';
  }
}
