import type { ValidateFunction } from 'ajv';
import { accountOperations, apiOperations } from './api';
import { contentOperations, monitorOperations } from './content';
import { errorBody } from './envelopes';
import { messagingOperations } from './messaging';
import { check, compile, formObject, type FormSchema } from './schema';

/** One operation of Twilio's published description. */
export interface Operation {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** A regular expression, but for the dot before `json`. */
  readonly path: string;
  /** Of the query or of the form. */
  readonly form?: FormSchema;
  readonly json?: object;
  readonly status: number;
  readonly answer?: object;
}

/** What was asked and what was answered. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly parameters: URLSearchParams;
  readonly json?: unknown;
  readonly status: number;
  readonly body: unknown;
}

interface Checked extends Operation {
  readonly pattern: RegExp;
  readonly validateForm: ValidateFunction | undefined;
  readonly validateJson: ValidateFunction | undefined;
  readonly validateAnswer: ValidateFunction | undefined;
}

const OPERATIONS: readonly Checked[] = [
  ...apiOperations,
  ...accountOperations,
  ...messagingOperations,
  ...contentOperations,
  ...monitorOperations,
].map((operation) =>
  Object.assign({}, operation, {
    pattern: new RegExp(`^${operation.path.replace('.json', '\\.json')}$`),
    validateForm: operation.form && compile(operation.form),
    validateJson: operation.json && compile(operation.json),
    validateAnswer: operation.answer && compile(operation.answer),
  }),
);
const validateError = compile(errorBody);

/** Throws unless Twilio describes such a call, and, where it went well, such a request and such an answer to it. */
export function assertExchange(exchange: Exchange): void {
  const { method, path, status, body } = exchange;
  const operation = OPERATIONS.find((one) => one.method === method && one.pattern.test(path));
  if (!operation) throw new Error(`Twilio describes no ${method} ${path}`);
  if (status >= 400) {
    check(`${operation.name} error`, validateError, body);
    return;
  }
  if (operation.form && operation.validateForm) {
    check(`${operation.name} parameters`, operation.validateForm, formObject(exchange.parameters, operation.form));
  }
  if (operation.validateJson) check(`${operation.name} body`, operation.validateJson, exchange.json);
  if (status !== operation.status)
    throw new Error(`${operation.name} is answered with ${operation.status}, not ${status}`);
  if (operation.validateAnswer) check(`${operation.name} answer`, operation.validateAnswer, body);
}
