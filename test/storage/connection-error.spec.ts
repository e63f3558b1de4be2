import { Client } from 'pg';
import {
  isConnectionError,
  reasonOf,
  StorageUnreachableError,
} from '../../src/whatsapp-twilio/storage/connection-error';
import { freePort } from '../support/free-port';

const withCode = (code: string) => Object.assign(new Error('a message'), { code });

describe('An error about the way to the database', () => {
  it.each(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ENOTFOUND', 'EPIPE', 'EAI_AGAIN', 'EHOSTUNREACH'])(
    'is %s of the network',
    (code) => expect(isConnectionError(withCode(code))).toBe(true),
  );

  it.each(['08000', '08003', '08006', '08P01', '57P01', '57P02', '57P03', '57P05', '53300'])(
    'is %s of PostgreSQL',
    (code) => expect(isConnectionError(withCode(code))).toBe(true),
  );

  it.each([
    'Connection terminated',
    'Connection terminated unexpectedly',
    'Connection terminated due to connection timeout',
    'timeout expired',
    'timeout exceeded when trying to connect',
    'Query read timeout',
    'Client has encountered a connection error and is not queryable',
    'Client was closed and is not queryable',
  ])('is "%s" of pg', (message) => expect(isConnectionError(new Error(message))).toBe(true));

  it('is ours, and one that has such a cause', () => {
    expect(isConnectionError(new StorageUnreachableError('ECONNREFUSED'))).toBe(true);
    expect(isConnectionError(new Error('outer', { cause: withCode('ECONNRESET') }))).toBe(true);
  });

  it.each(['23505', '40P01', '40001', '57014', '53100', '25006', '28P01', '3D000', '42P01', '22021', 'SQLITE_BUSY'])(
    'is not %s, which is about what was asked',
    (code) => expect(isConnectionError(withCode(code))).toBe(false),
  );

  it.each([new Error('something else'), 'Connection terminated', undefined, null])('is not %p', (error) =>
    expect(isConnectionError(error)).toBe(false),
  );

  it.each(['127.0.0.1', 'localhost', '/nowhere'])(
    'is what connecting to %s ends with, where nobody is',
    async (host) => {
      const client = new Client({ host, port: await freePort(), user: 'app', password: 'a-secret' });
      const error = await client.connect().catch((reason: unknown) => reason);
      expect(isConnectionError(error)).toBe(true);
      expect(reasonOf(error)).toMatch(/ECONNREFUSED|ENOENT/);
      expect(reasonOf(error)).not.toContain('a-secret');
    },
  );
});
