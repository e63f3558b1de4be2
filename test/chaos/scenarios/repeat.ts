import { inbound, signWebhook } from 'nestjs-whatsapp-twilio/testing';
import { request } from 'undici';
import type { Finding, ScenarioOptions } from '../scenario';
import { addressOf } from '../webhook-load';
import { inWorld, type World } from '../world';

export interface RepeatOptions extends ScenarioOptions {
  readonly processes: number;
  readonly webhooks: number;
  readonly times: number;
}

/** The same webhook many times at once, over all processes: each time 200, and one run of the handler. */
export function repeat({ engine, signal, shared, processes, webhooks, times }: RepeatOptions): Promise<Finding> {
  return inWorld({ engine, signal, shared, processes, limitSeconds: 100 }, async (world) => {
    const statuses: number[] = [];
    const sids: string[] = [];
    for (let number = 0; number < webhooks; number++) {
      const params = textOf(world, number % 10, 'again');
      sids.push(params['MessageSid']!);
      statuses.push(...(await Promise.all(Array.from({ length: times }, (_, index) => post(world, index, params)))));
    }
    // What comes last in a conversation is handled when nothing is left before it.
    const last = Array.from({ length: 10 }, (_, user) => textOf(world, user, 'last'));
    statuses.push(...(await Promise.all(last.map((params, index) => post(world, index, params)))));
    const isHandled = await world.until(() => last.every((params) => world.handled.has(params['MessageSid']!)), 30);
    await world.until(async () => (await world.leftToDo()) === 0, 30);

    const accepted = statuses.filter((status) => status === 200).length;
    const oddRuns = sids.filter((sid) => world.handled.get(sid)?.length !== 1);
    const oddReplies = sids.filter((sid) => world.replies.filter(({ text }) => text === `re ${sid}`).length !== 1);
    return {
      summary:
        `${webhooks} webhooks ${times} times at once over ${processes} processes: ${accepted} of ${statuses.length} ` +
        `answered with 200; ${oddRuns.length} not handled exactly once, ${oddReplies.length} not answered exactly once`,
      problems: [
        ...(accepted === statuses.length ? [] : [`${statuses.length - accepted} were not answered with 200`]),
        ...(oddRuns.length === 0
          ? []
          : [`${oddRuns[0]} was handled ${world.handled.get(oddRuns[0]!)?.length ?? 0} times`]),
        ...(oddReplies.length === 0 ? [] : [`${oddReplies[0]} was not answered exactly once`]),
        ...(isHandled ? [] : ['the last messages were not handled within 30 s']),
      ],
    };
  });
}

function textOf({ twilio }: World, user: number, Body: string): Record<string, string> {
  return inbound.text({ AccountSid: twilio.accountSid, From: addressOf(user), To: twilio.sender, Body });
}

async function post({ apps, twilio }: World, index: number, params: Record<string, string>): Promise<number> {
  const app = apps[index % apps.length]!;
  const { url, headers, body } = signWebhook({ authToken: twilio.authToken, url: app.url, params });
  const answer = await request(url, { method: 'POST', headers, body });
  await answer.body.dump();
  return answer.statusCode;
}
