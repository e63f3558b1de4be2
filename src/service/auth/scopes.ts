/** What a key may do. `write` includes `read`, and `admin` both; with a connection it is for that one alone. */
export interface Scope {
  readonly action: 'read' | 'write' | 'admin';
  readonly connectionId?: string;
}

const SCOPE = /^(admin|read|write)(?:@([A-Za-z0-9][A-Za-z0-9_-]{0,63}))?$/;
const reach = { read: 1, write: 2, admin: 3 } as const;

/** Reads `read`, `write@shop` or `admin`; `undefined` for anything else. */
export function parseScope(text: string): Scope | undefined {
  const [, action, connectionId] = SCOPE.exec(text) ?? [];
  if (action === undefined || (action === 'admin' && connectionId !== undefined)) return undefined;
  return { action: action as Scope['action'], ...(connectionId !== undefined && { connectionId }) };
}

/** Who calls, and what they may. */
export class Access {
  constructor(
    /** The name of the key; without keys, the address. */
    readonly name: string,
    private readonly scopes: readonly Scope[],
    /** Who stands behind a change, in an audit trail. */
    readonly actor: string = name,
  ) {}

  /** Whether this may be done with the connection; without one, with any of them. */
  may(action: Scope['action'], connectionId?: string): boolean {
    return this.allowing(action).some(
      (scope) => scope.connectionId === undefined || scope.connectionId === connectionId,
    );
  }

  /** Whether this may be done with at least one connection. */
  mayWithSome(action: Scope['action']): boolean {
    return this.allowing(action).length > 0;
  }

  /** The connections that this may be done with; `undefined` for all. */
  connectionsFor(action: Scope['action']): readonly string[] | undefined {
    const ids = this.allowing(action).map(({ connectionId }) => connectionId);
    return ids.includes(undefined) ? undefined : (ids as string[]);
  }

  private allowing(action: Scope['action']): readonly Scope[] {
    return this.scopes.filter((scope) => reach[scope.action] >= reach[action]);
  }
}

export const fullAccess: readonly Scope[] = [{ action: 'admin' }];
