type Started = { stop(): Promise<void> } | { close(): Promise<void> };

/** Stops what a test started and named to it once that test has ended, failed or not: what goes on keeps Jest alive. */
export function stopsAfterEach(): <T extends Started>(started: T) => T {
  const all: Started[] = [];
  afterEach(async () => {
    for (const started of all.splice(0)) await ('stop' in started ? started.stop() : started.close());
  });
  return (started) => {
    all.push(started);
    return started;
  };
}
