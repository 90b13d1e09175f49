/** The session cookie of the handwritten servers. */

const COOKIE = 'sessionid='

export function keyIn(cookie: string | undefined): string | undefined {
  const start = cookie?.indexOf(COOKIE) ?? -1
  return start < 0 ? undefined : cookie?.slice(start + COOKIE.length).split(';', 1)[0]
}

/** A Set-Cookie header with Django's attributes. */
export const cookieFor = (key: string): string => `${COOKIE}${key}; Path=/; HttpOnly; SameSite=Lax; Max-Age=1209600`
