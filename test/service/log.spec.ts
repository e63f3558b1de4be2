import { startService } from '../support/service-host';

const ANA = '+15551230001';

describe('The log', () => {
  it('has a line for each thing, with the ids of the journey, and neither numbers nor texts', async () => {
    const lines: string[] = [];
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => lines.push(String(chunk)) > 0);
    try {
      const service = await startService({ variables: { LOG_LEVEL: 'info' } });
      await service.twilio.phone(ANA).sends('a secret word');
      const { body } = await service.call<{ id: string }>('POST', '/v1/messages', {
        body: { to: ANA, text: 'another secret word' },
        headers: { 'x-request-id': 'mine-1' },
      });
      let status = '';
      while (status !== 'read') {
        ({ status } = (await service.call<{ status: string }>('GET', `/v1/messages/${body.id}`)).body);
      }
      await service.close();
      const parsed = lines
        .flatMap((text) => text.trim().split('\n'))
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(parsed).toContainEqual(
        expect.objectContaining({
          message: 'webhook',
          status: 200,
          messageSid: expect.any(String),
          requestId: expect.any(String),
          from: '+1555•••01',
        }),
      );
      expect(parsed).toContainEqual(
        expect.objectContaining({
          message: 'request',
          route: '/v1/messages',
          status: 202,
          requestId: 'mine-1',
          messageId: body.id,
        }),
      );
      expect(parsed).toContainEqual(
        expect.objectContaining({ message: 'send', result: 'accepted', messageId: body.id, sid: expect.any(String) }),
      );
      expect(parsed).toContainEqual(
        expect.objectContaining({
          message: 'webhook',
          status: 204,
          messageId: body.id,
          messageStatus: expect.any(String),
        }),
      );
      const all = lines.join('');
      for (const secret of [ANA.slice(1), 'secret word', service.twilio.authToken]) expect(all).not.toContain(secret);
    } finally {
      write.mockRestore();
    }
  });
});
