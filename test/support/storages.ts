import { createDatabase, type PostgresServer, startPostgres } from './postgres';
import { useTemporaryFolder } from './temporary-folder';

export const engines = ['sqlite', 'postgres'] as const;

/** An empty storage for each test: a file, or a database of one server for all of the describe. */
export function useStorage(engine: (typeof engines)[number]): { readonly url: string; readonly folder: string } {
  const folder = useTemporaryFolder();
  let server: PostgresServer | undefined;
  let databases = 0;
  let url = '';

  beforeAll(async () => {
    if (engine === 'postgres') server = await startPostgres();
  });
  afterAll(() => server?.remove());
  beforeEach(async () => {
    url =
      server === undefined
        ? `sqlite:${folder.file('storage.db')}`
        : await createDatabase(server.url, `test_${++databases}`);
  });
  return {
    get url() {
      return url;
    },
    /** Where its files are. */
    get folder() {
      return server?.folder ?? folder.path;
    },
  };
}
