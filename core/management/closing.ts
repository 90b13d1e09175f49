/** Closes what the process holds open, so that databases and caches see a goodbye. */

export async function closeServices(): Promise<void> {
  const [{ connections }, { closeCaches }] = await Promise.all([import('#core/db'), import('#core/cache')])
  await Promise.all([connections.close(), closeCaches()])
}
