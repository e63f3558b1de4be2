import { resolve } from 'node:path';
import { type Clock, systemClock } from '../../common/clock';
import { optionNames } from '../contract/option-names';
import { WhatsappTwilioConfigError } from '../contract/whatsapp-twilio-config.error';
import { systemRuntime } from '../runtime';
import { type Database, isPostgresUrl, openDatabase } from './database';
import { openPostgres, type OpenPostgresOptions } from './open-postgres';
import type { Spool } from './spool';
import { sqliteFileOf } from './sqlite-dialect';
import type { StorageReach } from './storage-reach';

/** A registration's hold on its storage. */
export interface Storage {
  readonly db: Database;
  /** The time that all processes on this storage agree on. */
  readonly clock: Clock;
  /** Whether it can be reached, where that is a question. */
  readonly reach?: StorageReach;
  /** Takes webhooks while it cannot. */
  readonly spool?: Spool;
  /** Done now and then while the storage is in use. */
  keepUp?(): Promise<void>;
  /** Lets go of it; the last one closes it. May be called again. */
  close(): Promise<void>;
}

/** For PostgreSQL only: a file is there or it is not. */
export type OpenStorageOptions = Partial<OpenPostgresOptions>;

interface OpenFile {
  readonly db: Promise<Database>;
  holders: number;
}

const openFiles = new Map<string, OpenFile>();

/**
 * Opens the storage that the URL names. Those in this process that name the same file share one connection: SQLite lets
 * one write at a time, and its waiting for a second connection would stop the event loop that the first needs to finish.
 */
export async function openStorage(url: string, options: OpenStorageOptions = {}): Promise<Storage> {
  if (isPostgresUrl(url)) return openPostgres(url, { outside: systemRuntime, ...options });
  const path = sqliteFileOf(url);
  if (path === undefined) {
    const db = await openDatabase(url);
    return { db, clock: systemClock, close: () => db.destroy() };
  }
  const key = resolve(path);
  const file = openFiles.get(key) ?? { db: openDatabase(url), holders: 0 };
  openFiles.set(key, file);
  file.holders++;
  let held = true;
  const letGo = (): boolean => {
    if (!held) return false;
    held = false;
    file.holders--;
    if (file.holders === 0) openFiles.delete(key);
    return file.holders === 0;
  };
  try {
    const db = await file.db;
    return {
      db,
      clock: systemClock,
      async close() {
        if (letGo()) await db.destroy();
      },
    };
  } catch (error) {
    letGo();
    throw isUnusableFile(error) ? fileProblem(error) : error;
  }
}

/** Of the file itself or its folder, rather than of what is in it. */
function isUnusableFile(error: unknown): error is Error {
  const { code = '', syscall, message } = error as NodeJS.ErrnoException;
  return syscall === 'mkdir' || FILE_CODES.test(code) || FILE_MESSAGES.test(message);
}

const FILE_CODES = /^SQLITE_(CANTOPEN|NOTADB|READONLY|PERM)/;
/** libsql gives no code to what it cannot open. */
const FILE_MESSAGES = /^ConnectionFailed\(|file is not a database|readonly database/;

function fileProblem({ message }: Error): WhatsappTwilioConfigError {
  return new WhatsappTwilioConfigError([
    {
      name: optionNames.storageUrl,
      message: `names a file that cannot be used. It has to be a SQLite file, or none yet, that this process may write, in a folder that it may write: ${message}.`,
    },
  ]);
}
