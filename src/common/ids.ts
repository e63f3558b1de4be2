import { v7 } from 'uuid';

/** Makes our ids: UUIDv7, so that they sort by the time they were made. */
export type IdFactory = () => string;

export const newId: IdFactory = () => v7();
