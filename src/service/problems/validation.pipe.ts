import { type ValidationError, ValidationPipe } from '@nestjs/common';
import { ApiProblem, type ProblemField } from './problem';

/**
 * Checks what has a class: refuses what it does not know, and lists everything that is wrong at once. Webhooks have no
 * class and pass untouched: Twilio may add a parameter at any time.
 */
export function createValidationPipe(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    // One sentence for each field: the first that does not hold.
    stopAtFirstError: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => validationProblem(errors.flatMap((error) => fieldsOf(error))),
  });
}

/** What is wrong with a request, field by field. */
export function validationProblem(errors: readonly ProblemField[]): ApiProblem {
  return new ApiProblem({
    status: 400,
    code: 'VALIDATION_FAILED',
    detail: errors.map(({ message }) => message).join(' '),
    errors,
  });
}

function fieldsOf({ property, constraints = {}, children = [] }: ValidationError, parent = ''): ProblemField[] {
  const field = parent === '' ? property : `${parent}.${property}`;
  const own = Object.entries(constraints).map(([rule, message]) =>
    rule === 'whitelistValidation'
      ? { field, code: 'unknown', message: `${field} is not known here.` }
      : { field, code: 'invalid', message: sentence(field, property, message) },
  );
  return [...own, ...children.flatMap((child) => fieldsOf(child, field))];
}

/** class-validator's messages begin with the property; ours continue it. */
function sentence(field: string, property: string, message: string): string {
  const rest = message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
  return `${field} ${rest}${rest.endsWith('.') ? '' : '.'}`;
}
