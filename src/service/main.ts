import { missingPackages } from './service-packages';

async function main(): Promise<void> {
  const missing = missingPackages();
  if (missing.length > 0) {
    process.stderr.write(
      `The service needs packages that are not installed, as the module alone does without them:\n  npm install ${missing.join(' ')}\n`,
    );
    process.exitCode = 1;
    return;
  }
  const { start } = await import('./start.js');
  await start();
}

main().catch((error: unknown) => {
  // What has to change outside of the program is for people: no stack.
  const isForPeople = ['CONFIG_INVALID', 'STORAGE_UNREACHABLE', 'CANNOT_LISTEN'].includes(
    (error as { code?: string }).code ?? '',
  );
  process.stderr.write(`${isForPeople ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`);
  process.exitCode = 1;
});
