/** The words that opt out and in again. */
export interface OptOutKeywords {
  readonly stop: readonly string[];
  readonly start: readonly string[];
}

/**
 * Twilio's default keywords.
 *
 * @see https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
 */
export const defaultOptOutKeywords: OptOutKeywords = {
  stop: ['STOP', 'STOPALL', 'UNSUBSCRIBE', 'END', 'QUIT', 'CANCEL', 'REVOKE', 'OPTOUT'],
  start: ['START', 'YES', 'UNSTOP'],
};

/** What a user's message says about hearing from us. */
export interface OptOutRequest {
  readonly wants: 'stop' | 'start';
  /** Twilio's Advanced Opt-Out said so, or the user's word did. */
  readonly source: 'twilio' | 'keyword';
}

/**
 * Reads it from `OptOutType`, which Twilio's Advanced Opt-Out adds, else from the text: the whole of it, without the
 * space around it and in any case, has to be a keyword. A button that says CANCEL is no text.
 */
export function readOptOutRequest(
  params: Readonly<Record<string, string>>,
  keywords: OptOutKeywords,
): OptOutRequest | undefined {
  const type = params['OptOutType']?.toUpperCase();
  if (type === 'STOP') return { wants: 'stop', source: 'twilio' };
  if (type === 'START') return { wants: 'start', source: 'twilio' };
  if (type) return undefined;
  const isText = (params['MessageType'] ?? 'text') === 'text' && !params['ButtonPayload'] && !params['ButtonText'];
  const text = isText ? (params['Body'] ?? '').trim().toUpperCase() : '';
  if (text === '') return undefined;
  const says = (words: readonly string[]) => words.some((word) => word.trim().toUpperCase() === text);
  if (says(keywords.stop)) return { wants: 'stop', source: 'keyword' };
  if (says(keywords.start)) return { wants: 'start', source: 'keyword' };
  return undefined;
}
