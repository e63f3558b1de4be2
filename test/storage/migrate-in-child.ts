// Run by migrations.spec.ts in processes of their own: opens the storage at the time given, all at once.
import { openDatabase } from '../../src/whatsapp-twilio/storage/database';

const [url, startAt] = process.argv.slice(2) as [string, string];

async function main(): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, Number(startAt) - Date.now());
  });
  const db = await openDatabase(url);
  await db.destroy();
}

void main();
