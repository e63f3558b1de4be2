import type { TwilioAccount } from './tenants';
import type { WhatsappHost } from './whatsapp-host';

/** What goes on while a token is rotated: webhooks and sends, one after another and several at a time. */
export async function underLoad(
  host: WhatsappHost,
  { account, connectionId }: { readonly account: TwilioAccount; readonly connectionId?: string },
  until: Promise<unknown>,
) {
  const sent: string[] = [];
  let number = 0;
  let isOver = false;
  const workers = Array.from({ length: 8 }, async () => {
    while (!isOver) {
      number++;
      await account.phone(`+15553${String(number).padStart(6, '0')}`).sends(String(number));
      if (number % 5 > 0) continue;
      const to = `+15554${String(number).padStart(6, '0')}`;
      const { id } = await host.outbound.send({ ...(connectionId && { connectionId }), to, text: String(number) });
      sent.push(id);
    }
  });
  await until;
  isOver = true;
  await Promise.all(workers);
  return { sent, webhooks: number };
}

/** Every webhook was accepted, and every message reached its user. */
export async function expectNothingLost(host: WhatsappHost, sent: readonly string[]) {
  const refused = host.twilio.requests.filter(
    ({ kind, status }) => ['inbound', 'status'].includes(kind) && (status ?? 0) >= 300,
  );
  expect(refused).toEqual([]);
  for (const id of sent) await host.recorder.reaches({ id }, 'read');
  expect(host.recorder.updates.all.filter(({ status }) => status === 'failed')).toEqual([]);
}

/** Twilio's console, as its owner uses it. */
export function twilioConsole({ account }: { readonly account: TwilioAccount }) {
  const call = async (method: string, path: string, token = account.authToken) => {
    const response = await fetch(`${account.url}/v1/AuthTokens/${path}`, {
      method,
      headers: { authorization: `Basic ${Buffer.from(`${account.accountSid}:${token}`).toString('base64')}` },
    });
    expect(response.status).toBeLessThan(300);
    return response.status === 204 ? {} : ((await response.json()) as Record<string, string>);
  };
  return {
    secondary: async () => (await call('POST', 'Secondary'))['secondary_auth_token']!,
    promote: async () => (await call('POST', 'Promote'))['auth_token']!,
    remove: () => call('DELETE', 'Secondary'),
  };
}
