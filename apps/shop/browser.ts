/** What "your devices" shows of a browser: SESSION_DEVICE_DESCRIPTION names this function. */
import type { HttpRequest } from '#core/http'

// Edge calls itself Chrome too, and Chrome Safari: the first that fits is the one.
const BROWSERS = { Edge: /Edg\//, Firefox: /Firefox\//, Chrome: /Chrome\//, Safari: /Safari\// }
const SYSTEMS = { Android: /Android/, iOS: /iPhone|iPad/, Windows: /Windows/, macOS: /Mac OS X/, Linux: /Linux/ }

function firstIn(names: Readonly<Record<string, RegExp>>, text: string): string | undefined {
  return Object.keys(names).find((name) => names[name]?.test(text))
}

/** Two words, such as `Firefox on Linux`: enough to know one's own by, and no more is kept. */
export function nameBrowser(request: HttpRequest): string {
  const agent = request.get('user-agent')
  return `${firstIn(BROWSERS, agent) ?? 'Unknown'} on ${firstIn(SYSTEMS, agent) ?? 'an unknown system'}`
}
