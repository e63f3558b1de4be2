import { resolve } from 'node:path';
import { type Database, openDatabase } from './database';
import { sqliteFileOf } from './sqlite-dialect';

/** A registration's hold on its storage. */
export interface Storage {
  readonly db: Database;
  /** Lets go of it; the last one closes it. May be called again. */
  close(): Promise<void>;
}

interface OpenFile {
  readonly db: Promise<Database>;
  holders: number;
}

const openFiles = new Map<string, OpenFile>();

/**
 * Opens the storage that the URL names. Those in this process that name the same file share one connection: SQLite lets
 * one write at a time, and its waiting for a second connection would stop the event loop that the first needs to finish.
 */
export async function openStorage(url: string): Promise<Storage> {
  const path = sqliteFileOf(url);
  if (path === undefined) {
    const db = await openDatabase(url);
    return { db, close: () => db.destroy() };
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
      async close() {
        if (letGo()) await db.destroy();
      },
    };
  } catch (error) {
    letGo();
    throw error;
  }
}
