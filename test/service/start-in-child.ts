import { start } from '../../src/service/start';

/** Starts the service as its environment says, and tells on the standard output why it could not. */
start().catch((error: Error & { code?: string }) => {
  process.stdout.write(JSON.stringify({ code: error.code, message: error.message }));
});
