import { samplesWhen, sumOf } from '../support/metrics';
import { startService } from '../support/service-host';
import { encryptionKey } from '../support/tenants';

describe('The budget that is used', () => {
  it('is that of the account that has used most of its own', async () => {
    const service = await startService({
      variables: { ENCRYPTION_KEYS: encryptionKey('first'), WHATSAPP_RATE_LIMIT_RPM: '100' },
    });
    try {
      const { accountSid, authToken, sender: fromNumber } = service.twilio.account();
      const { body } = await service.call<{ id: string }>('POST', '/v1/connections', {
        body: { accountSid, authToken, fromNumber, limits: { rpm: 4 } },
      });
      const send = (to: string, connectionId?: string) =>
        service.call('POST', '/v1/messages', { body: { to, text: 'Hi', ...(connectionId && { connectionId }) } });
      for (const user of ['1', '2', '3']) await send(`+1555123000${user}`);
      await send('+15551230004', body.id);
      await samplesWhen(service, (samples) => sumOf(samples, 'whatsapp_sends_total') === 4);
      // 1 of 4, not 3 of 100 or 1 of 100.
      await samplesWhen(service, (samples) => sumOf(samples, 'whatsapp_budget_used_ratio') === 0.25);
    } finally {
      await service.close();
    }
  });
});
