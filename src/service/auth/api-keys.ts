import { createHash, timingSafeEqual } from 'node:crypto';
import { hideSecrets } from '../../whatsapp-twilio/contract/hide-secrets';
import { Access, fullAccess, parseScope, type Scope } from './scopes';

/** A key of the REST API. Its secret is kept as a hash alone. */
export interface ApiKey {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly hash: Buffer;
  /** Short enough to be guessed. */
  readonly isShort: boolean;
}

const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;
const KEY = /^([^:[\]]*)(?:\[([^\]]*)\])?:(.*)$/s;
const SHORT = 16;
/** Who the audit trail names where it was nobody's key. */
const RESERVED = new Set(['anonymous', 'system']);

/**
 * Reads `name:secret` pairs, separated by commas. In brackets behind the name stand the key's scopes, separated by
 * spaces: `shop[read write@shop]:secret`. Without brackets the key may do everything.
 *
 * @returns what is wrong instead, in words that continue the name of the variable and repeat no secret.
 */
export function parseApiKeys(text: string): { readonly keys: readonly ApiKey[] } | { readonly problem: string } {
  const keys: ApiKey[] = [];
  const parts = text.split(',').map((part) => part.trim());
  for (const [index, part] of parts.entries()) {
    if (part === '') continue;
    const [, name, scopeList, secret] = KEY.exec(part) ?? [];
    if (name === undefined || !NAME.test(name) || !secret || !/^[\x21-\x7e]+$/.test(secret)) {
      return { problem: `must be name:secret pairs separated by commas; the ${ordinal(index)} is none.` };
    }
    const scopes: readonly (Scope | undefined)[] =
      scopeList?.split(/\s+/).filter(Boolean).map(parseScope) ?? fullAccess;
    if (scopes.length === 0 || scopes.includes(undefined)) {
      return {
        problem: `has scopes of ${name} that are not known. In brackets go admin, read, write, read@connection or write@connection, separated by spaces.`,
      };
    }
    if (RESERVED.has(name.toLowerCase())) {
      return { problem: `has a key that is called ${name}, as the audit trail calls others. Give it another name.` };
    }
    if (keys.some((key) => key.name === name)) return { problem: `has two keys that are called ${name}.` };
    const hash = hashOf(secret);
    const same = keys.find((key) => key.hash.equals(hash));
    if (same !== undefined) return { problem: `has the same secret for ${same.name} and ${name}. Give each its own.` };
    const key = { name, scopes: scopes as Scope[], hash, isShort: secret.length < SHORT };
    keys.push(hideSecrets(key, { name, scopes }));
  }
  return keys.length > 0 ? { keys } : { problem: 'must hold at least one name:secret pair.' };
}

/**
 * Whose secret this is; `undefined` if nobody's. Takes the same time whichever key it is, and whether it is one: all are
 * compared, as hashes.
 */
export function accessOf(keys: readonly ApiKey[], secret: string): Access | undefined {
  const hash = hashOf(secret);
  let found: ApiKey | undefined;
  for (const key of keys) {
    const isEqual = timingSafeEqual(key.hash, hash);
    if (isEqual) found = key;
  }
  return found && new Access(found.name, found.scopes);
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function ordinal(index: number): string {
  return ['first', 'second', 'third'][index] ?? `${index + 1}th`;
}
