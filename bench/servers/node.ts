/** The floor: bare node:http. */
import type { Listener } from '../server.ts'
import { HELLO } from '../workloads.ts'

export default (): Listener => (_request, response) => {
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.end(HELLO)
}
