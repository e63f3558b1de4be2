import { forbidden } from '../auth/api-key.guard';
import type { Access } from '../auth/scopes';

/**
 * The connections that a list may show: the one that is asked for, else all that the key is for.
 *
 * @throws ApiProblem 403 when the key is not for the one that is asked for.
 */
export function readableConnections(access: Access, asked: string | undefined): readonly string[] | undefined {
  if (asked === undefined) return access.connectionsFor('read');
  if (!access.may('read', asked)) throw forbidden(access.name, 'read', asked);
  return [asked];
}

/** @throws ApiProblem 403 when the key is not for this connection. */
export function demand(access: Access, action: 'read' | 'write', connectionId: string): void {
  if (!access.may(action, connectionId)) throw forbidden(access.name, action, connectionId);
}
