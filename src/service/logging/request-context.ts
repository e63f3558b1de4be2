import { AsyncLocalStorage } from 'node:async_hooks';

/** The request that is being answered, for whatever is logged meanwhile. */
export const requestContext = new AsyncLocalStorage<{ readonly requestId: string }>();
