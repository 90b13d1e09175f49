/** The load generator wrk: one thread, requests from a list, figures from its summary. */
import { randomUUID } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { folder } from '../stores.ts'
import { runCommand } from './command.ts'
import type { Generator, LoadResult, Plan } from './contract.ts'

/** A Lua string literal. Cookies are printable and have no line breaks. */
const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`

/**
 * Rotates the cookies over all connections. A session is used again after all others, so that two requests of one
 * session rarely overlap. The first cookies, one for each connection, are used only once, because a server may accept a
 * connection and read its first request long after the others have completed a rotation.
 */
const scriptOf = ({ path, cookies, connections }: Plan): string => `
local cookies = { ${cookies.map(quoted).join(', ')} }
local requests = {}
local turn = -1

function init(args)
  for index, cookie in ipairs(cookies) do
    requests[index] = wrk.format("GET", ${quoted(path)}, { Cookie = cookie, Host = wrk.host .. ":" .. wrk.port })
  end
  if #requests == 0 then requests[1] = wrk.format("GET", ${quoted(path)}) end
  -- The first one that wrk asks for is for a look, and not sent.
  requests[0] = requests[1]
end

function request()
  turn = turn + 1
  if turn > #requests then turn = ${cookies.length > connections ? connections + 1 : 1} end
  return requests[turn]
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\\n{"answered":%d,"seconds":%.6f,"p50":%.3f,"p99":%.3f,"refused":%d,"failed":%d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
`

export const wrk: Generator = {
  name: 'wrk',

  async run(plan) {
    const script = path.join(folder, `${randomUUID()}.lua`)
    writeFileSync(script, scriptOf(plan))
    // wrk accepts only whole seconds.
    const seconds = Math.ceil(plan.seconds)
    const options = ['-t1', `-c${plan.connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', script]
    try {
      return (await runCommand(['wrk', ...options, `http://127.0.0.1:${plan.port}${plan.path}`], seconds)) as LoadResult
    } finally {
      rmSync(script)
    }
  },
}
