import { LONGEST_VALIDITY_S } from '../message';
import { invalid } from './twilio-error';

/** `ValidityPeriod`, in seconds. @throws TwilioError 400 for what is no time from 1 s to 10 hours. */
export function readValidity(form: URLSearchParams): number | undefined {
  const text = form.get('ValidityPeriod');
  if (text === null) return undefined;
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (seconds < 1 || seconds > LONGEST_VALIDITY_S) throw invalid(20422, 'Invalid Parameter: ValidityPeriod');
  return seconds;
}
