import {
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  type NestInterceptor,
  RequestMethod,
  SetMetadata,
  UnauthorizedException,
  ValidationPipe,
  VersioningType,
} from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { SkipThrottle, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { inbound, statusCallback } from 'nestjs-whatsapp-twilio/testing';
import { map } from 'rxjs';
import { freePort } from '../support/free-port';
import { platforms } from '../support/host-app';
import { type ReverseProxy, startReverseProxy } from '../support/reverse-proxy';
import { EMPTY_TWIML, postForm, postSigned } from '../support/signed-webhook';
import { startWhatsappHost, type WhatsappHost, type WhatsappHostOptions } from '../support/whatsapp-host';

const PATH = '/webhooks/whatsapp/twilio';
const acknowledged = { status: 200, type: expect.stringMatching(/^text\/xml(;|$)/), body: EMPTY_TWIML };

const Public = () => SetMetadata('isPublic', true);

/** What a host with JWT has: a guard for every route that is not marked public. */
@Injectable()
class JwtLikeGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.getAllAndOverride('isPublic', [context.getHandler(), context.getClass()])) return true;
    throw new UnauthorizedException();
  }
}

class Envelope implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

@Controller('hello')
class HostController {
  @Get()
  hello() {
    return 'hello';
  }
}

describe.each(platforms)('In a host app on %s', (platform) => {
  let host: WhatsappHost;
  let proxy: ReverseProxy | undefined;

  async function start(options: WhatsappHostOptions = {}): Promise<void> {
    host = await startWhatsappHost({ platform, ...options });
  }

  afterEach(async () => {
    await host.close();
    await proxy?.close();
    proxy = undefined;
  });

  function params(overrides: Record<string, string> = {}) {
    return inbound.text({ AccountSid: host.twilio.accountSid, To: host.twilio.sender, ...overrides });
  }

  /** A message comes in (and again), its answer goes out, and Twilio finds the way back with its statuses. */
  async function expectWholeJourney(path: string, publicUrl = host.url): Promise<void> {
    const token = host.twilio.authToken;
    const message = params();
    const signedUrl = publicUrl + path;
    for (const _ of ['first', 'repeat']) {
      expect(await postSigned(host.url + path, message, { token, signedUrl })).toEqual(acknowledged);
    }
    await host.recorder.messages.first(({ sid }) => sid === message['MessageSid']);

    const phone = host.twilio.phone('+15551230009');
    host.recorder.answer = () => 'Hello back';
    host.twilio.webhook({ url: signedUrl });
    expect(await phone.sends('Hello')).toMatchObject({ status: 200, alerts: [] });
    await phone.receives('Hello back');
    await host.recorder.updates.first(({ status }) => status === 'read');
    expect(host.recorder.messages.all).toHaveLength(2);

    const sent = host.twilio.messages.find(({ direction }) => direction === 'outbound-api');
    const [update] = host.recorder.updates.all;
    expect(sent!.statusCallback).toBe(`${publicUrl}${path}/status?message=${update!.messageId}`);
    const callbacks = host.twilio.requests.filter(({ kind }) => kind === 'status');
    expect(new Set(callbacks.map(({ status }) => status))).toEqual(new Set([204]));
  }

  describe('whose routes are mounted its own way, the webhook works', () => {
    it('without a prefix', async () => {
      await start();
      await expectWholeJourney(PATH);
    });

    it('under a global prefix', async () => {
      await start({ prepare: (app) => void app.setGlobalPrefix('api'), path: `/api${PATH}` });
      await expectWholeJourney(`/api${PATH}`);
    });

    it.each([
      ['by a wildcard', ['webhooks/*path']],
      ['by wildcard for POST', [{ path: 'webhooks/*path', method: RequestMethod.POST }]],
    ])('excluded from the global prefix %s', async (_, exclude) => {
      await start({ prepare: (app) => void app.setGlobalPrefix('api', { exclude }) });
      await expectWholeJourney(PATH);
    });

    it('with the inbound route excluded from the prefix and the status route under it', async () => {
      await start({ prepare: (app) => void app.setGlobalPrefix('api', { exclude: [PATH] }) });
      const { id } = await host.outbound.send({ to: '+15551230009', text: 'Hi' });
      await host.recorder.reaches({ id }, 'failed'); // outside of the window, as a callback tells
      expect(host.twilio.messages[0]!.statusCallback).toBe(`${host.url}/api${PATH}/status?message=${id}`);
    });

    it('where the exclusion is for another method', async () => {
      const exclude = [{ path: 'webhooks/*path', method: RequestMethod.DELETE }];
      await start({ prepare: (app) => void app.setGlobalPrefix('api', { exclude }) });
      await expectWholeJourney(`/api${PATH}`);
    });

    it('under URI versioning with a default version, where it has none', async () => {
      await start({
        prepare: (app) =>
          void app.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
        controllers: [HostController],
      });
      expect((await fetch(`${host.url}/api/v1/hello`)).status).toBe(200);
      await expectWholeJourney(`/api${PATH}`);
    });

    it('under header versioning with a default version', async () => {
      const versioning = { type: VersioningType.HEADER, header: 'x-version', defaultVersion: '1' } as const;
      await start({ prepare: (app) => void app.enableVersioning(versioning) });
      await expectWholeJourney(PATH);
    });

    it('at a path of the host’s choice', async () => {
      await start({ module: { path: '/hooks/wa/' } });
      await expectWholeJourney('/hooks/wa');
    });
  });

  describe('with global machinery, the webhook is left alone by', () => {
    it('a ValidationPipe that refuses what no DTO names', async () => {
      const pipe = new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true });
      await start({ prepare: (app) => void app.useGlobalPipes(pipe) });
      await expectWholeJourney(PATH);
    });

    it('an interceptor that wraps every answer', async () => {
      await start({ prepare: (app) => void app.useGlobalInterceptors(new Envelope()), controllers: [HostController] });
      expect(await (await fetch(`${host.url}/hello`)).json()).toEqual({ data: 'hello' });
      await expectWholeJourney(PATH);
    });

    it('a guard, where the webhook is marked public', async () => {
      const providers = [{ provide: APP_GUARD, useClass: JwtLikeGuard }];
      await start({ providers, controllers: [HostController], module: { decorators: [Public()] } });
      expect((await fetch(`${host.url}/hello`)).status).toBe(401);
      await expectWholeJourney(PATH);
    });

    it('a throttler, where the webhook skips it', async () => {
      const providers = [{ provide: APP_GUARD, useClass: ThrottlerGuard }];
      const imports = [ThrottlerModule.forRoot([{ ttl: 60_000, limit: 1 }])];
      await start({ imports, providers, controllers: [HostController], module: { decorators: [SkipThrottle()] } });
      await fetch(`${host.url}/hello`);
      expect((await fetch(`${host.url}/hello`)).status).toBe(429);
      await expectWholeJourney(PATH);
    });
  });

  it('whose guard was not told, the guard refuses the webhook and nothing comes in', async () => {
    await start({ providers: [{ provide: APP_GUARD, useClass: JwtLikeGuard }] });
    const { status } = await postSigned(host.url + PATH, params(), { token: host.twilio.authToken });
    expect(status).toBe(401);
    expect(await host.db.selectFrom('inbound_messages').selectAll().execute()).toEqual([]);
  });

  it.each([true, false])('with rawBody: %s, forms verify whatever they hold', async (rawBody) => {
    await start({ nest: { rawBody } });
    const token = host.twilio.authToken;
    const odd = params({ Body: ' a+b&c=d%20é👍\r\n "x" ', 'Extra[a][b]': 'c', 'Odd.name': '' });
    expect(await postSigned(host.url + PATH, odd, { token })).toEqual(acknowledged);
    const message = await host.recorder.messages.first();
    expect(message).toMatchObject({ kind: 'text', text: odd['Body'] });

    const callback = statusCallback('delivered', { AccountSid: host.twilio.accountSid });
    expect(await postSigned(`${host.url}${PATH}/status`, callback, { token })).toMatchObject({ status: 204, body: '' });
  });

  describe('behind a proxy', () => {
    const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'hooks.example.com' };
    const signedUrl = `https://hooks.example.com${PATH}`;

    it('that is trusted, forwarded headers tell the URL that was signed', async () => {
      await start({ trustProxy: true, module: { publicUrl: undefined } });
      const options = { token: host.twilio.authToken, signedUrl, headers: forwarded };
      expect(await postSigned(host.url + PATH, params(), options)).toEqual(acknowledged);
    });

    it('that nobody trusts, they tell nothing, and the request’s own address counts', async () => {
      await start({ module: { publicUrl: undefined } });
      const token = host.twilio.authToken;
      const refused = await postSigned(host.url + PATH, params(), { token, signedUrl, headers: forwarded });
      expect(refused.status).toBe(403);
      expect(await postSigned(host.url + PATH, params(), { token, headers: forwarded })).toEqual(acknowledged);
    });

    it('with publicUrl set, forwarded headers cannot name another address', async () => {
      await start({ trustProxy: true, module: { publicUrl: 'https://real.example.com' } });
      const token = host.twilio.authToken;
      const signedForOther = await postSigned(host.url + PATH, params(), { token, signedUrl, headers: forwarded });
      expect(signedForOther.status).toBe(403);
      const signedForUs = { token, signedUrl: `https://real.example.com${PATH}`, headers: forwarded };
      expect(await postSigned(host.url + PATH, params(), signedForUs)).toEqual(acknowledged);
    });

    it.each(['base', 'webhook'])('that takes a base path away, publicUrl names the %s', async (named) => {
      const port = await freePort();
      proxy = await startReverseProxy(port, { strip: '/wa-service' });
      const base = `${proxy.url}/wa-service`;
      await start({ port, module: { publicUrl: named === 'base' ? base : base + PATH } });
      await expectWholeJourney(PATH, base);
    });
  });

  describe('with publicUrl', () => {
    it.each(['single', 'trailing slash'])('%s, the first is for callbacks and all are for signatures', async (form) => {
      const port = await freePort();
      const own = `http://127.0.0.1:${port}${form === 'single' ? '' : '/'}`;
      await start({ port, module: { publicUrl: [own, 'https://old.example.com', 'https://cdn.example.com/base'] } });
      await expectWholeJourney(PATH);

      const token = host.twilio.authToken;
      for (const origin of ['https://old.example.com', 'https://cdn.example.com/base']) {
        const answer = await postSigned(host.url + PATH, params(), { token, signedUrl: origin + PATH });
        expect(answer).toEqual(acknowledged);
      }
      const unknown = await postSigned(host.url + PATH, params(), {
        token,
        signedUrl: `https://evil.example.com${PATH}`,
      });
      expect(unknown.status).toBe(403);
    });

    it.each([PATH, `${PATH}/`])('naming the webhook itself (%s), it is understood', async (path) => {
      const port = await freePort();
      await start({ port, module: { publicUrl: `http://127.0.0.1:${port}${path}` } });
      await expectWholeJourney(PATH);
    });
  });

  it('with path: false, there is no webhook and messages carry no status callback', async () => {
    await start({ module: { path: false } });
    expect((await postForm(host.url + PATH, params())).status).toBe(404);
    const message = await host.outbound.send({ to: '+15551230009', text: 'Hi' });
    await host.recorder.reaches(message, 'accepted');
    expect(host.twilio.messages[0]!.statusCallback).toBeUndefined();
  });
});
