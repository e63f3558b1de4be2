const messages = {
  MEDIA_NOT_FOUND: 'The message has no file with this number. They are counted from 0.',
  MEDIA_GONE: 'Twilio no longer has this file: it was deleted, or it never arrived.',
  MEDIA_ERASED: 'The address of this file was erased after retention.contentDays.',
  MEDIA_NOT_AT_TWILIO: 'The file is not at an address of Twilio’s for this message, so it is not fetched.',
  MEDIA_REFUSED: 'Twilio refuses the credentials of this connection for the file. Check its token or API key.',
  MEDIA_TOO_LARGE: 'The file is larger than this service passes on (100 MiB).',
  MEDIA_UNAVAILABLE: 'The file cannot be fetched from Twilio now. Try again later.',
} as const;

export type MediaErrorCode = keyof typeof messages;

/** Why a file cannot be given; told apart by `code`. */
export class MediaError extends Error {
  readonly retryable: boolean;

  /** @param reason What the system said. */
  constructor(
    readonly code: MediaErrorCode,
    readonly reason?: string,
  ) {
    super(reason === undefined ? messages[code] : `${messages[code]} (${reason})`);
    this.name = 'MediaError';
    this.retryable = code === 'MEDIA_UNAVAILABLE';
  }
}

export function describeRefusal(status: number): MediaError {
  if (status === 404 || status === 410) return new MediaError('MEDIA_GONE');
  if (status === 401 || status === 403) return new MediaError('MEDIA_REFUSED');
  return new MediaError('MEDIA_UNAVAILABLE', `HTTP ${status}`);
}
