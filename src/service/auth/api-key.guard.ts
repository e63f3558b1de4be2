import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
  Logger,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { systemClock } from '../../common/clock';
import { ApiProblem } from '../problems/problem';
import type { ServiceEnvironment } from '../service-environment';
import { SERVICE_ENVIRONMENT } from '../service.tokens';
import { accessOf } from './api-keys';
import { GuessLock } from './guess-lock';
import { Access, fullAccess, type Scope } from './scopes';

const ACCESS = Symbol.for('nestjs-whatsapp-twilio/access');
const NEEDS = 'whatsapp-twilio:needs-scope';

/** What a route needs; a route that says nothing needs `admin`. */
export const Needs = (action: Scope['action']) => SetMetadata(NEEDS, action);

/** Who calls. */
export const Caller = createParamDecorator((_data: unknown, context: ExecutionContext): Access => accessOn(context));

export function accessOn(context: ExecutionContext): Access {
  return (context.switchToHttp().getRequest<FastifyRequest>() as unknown as Record<symbol, Access>)[ACCESS]!;
}

/** Lets in who has a key: 401 without one, 403 for what the key is not for, 429 for those who guess. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  private readonly logger = new Logger('Api');
  private readonly guesses = new GuessLock(systemClock);

  constructor(
    @Inject(SERVICE_ENVIRONMENT) private readonly environment: ServiceEnvironment,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const access = this.identify(request, http.getResponse<FastifyReply>());
    const needed =
      this.reflector.getAllAndOverride<Scope['action'] | undefined>(NEEDS, [
        context.getHandler(),
        context.getClass(),
      ]) ?? 'admin';
    if (!access.mayWithSome(needed)) throw forbidden(access.name, needed);
    (request as unknown as Record<symbol, Access>)[ACCESS] = access;
    return true;
  }

  private identify(request: FastifyRequest, reply: FastifyReply): Access {
    const { apiKeys } = this.environment;
    if (apiKeys === 'none') return new Access(request.ip, fullAccess, 'anonymous');
    const lockedFor = this.guesses.lockedFor(request.ip);
    if (lockedFor > 0) {
      throw new ApiProblem({
        status: 429,
        code: 'TOO_MANY_WRONG_KEYS',
        detail: 'Too many wrong keys came from this address. Try again later, with the right one.',
        retryAfterSeconds: Math.ceil(lockedFor / 1000),
      });
    }
    const secret = /^Bearer +([\x21-\x7e]{1,1024})$/i.exec(request.headers.authorization ?? '')?.[1];
    const access = secret === undefined ? undefined : accessOf(apiKeys, secret);
    if (access !== undefined) return access;
    if (secret !== undefined) {
      this.guesses.wrong(request.ip);
      this.logger.warn('A request with a wrong API key was refused.');
    }
    void reply.header('www-authenticate', 'Bearer realm="whatsapp-twilio"');
    throw new ApiProblem({
      status: 401,
      code: 'UNAUTHORIZED',
      detail: 'This needs a key of the API: Authorization: Bearer <secret>, with a secret of API_KEYS.',
    });
  }
}

export function forbidden(name: string, needed: string, connectionId?: string): ApiProblem {
  const where = connectionId === undefined ? '' : ` for the connection ${connectionId}`;
  return new ApiProblem({
    status: 403,
    code: 'FORBIDDEN',
    detail: `The key ${name} is not for this: it needs the scope ${needed}${where} (API_KEYS).`,
  });
}
