import { type CallbackStatus, signWebhook, statusCallback } from 'nestjs-whatsapp-twilio/testing';
import { Agent, request } from 'undici';
import { SeededRandom } from '../../../src/emulator/random';
import { type Finding, type ScenarioOptions, seconds } from '../scenario';
import type { Created } from '../twilio-front';
import { addressOf } from '../webhook-load';
import { inWorld, type World } from '../world';

export interface CallbacksOptions extends ScenarioOptions {
  readonly messages: number;
  readonly seed?: number;
}

interface Fortune {
  /** What Twilio reports, repeats included, before it is shuffled. */
  readonly reports: readonly (readonly [status: CallbackStatus, errorCode?: number])[];
  readonly status: string;
  readonly errorCode?: number;
}

/** Five callbacks for each message, and what they come to in any order. */
const FORTUNES: readonly Fortune[] = [
  { reports: [['queued'], ['sent'], ['delivered'], ['read'], ['sent']], status: 'read' },
  { reports: [['queued'], ['sent'], ['delivered'], ['delivered'], ['sent']], status: 'delivered' },
  {
    reports: [['queued'], ['sent'], ['undelivered', 63024], ['undelivered', 63024], ['sent']],
    status: 'undelivered',
    errorCode: 63024,
  },
  {
    reports: [['queued'], ['failed', 63016], ['failed', 63016], ['queued'], ['failed', 63016]],
    status: 'failed',
    errorCode: 63016,
  },
];
/** One message in so many has some of its callbacks before the request that made it is answered. */
const EARLY_EVERY = 10;
const CALLBACKS_AT_ONCE = 50;
const LIMIT_SECONDS = 60;

type Post = () => Promise<void>;

/** Status callbacks in any order, repeated, and before the answer to the request: each message ends up right. */
export function callbacks({ engine, signal, shared, messages, seed = 1 }: CallbacksOptions): Promise<Finding> {
  const random = new SeededRandom(seed);
  const agent = new Agent({ connections: CALLBACKS_AT_ONCE });
  const expected = new Map<string, Fortune>();
  const later: Post[] = [];
  const refusals: string[] = [];
  let early = 0;
  let world: World;

  async function created(message: Created): Promise<void> {
    const number = Number(message.text);
    const fortune = FORTUNES[number % FORTUNES.length]!;
    expected.set(message.sid, fortune);
    const posts = shuffle(fortune.reports, random).map(
      ([status, errorCode]): Post =>
        () =>
          post(message, status, errorCode),
    );
    const ahead = number % EARLY_EVERY === 0 ? 1 + Math.floor(random.next() * posts.length) : 0;
    early += ahead;
    later.push(...posts.slice(ahead));
    for (const one of posts.slice(0, ahead)) await one();
  }

  async function post({ sid, to, text, statusCallback: url }: Created, status: CallbackStatus, errorCode?: number) {
    const { authToken, accountSid, sender } = world.twilio;
    // Half of them do not say which message of ours they are about, as when Twilio's console names the URL.
    const target = Number(text) % 2 === 0 ? url!.replace(/\?.*/, '') : url!;
    const params = statusCallback(status, {
      MessageSid: sid,
      AccountSid: accountSid,
      To: to,
      From: sender,
      ...(errorCode !== undefined && { ErrorCode: String(errorCode) }),
    });
    const { headers, body } = signWebhook({ authToken, url: target, params });
    const answer = await request(target, { method: 'POST', headers, body, dispatcher: agent });
    await answer.body.dump();
    if (answer.statusCode !== 204) refusals.push(String(answer.statusCode));
  }

  return inWorld({ engine, signal, shared, limitSeconds: 145, front: { created } }, async (built) => {
    world = built;
    const begin = performance.now();
    const list = Array.from({ length: messages }, (_, number) => ({ to: addressOf(number), text: String(number) }));
    await world.apps[0]!.send(list);
    await world.until(() => expected.size === messages, LIMIT_SECONDS);
    const shuffled = shuffle(later.splice(0), random);
    await Promise.all(
      Array.from({ length: CALLBACKS_AT_ONCE }, async () => {
        for (let next = shuffled.pop(); next && !world.signal.aborted; next = shuffled.pop()) await next();
      }),
    );
    await agent.close();
    const took = performance.now() - begin;
    let wrong: string[] = [];
    await world.until(async () => (wrong = await wrongOnes(world, expected)).length === 0, 30);
    return {
      summary:
        `${expected.size} messages, ${expected.size * 5} callbacks in ${seconds(took)}, ${early} of them before the ` +
        `answer to the request; ${wrong.length} final statuses wrong`,
      problems: [
        ...(expected.size === messages ? [] : [`only ${expected.size} messages were sent in ${LIMIT_SECONDS} s`]),
        ...(refusals.length === 0 ? [] : [`${refusals.length} callbacks were answered with ${refusals[0]}, not 204`]),
        ...wrong.slice(0, 3),
      ],
    };
  });
}

async function wrongOnes(world: World, expected: ReadonlyMap<string, Fortune>): Promise<string[]> {
  const rows = await world.read((db) =>
    db.selectFrom('outbound_messages').select(['twilio_sid', 'status', 'error']).execute(),
  );
  const stored = new Map(rows.map((row) => [row.twilio_sid, row]));
  return [...expected].flatMap(([sid, { status, errorCode }]) => {
    const row = stored.get(sid);
    const code = row?.error ? (JSON.parse(row.error) as { code: number }).code : undefined;
    const isRight = row?.status === status && code === errorCode;
    return isRight ? [] : [`${sid} is ${row?.status} (${code}) and should be ${status} (${errorCode})`];
  });
}

function shuffle<T>(list: readonly T[], random: SeededRandom): T[] {
  const shuffled = [...list];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(random.next() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
  }
  return shuffled;
}
