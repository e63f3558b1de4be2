/**
 * An answer of 4xx or 5xx in the shape of the 2010-04-01 API: `{ code, message, more_info, status }`.
 *
 * @see https://www.twilio.com/docs/usage/twilios-response#exceptions
 */
export class TwilioError extends Error {
  constructor(
    readonly status: number,
    readonly code: number,
    message: string,
    readonly detail?: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'TwilioError';
  }

  body(): Record<string, unknown> {
    return {
      code: this.code,
      ...(this.detail === undefined ? {} : { detail: this.detail }),
      message: this.message,
      more_info: `https://www.twilio.com/docs/errors/${this.code}`,
      status: this.status,
    };
  }
}

/** A request that Twilio understands and refuses (400). */
export function invalid(code: number, message: string): TwilioError {
  return new TwilioError(400, code, message);
}

export function notFound(path: string): TwilioError {
  return new TwilioError(404, 20404, `The requested resource ${path} was not found`);
}

export function wrongCredentials(): TwilioError {
  return new TwilioError(401, 20003, 'Authenticate', 'Your AccountSid or AuthToken was incorrect.');
}

/** @see https://www.twilio.com/docs/api/errors/20004 */
export function methodNotAllowed(
  call: { readonly method: string; readonly path: string },
  allowed: readonly string[],
): TwilioError {
  const message = `Method not allowed: ${call.method} on ${call.path}`;
  return new TwilioError(405, 20004, message, undefined, { allow: allowed.join(', ') });
}
