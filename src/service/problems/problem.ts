import { HttpException } from '@nestjs/common';

/** One refused field. */
export interface ProblemField {
  /** A path such as `template.contentSid`, or the name of a query parameter. */
  readonly field: string;
  readonly code: string;
  readonly message: string;
}

/** An error as RFC 9457 describes it, with our extensions. */
export interface ProblemDetails {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  /** A stable name to branch on. */
  readonly code: string;
  /** What to do, for a person. */
  readonly detail: string;
  /** Every field that has to change. */
  readonly errors?: readonly ProblemField[];
  /** Twilio's error code, where Twilio said no. */
  readonly twilioCode?: number;
  readonly requestId: string;
}

/** What makes a problem of the API's own. */
export interface ApiProblemInit {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly ProblemField[];
  /** Seconds after which it is worth another try. */
  readonly retryAfterSeconds?: number;
}

/** An error that the API finds itself. */
export class ApiProblem extends HttpException {
  readonly code: string;
  readonly errors?: readonly ProblemField[];
  readonly retryAfterSeconds?: number;

  constructor({ status, code, detail, errors, retryAfterSeconds }: ApiProblemInit) {
    super(detail, status);
    this.code = code;
    if (errors !== undefined) this.errors = errors;
    if (retryAfterSeconds !== undefined) this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** There is nothing with this name, or nothing that the caller may see. */
export function notFound(code: string, detail: string): ApiProblem {
  return new ApiProblem({ status: 404, code, detail });
}
