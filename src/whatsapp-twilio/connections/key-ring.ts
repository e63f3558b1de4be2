import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { CodedError } from '../../common/coded-error';
import type { EncryptionKey } from '../contract/encryption-key';

const VERSION = 'v1';
const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** A stored secret cannot be read: its key is not given, or it is not what was stored in this place. */
export class SecretUnreadableError extends CodedError {
  readonly code = 'SECRET_UNREADABLE';

  constructor(what: string) {
    super(`A stored secret cannot be read: ${what}`);
  }
}

/**
 * Encrypts secrets with AES-256-GCM under the first key, and decrypts under any. Each is bound to its place, so that it
 * cannot be read in another: `v1:<key id>:<iv, tag and text in base64url>`.
 */
export class KeyRing {
  #keys!: ReadonlyMap<string, Buffer>;

  /** With no keys it can do neither. */
  constructor(keys: readonly EncryptionKey[]) {
    this.replace(keys);
  }

  replace(keys: readonly EncryptionKey[]): void {
    this.#keys = new Map(keys.map(({ id, key }) => [id, key]));
  }

  /** The id of the key that encrypts. */
  get primary(): string | undefined {
    return this.#keys.keys().next().value;
  }

  has(keyId: string): boolean {
    return this.#keys.has(keyId);
  }

  /** @throws SecretUnreadableError (`SECRET_UNREADABLE`) without keys. */
  encrypt(text: string, place: string): string {
    const keyId = this.primary;
    if (keyId === undefined) throw new SecretUnreadableError('there is no key. Set encryptionKeys (ENCRYPTION_KEYS).');
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, this.#keys.get(keyId)!, iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(`${VERSION}:${place}`));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return [VERSION, keyId, Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')].join(':');
  }

  /** @throws SecretUnreadableError (`SECRET_UNREADABLE`) */
  decrypt(envelope: string, place: string): string {
    const [version, keyId = '', data = ''] = envelope.split(':');
    const key = this.#keys.get(keyId);
    if (version !== VERSION) throw new SecretUnreadableError('it was written by a later version of this package.');
    if (key === undefined) {
      throw new SecretUnreadableError(`its key ${keyId} is not among encryptionKeys (ENCRYPTION_KEYS).`);
    }
    try {
      const bytes = Buffer.from(data, 'base64url');
      const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(`${VERSION}:${place}`));
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      const opened = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
      return opened.toString('utf8');
    } catch {
      throw new SecretUnreadableError('it was changed, moved from another place, or encrypted with another key.');
    }
  }
}
