import { parseTwiml, type TwimlProblem, type TwimlVerb } from './twiml';
import type { WebhookResult } from './webhook-sender';

export interface Judgement {
  /** Whether Twilio is content with the answer; otherwise it tries the fallback URL. */
  readonly accepted: boolean;
  readonly verbs: readonly TwimlVerb[];
  readonly problems: readonly (TwimlProblem & { readonly level: 'error' | 'warning' })[];
}

/**
 * What Twilio makes of the answer to an inbound message.
 *
 * @see https://www.twilio.com/docs/messaging/twiml#twilios-request-to-your-application
 */
export function judge(result: WebhookResult): Judgement {
  const judgement = judgeAnswer(result);
  const warnings = (result.warnings ?? []).map(({ code, text }) => ({ code, text, level: 'warning' as const }));
  return warnings.length === 0 ? judgement : { ...judgement, problems: [...warnings, ...judgement.problems] };
}

function judgeAnswer(result: WebhookResult): Judgement {
  if (!result.answered) return refused(result.code, result.text);
  const { status, contentType, body } = result;
  if (status < 200 || status > 299) return refused(11200, `HTTP retrieval failure: the answer was ${status}`);
  if (status === 204) return { accepted: true, verbs: [], problems: [] };
  const type = contentType.replace(/;.*$/s, '').trim().toLowerCase();
  if (type === 'text/plain') {
    // Twilio passes plain text on to the user.
    return { accepted: true, verbs: body === '' ? [] : [{ verb: 'Message', body, mediaUrls: [] }], problems: [] };
  }
  if (type === '') return refused(11200, 'HTTP retrieval failure: the answer has no Content-Type');
  if (!['text/xml', 'application/xml', 'text/html'].includes(type))
    return refused(12300, `Invalid Content-Type: ${type}`);
  if (body.trim() === '') return refused(11770, 'Empty TwiML response body');
  const twiml = parseTwiml(body);
  if (!twiml.valid) return refused(twiml.problem.code, twiml.problem.text);
  const problems = twiml.warning === undefined ? [] : [{ ...twiml.warning, level: 'warning' as const }];
  return { accepted: true, verbs: twiml.verbs, problems };
}

function refused(code: number, text: string): Judgement {
  return { accepted: false, verbs: [], problems: [{ code, text, level: 'error' }] };
}
